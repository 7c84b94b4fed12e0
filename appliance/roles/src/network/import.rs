//! What the form of a virtual appliance has said, read once at the first start.
//!
//! A disc in the drive (the transport `iso`) or VMware's door (`com.vmware.guestInfo`) has it. What it wants is written
//! to a file, with the elements of the settings; from then on that file counts, and the form is not asked again
//! before a factory reset.

use super::{IMPORT, file};
use crate::modules;
use config::Config;
use config::groups::{network, provisioning};
use config::ovf::{self, disc};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use store::{Disk, write_durably};
use supervise::net::{self, Fixed, Host};

/// Writes down what the form wants, if this is the first start.
pub(super) fn at_first_start(folder: &Path) {
    let path = folder.join(IMPORT);
    if path.exists() {
        return;
    }
    let mut config = Config::default();
    if let Some((from, text)) = environment() {
        match ovf::properties(&text) {
            Ok(properties) => config = apply(&properties, from),
            Err(error) => tracing::error!("{from}: {error}; nothing of it is applied"),
        }
    }
    // Without anything in it, it says that the first start is over.
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| write_durably(&mut Disk, &path, config.write().as_bytes()));
    if let Err(error) = written {
        tracing::error!(%error, "what the import has said cannot be kept");
    }
}

/// The form as text, and where it was.
fn environment() -> Option<(&'static str, String)> {
    if let Some(text) = through_the_door() {
        return Some(("guestinfo.ovfEnv", text));
    }
    modules::load("sr_mod");
    for drive in DRIVES {
        let Ok(mut device) = File::open(drive) else { continue };
        let read = |sector: u32| {
            let mut octets = Box::new([0; disc::SECTOR]);
            let at = u64::from(sector) * disc::SECTOR as u64;
            device.seek(SeekFrom::Start(at)).ok()?;
            device.read_exact(&mut octets[..]).ok()?;
            Some(octets)
        };
        match disc::environment(read) {
            Ok(text) => return Some((drive, text)),
            Err(error) => tracing::info!("{drive}: {error}"),
        }
    }
    None
}

/// What VMware's door says, asked in a process of its own: where the door is another one than we think the processor ends
/// whoever has knocked, and the network is to be set up all the same.
fn through_the_door() -> Option<String> {
    let asked = Command::new("/proc/self/exe").arg0(super::NAME).arg(super::FORM).output();
    match asked {
        Ok(output) if output.status.success() => {
            String::from_utf8(output.stdout).ok().filter(|text| !text.is_empty())
        }
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            tracing::warn!(status = %output.status, why, "VMware's door does not answer");
            None
        }
        Err(error) => {
            tracing::warn!(%error, "VMware's door cannot be tried");
            None
        }
    }
}

/// Says what VMware's door says, for [`through_the_door`].
pub(super) fn say_the_form() -> ExitCode {
    match os::vmware::environment() {
        Ok(text) => {
            print!("{}", text.unwrap_or_default());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Takes each property that is what its field asks for, and says so; the others are said and left out.
fn apply(properties: &BTreeMap<String, String>, from: &str) -> Config {
    let mut config = Config::default();
    let value = |key: &str| properties.get(key).map_or("", |value| value.trim());
    let note = |key: &str, wrong: &str| {
        tracing::error!("{from}: {key} is not applied: expected {wrong}");
    };
    for (key, spec) in
        [("hostname", network::HOSTNAME.spec), ("provisioning_url", provisioning::SERVER_URL.spec)]
    {
        match config.set(spec, value(key)) {
            Ok(()) if value(key).is_empty() => {}
            // The URL may hold a password.
            Ok(()) if spec.secret => tracing::info!("{from}: {key} is kept"),
            Ok(()) => tracing::info!("{from}: {key} is {}", value(key)),
            Err(reject) => note(key, &reject.to_string()),
        }
    }
    match address(value) {
        Ok(Some(fixed)) => {
            tracing::info!("{from}: address is {}", menu::words(&fixed));
            file::put(&mut config, &fixed);
        }
        Ok(None) => {}
        Err((key, wrong)) => {
            let wrong = wrong.to_string();
            note(key, wrong.strip_prefix("expected ").unwrap_or(&wrong));
        }
    }
    config
}

/// The address that the form asks for; one wrong field spoils all of it, since half an address leads astray.
fn address<'a>(
    value: impl Fn(&str) -> &'a str,
) -> Result<Option<Fixed>, (&'static str, net::Wrong)> {
    if value("address").is_empty() {
        return Ok(None);
    }
    let host = Host::parse(value("address")).map_err(|wrong| ("address", wrong))?;
    Ok(Some(Fixed {
        host,
        gateway: net::gateway(value("gateway"), host).map_err(|wrong| ("gateway", wrong))?,
        dns: net::dns(value("dns")).map_err(|wrong| ("dns", wrong))?,
        vlan: net::vlan(value("vlan")).map_err(|wrong| ("vlan", wrong))?,
    }))
}

/// More than a virtual machine has.
const DRIVES: [&str; 4] = ["/dev/sr0", "/dev/sr1", "/dev/sr2", "/dev/sr3"];

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
        fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[derive(Debug, PartialEq)]
    struct Wanted {
        fixed: Option<Fixed>,
        name: Option<String>,
    }

    fn kept(fields: &[(&str, &str)]) -> Wanted {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("import.xml");
        std::fs::write(&path, apply(&form(fields), "a test").write()).unwrap();
        let config = file::read(&path).unwrap().unwrap();
        let fixed = crate::net::fixed(&config).unwrap();
        Wanted { fixed, name: config.get(&network::HOSTNAME).map(|name| name.0) }
    }

    #[test]
    fn a_whole_form_is_kept_and_an_empty_one_wants_nothing() {
        let whole = kept(&[
            ("hostname", "dect-1"),
            ("address", "10.0.2.30/24"),
            ("gateway", "10.0.2.2"),
            ("dns", "10.0.2.3,10.0.2.4"),
            ("vlan", "0"),
            ("provisioning_url", "https://user:secret@192.0.2.9/dect"),
        ]);
        assert_eq!(whole.name.as_deref(), Some("dect-1"));
        assert_eq!(
            menu::words(&whole.fixed.unwrap()),
            "10.0.2.30/24, gateway 10.0.2.2, DNS 10.0.2.3 10.0.2.4"
        );
        let empty =
            [("hostname", ""), ("address", ""), ("gateway", ""), ("dns", ""), ("vlan", "0")];
        let nothing = Wanted { fixed: None, name: None };
        assert_eq!(kept(&empty), nothing);
        assert_eq!(kept(&[]), nothing);
    }

    #[test]
    fn half_an_address_is_none_and_costs_nothing_else() {
        for wrong in
            [("gateway", "10.9.9.9"), ("dns", "name"), ("vlan", "5000"), ("address", "10.0.2.30")]
        {
            let mut fields = vec![("hostname", "dect-1"), ("address", "10.0.2.30/24")];
            fields.push(wrong);
            let kept = kept(&fields);
            assert_eq!((kept.fixed, kept.name.as_deref()), (None, Some("dect-1")), "{wrong:?}");
        }
    }
}
