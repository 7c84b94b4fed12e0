//! The description of the virtual machine: DSP0243, "Open Virtualization Format" 1.1, with VMware's extensions.
//!
//! Made for ESXi 6.7 U2 and newer (vmx-15): EFI, paravirtual SCSI and network, 512 MB.

use crate::name;
use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};
use std::fmt::Write as _;

/// What the machine is.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What it is called after the import; one that is [fit](crate::name::is_fit).
    pub name: String,
    /// Of the product.
    pub version: String,
    /// How many processors it gets.
    pub processors: Processors,
    /// Its only disk.
    pub disk: Disk,
}

/// How many processors a machine gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processors {
    /// Enough for a thousand handsets.
    One,
    /// Speech is carried by a second one.
    Two,
}

/// The disk of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Its file, beside the description.
    pub file: String,
    /// Octets of the file.
    pub octets: u64,
    /// Octets of the disk.
    pub capacity: u64,
}

/// What is asked for at the import, and read by the appliance at its first start: from `guestinfo.ovfEnv`, or from a disc
/// that the hypervisor puts into the drive.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// Its name there.
    pub key: &'static str,
    /// How the form calls it.
    pub label: &'static str,
    /// What the form says about it.
    pub help: &'static str,
    /// Type and limits, as attributes of the standard.
    pub kind: &'static str,
    /// What an empty form means.
    pub default: &'static str,
}

/// All of them. What they mean is for the appliance to decide; here they are words.
pub const PROPERTIES: &[Property] = &[
    Property {
        key: "hostname",
        label: "Host name",
        help: "Name of the server in the network. Empty: fixpart, followed by the end of its MAC address.",
        kind: r#"ovf:type="string" ovf:qualifiers="MaxLen(63)""#,
        default: "",
    },
    Property {
        key: "address",
        label: "IPv4 address",
        help: "Address and length of the prefix, as in 192.0.2.10/24. Empty: DHCP.",
        kind: r#"ovf:type="string" ovf:qualifiers="MaxLen(18)""#,
        default: "",
    },
    Property {
        key: "gateway",
        label: "IPv4 gateway",
        help: "Only with an address.",
        kind: r#"ovf:type="string" ovf:qualifiers="MaxLen(15)""#,
        default: "",
    },
    Property {
        key: "dns",
        label: "DNS servers",
        help: "At most three, separated by commas. Only with an address.",
        kind: r#"ovf:type="string" ovf:qualifiers="MaxLen(47)""#,
        default: "",
    },
    Property {
        key: "vlan",
        label: "VLAN",
        help: "Identifier of the VLAN whose tag the server writes and reads. 0: none.",
        kind: r#"ovf:type="uint16" ovf:qualifiers="MinValue(0) MaxValue(4094)""#,
        default: "0",
    },
    Property {
        key: "provisioning_url",
        label: "Provisioning URL",
        help: "Where the server fetches its configuration. Empty: what DHCP says, if anything.",
        kind: r#"ovf:type="string" ovf:qualifiers="MaxLen(255)""#,
        default: "",
    },
];

/// The description.
#[must_use]
pub fn envelope(machine: &Machine) -> String {
    let Disk { file, octets, capacity } = &machine.disk;
    let (file, name) = (escape(file), escape(&machine.name));
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Envelope xmlns=\"{OVF}\" xmlns:ovf=\"{OVF}\" xmlns:rasd=\"{CIM}/CIM_ResourceAllocationSettingData\" \
         xmlns:vssd=\"{CIM}/CIM_VirtualSystemSettingData\" xmlns:vmw=\"http://www.vmware.com/schema/ovf\">\n\
         \x20 <References>\n\
         \x20   <File ovf:href=\"{file}\" ovf:id=\"file1\" ovf:size=\"{octets}\"/>\n\
         \x20 </References>\n\
         \x20 <DiskSection>\n\
         \x20   <Info>Virtual disks</Info>\n\
         \x20   <Disk ovf:capacity=\"{capacity}\" ovf:capacityAllocationUnits=\"byte\" ovf:diskId=\"disk1\" \
         ovf:fileRef=\"file1\" ovf:format=\"{STREAM}\"/>\n\
         \x20 </DiskSection>\n\
         \x20 <NetworkSection>\n\
         \x20   <Info>Networks</Info>\n\
         \x20   <Network ovf:name=\"{NETWORK}\">\n\
         \x20     <Description>The network of the base stations and of the PBX</Description>\n\
         \x20   </Network>\n\
         \x20 </NetworkSection>\n\
         \x20 <VirtualSystem ovf:id=\"{name}\">\n\
         \x20   <Info>IP-DECT server</Info>\n\
         \x20   <Name>{name}</Name>\n\
         \x20   <OperatingSystemSection ovf:id=\"101\" vmw:osType=\"other4xLinux64Guest\">\n\
         \x20     <Info>Guest operating system</Info>\n\
         \x20   </OperatingSystemSection>\n"
    );
    hardware(machine.processors, &name, &mut xml);
    product(&escape(&machine.version), &mut xml);
    xml.push_str("  </VirtualSystem>\n</Envelope>\n");
    xml
}

/// The disk that a description speaks of.
///
/// # Errors
/// What is missing or wrong in it, in words.
pub fn disk_in(xml: &str) -> Result<Disk, String> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let (mut file, mut disk) = (None, None);
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) | Event::Empty(start) => match start.name().as_ref() {
                "File" if file.is_some() => return Err("more than one file".into()),
                "Disk" if disk.is_some() => return Err("more than one disk".into()),
                "File" => file = Some((word(&start, "ovf:href")?, count(&start, "ovf:size")?)),
                "Disk" => disk = Some(count(&start, "ovf:capacity")?),
                _ => {}
            },
            Event::DocType(_) => return Err("a document type".into()),
            Event::Eof => break,
            _ => {}
        }
    }
    let (file, octets) = file.ok_or("no file")?;
    if !name::is_fit(&file) {
        return Err(format!("{file:?} is no name of a file beside it"));
    }
    Ok(Disk { file, octets, capacity: disk.ok_or("no disk")? })
}

fn word(start: &BytesStart<'_>, key: &str) -> Result<String, String> {
    let found = start.try_get_attribute(key).map_err(|error| error.to_string())?;
    let found = found.ok_or_else(|| format!("no {key}"))?;
    Ok(found.value.into_owned())
}

fn count(start: &BytesStart<'_>, key: &str) -> Result<u64, String> {
    word(start, key)?.parse().map_err(|_| format!("{key} is no number"))
}

fn hardware(processors: Processors, name: &str, xml: &mut String) {
    let processors = match processors {
        Processors::One => "1",
        Processors::Two => "2",
    };
    let _ = write!(
        xml,
        "    <VirtualHardwareSection ovf:transport=\"com.vmware.guestInfo iso\">\n\
         \x20     <Info>Virtual hardware</Info>\n\
         \x20     <System>\n\
         \x20       <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>\n\
         \x20       <vssd:InstanceID>0</vssd:InstanceID>\n\
         \x20       <vssd:VirtualSystemIdentifier>{name}</vssd:VirtualSystemIdentifier>\n\
         \x20       <vssd:VirtualSystemType>{FAMILY}</vssd:VirtualSystemType>\n\
         \x20     </System>\n"
    );
    // The standard wants the elements of an item in the order of the alphabet.
    item(
        xml,
        &[
            ("AllocationUnits", "hertz * 10^6"),
            ("Description", "Processors"),
            ("ElementName", "Processors"),
            ("InstanceID", "1"),
            ("ResourceType", "3"),
            ("VirtualQuantity", processors),
        ],
    );
    for elements in ITEMS {
        item(xml, elements);
    }
    xml.push_str(
        "      <vmw:Config ovf:required=\"false\" vmw:key=\"firmware\" vmw:value=\"efi\"/>\n\
         \x20     <vmw:Config ovf:required=\"false\" vmw:key=\"bootOptions.efiSecureBootEnabled\" vmw:value=\"false\"/>\n\
         \x20   </VirtualHardwareSection>\n",
    );
}

fn item(xml: &mut String, elements: &[(&str, &str)]) {
    xml.push_str("      <Item>\n");
    for (element, value) in elements {
        let _ = writeln!(xml, "        <rasd:{element}>{value}</rasd:{element}>");
    }
    xml.push_str("      </Item>\n");
}

fn product(version: &str, xml: &mut String) {
    let _ = write!(
        xml,
        "    <ProductSection>\n\
         \x20     <Info>What the server should know at its first start; everything can be changed later</Info>\n\
         \x20     <Product>Fixpart</Product>\n\
         \x20     <Version>{version}</Version>\n\
         \x20     <FullVersion>{version}</FullVersion>\n"
    );
    for Property { key, label, help, kind, default } in PROPERTIES {
        let _ = write!(
            xml,
            "      <Property ovf:key=\"{key}\" {kind} ovf:userConfigurable=\"true\" ovf:value=\"{default}\">\n\
             \x20       <Label>{label}</Label>\n\
             \x20       <Description>{help}</Description>\n\
             \x20     </Property>\n"
        );
    }
    xml.push_str("    </ProductSection>\n");
}

/// Everything but the processors.
const ITEMS: &[&[(&str, &str)]] = &[
    &[
        ("AllocationUnits", "byte * 2^20"),
        ("Description", "Memory"),
        ("ElementName", "512 MB of memory"),
        ("InstanceID", "2"),
        ("ResourceType", "4"),
        ("VirtualQuantity", "512"),
    ],
    &[
        ("Address", "0"),
        ("Description", "SCSI controller"),
        ("ElementName", "SCSI controller 0"),
        ("InstanceID", "3"),
        // VMware's paravirtual one.
        ("ResourceSubType", "VirtualSCSI"),
        ("ResourceType", "6"),
    ],
    &[
        ("AddressOnParent", "0"),
        ("ElementName", "Hard disk 1"),
        ("HostResource", "ovf:/disk/disk1"),
        ("InstanceID", "4"),
        ("Parent", "3"),
        ("ResourceType", "17"),
    ],
    &[
        ("AddressOnParent", "7"),
        ("AutomaticAllocation", "true"),
        ("Connection", NETWORK),
        ("ElementName", "Network adapter 1"),
        ("InstanceID", "5"),
        ("ResourceSubType", "VmxNet3"),
        ("ResourceType", "10"),
    ],
    // For the disc of the transport `iso`.
    &[
        ("Address", "0"),
        ("Description", "IDE controller"),
        ("ElementName", "IDE controller 0"),
        ("InstanceID", "6"),
        ("ResourceType", "5"),
    ],
    &[
        ("AddressOnParent", "0"),
        ("AutomaticAllocation", "false"),
        ("ElementName", "CD drive 1"),
        ("InstanceID", "7"),
        ("Parent", "6"),
        ("ResourceType", "15"),
    ],
];

const OVF: &str = "http://schemas.dmtf.org/ovf/envelope/1";
const CIM: &str = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2";
const STREAM: &str = "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";
const FAMILY: &str = "vmx-15";
/// The name of ESXi's first port group, so that the import proposes it.
const NETWORK: &str = "VM Network";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn machine() -> Machine {
        let disk = Disk { file: "fixpart.vmdk".into(), octets: 71_680, capacity: 4 << 30 };
        let (name, version) = ("fixpart".into(), "0.1.0".into());
        Machine { name, version, processors: Processors::Two, disk }
    }

    /// Name of each element and text of those that hold only text.
    fn elements(xml: &str) -> Vec<(String, String)> {
        let mut reader = quick_xml::Reader::from_str(xml);
        let mut elements: Vec<(String, String)> = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) | Event::Empty(start) => {
                    let name = start.name().as_ref().to_owned();
                    elements.push((name, String::new()));
                }
                Event::Text(text) => {
                    if let Some((_, held)) = elements.last_mut() {
                        held.push_str(text.trim());
                    }
                }
                Event::Eof => return elements,
                _ => {}
            }
        }
    }

    #[test]
    fn the_disk_that_is_written_is_the_one_that_is_read() {
        let machine = machine();
        assert_eq!(disk_in(&envelope(&machine)).unwrap(), machine.disk);
    }

    #[test]
    fn elements_of_an_item_are_in_the_order_of_the_alphabet() {
        let sorted = |names: &[(&str, &str)]| names.is_sorted_by(|a, b| a.0 < b.0);
        assert!(ITEMS.iter().all(|item| sorted(item)));
        let (mut last, mut seen) = (String::new(), 0);
        for (name, _) in elements(&envelope(&machine())) {
            let Some(name) = name.strip_prefix("rasd:") else {
                last.clear();
                continue;
            };
            assert!(*last < *name, "{name} after {last}");
            last = name.to_owned();
            seen += 1;
        }
        assert_eq!(seen, 42);
    }

    #[test]
    fn no_two_items_have_the_same_identifier_and_every_parent_is_there() {
        let all = elements(&envelope(&machine()));
        let values = |wanted: &str| -> Vec<String> {
            let of = all.iter().filter(|(name, _)| name == wanted);
            of.map(|(_, value)| value.clone()).collect()
        };
        let identifiers = values("rasd:InstanceID");
        let different: BTreeSet<&String> = identifiers.iter().collect();
        assert_eq!((identifiers.len(), different.len()), (7, 7));
        assert!(values("rasd:Parent").iter().all(|parent| identifiers.contains(parent)));
        assert_eq!(values("vssd:VirtualSystemType"), ["vmx-15"]);
        assert_eq!(values("rasd:VirtualQuantity"), ["2", "512"]);
        assert_eq!(values("rasd:ResourceSubType"), ["VirtualSCSI", "VmxNet3"]);
    }

    #[test]
    fn every_property_has_a_key_of_its_own_and_words_for_the_form() {
        let keys: BTreeSet<&str> = PROPERTIES.iter().map(|property| property.key).collect();
        assert_eq!(keys.len(), PROPERTIES.len());
        for property in PROPERTIES {
            // They stand in the XML as they are.
            for text in [property.key, property.label, property.help, property.default] {
                assert_eq!(escape(text), text);
            }
            assert!(property.help.ends_with('.') && !property.label.is_empty());
        }
    }

    #[test]
    fn a_description_with_another_disk_is_refused() {
        let good = envelope(&machine());
        for (from, to) in [
            ("<File ", "<Fil "),
            ("<Disk ", "<Dis "),
            ("ovf:size=\"71680\"", "ovf:size=\"-1\""),
            ("ovf:href=\"fixpart.vmdk\"", "ovf:href=\"../fixpart.vmdk\""),
            ("<References>", "<References><File ovf:href=\"a\" ovf:size=\"1\"/>"),
            ("<Envelope", "<!DOCTYPE a><Envelope"),
            ("</Envelope>", "</Envelop>"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert!(bad != good && disk_in(&bad).is_err(), "{to}");
        }
    }
}
