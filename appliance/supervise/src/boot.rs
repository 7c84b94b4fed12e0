//! What PID 1 is told: by the kernel's command line, by the list of modules and by a file-system check.

/// What the kernel's command line says to us; everything else on it is the kernel's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Which slot was booted.
    pub slot: Option<Slot>,
    /// The identifier of that slot's partition, as the boot loader has read it (`fixpart.part=UUID`): another disk may
    /// have a slot of the same label.
    pub part: Option<u128>,
    /// There is no disk: the first root file system is the only one (`fixpart.disk=none`).
    pub diskless: bool,
    /// An address for the first Ethernet interface, for a network without DHCP (`fixpart.net=ADDRESS/PREFIX`).
    pub net: Option<String>,
    /// Somebody wants to see the kernel's messages on the console (`loglevel=` and the like).
    pub loud: bool,
}

/// A place on the disk for a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The first.
    A,
    /// The second.
    B,
    /// The one for repairs.
    Recovery,
}

impl Slot {
    /// The label of its partition.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::A => "slot_a",
            Self::B => "slot_b",
            Self::Recovery => "slot_r",
        }
    }
}

impl Line {
    /// Reads `/proc/cmdline`; a later word wins, as with the kernel.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut line = Self::default();
        for word in text.split_ascii_whitespace().take(WORDS_MAX) {
            match word.split_once('=') {
                Some(("fixpart.slot", "a")) => line.slot = Some(Slot::A),
                Some(("fixpart.slot", "b")) => line.slot = Some(Slot::B),
                Some(("fixpart.slot", "r")) => line.slot = Some(Slot::Recovery),
                Some(("fixpart.part", part)) => line.part = uuid(part),
                Some(("fixpart.disk", "none")) => line.diskless = true,
                Some(("fixpart.net", net)) => line.net = Some(net.to_owned()),
                Some(("loglevel", _)) => line.loud = true,
                None if ["debug", "ignore_loglevel"].contains(&word) => line.loud = true,
                _ => {}
            }
        }
        line
    }
}

/// An identifier as people and boot loaders write it.
fn uuid(text: &str) -> Option<u128> {
    let digits: String = text.chars().filter(|character| *character != '-').collect();
    let whole = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u128::from_str_radix(&digits, 16).ok().filter(|_| whole)
}

/// A line of `/modules/order`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module<'a> {
    /// Its file below `/modules`.
    pub file: &'a str,
    /// Its parameters.
    pub parameters: &'a str,
}

/// The modules in the order they are loaded; blank lines and names that lead elsewhere are passed over.
pub fn modules(order: &str) -> impl Iterator<Item = Module<'_>> {
    order.lines().filter_map(|line| {
        let (file, parameters) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let plain = !file.is_empty() && !file.contains('/');
        plain.then_some(Module { file, parameters: parameters.trim() })
    })
}

/// A module and all that it needs, in an order in which they can be loaded, from a list of lines
/// `FILE: FILES THAT IT NEEDS`; what is not in the list is loaded already, or inside the kernel.
#[must_use]
pub fn with_needs<'a>(list: &'a str, file: &str) -> Vec<&'a str> {
    let mut order = Vec::new();
    add_with_needs(list, file, NEEDS_DEPTH, &mut order);
    order
}

fn add_with_needs<'a>(list: &'a str, file: &str, depth: usize, order: &mut Vec<&'a str>) {
    let mut lines = list.lines().filter_map(|line| line.split_once(':'));
    let Some((known, needs)) = lines.find(|(known, _)| *known == file) else { return };
    // One that needs itself, by whatever way, is a mistake of the list's and ends here.
    if depth == 0 || order.contains(&known) {
        return;
    }
    for need in needs.split_whitespace() {
        add_with_needs(list, need, depth - 1, order);
    }
    if !order.contains(&known) && !known.contains('/') {
        order.push(known);
    }
}

/// What a check of a file system has shown (e2fsck(8), exit code).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It can be mounted.
    Clean,
    /// It was mended and can be mounted.
    Mended,
    /// What is wrong needs a person, or the check itself has failed: it is not written to.
    Broken,
}

/// What e2fsck's exit code means; `None`: it did not end by itself.
#[must_use]
pub const fn checked(code: Option<i32>) -> Checked {
    match code {
        Some(0) => Checked::Clean,
        // 1: errors corrected; 2 and 3: the same, and the system should be rebooted, which concerns a mounted root only.
        Some(1..=3) => Checked::Mended,
        _ => Checked::Broken,
    }
}

/// No module of the kernel's stands on so many others.
const NEEDS_DEPTH: usize = 16;

/// The kernel's own limit is 2 048 to 4 096 octets.
const WORDS_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slot_is_found_among_the_kernels_own_words() {
        let line = Line::parse("BOOT_IMAGE=/boot/vmlinuz fixpart.slot=b quiet panic=10\n");
        assert_eq!(line, Line { slot: Some(Slot::B), ..Line::default() });
        assert_eq!(Line::parse("fixpart.slot=x fixpart.slot=").slot, None);
        assert_eq!(Line::parse("fixpart.slot=a fixpart.slot=r").slot, Some(Slot::Recovery));
        let part = "fixpart.part=0fc63daf-8483-4772-8e79-3d69d8477de4";
        assert_eq!(Line::parse(part).part, Some(0x0FC6_3DAF_8483_4772_8E79_3D69_D847_7DE4));
        for wrong in ["", "0fc63daf", "+fc63daf-8483-4772-8e79-3d69d8477de4"] {
            assert_eq!(Line::parse(&format!("fixpart.part={wrong}")).part, None);
        }
        let line = Line::parse("fixpart.disk=none fixpart.net=10.0.2.15/24");
        assert!(line.diskless && line.net.as_deref() == Some("10.0.2.15/24"));
        assert!(!line.loud && Line::parse("quiet loglevel=7").loud && Line::parse("debug").loud);
        assert_eq!(Line::parse(""), Line::default());
    }

    #[test]
    fn modules_are_loaded_in_their_order_with_their_parameters() {
        let order = "virtio.ko\n\nsoftdog.ko soft_margin=60 x=1\n ../etc/x.ko\n  nvme.ko  \n";
        let read: Vec<_> = modules(order).map(|module| (module.file, module.parameters)).collect();
        assert_eq!(
            read,
            [("virtio.ko", ""), ("softdog.ko", "soft_margin=60 x=1"), ("nvme.ko", "")]
        );
    }

    #[test]
    fn a_module_comes_behind_all_that_it_needs_and_once() {
        let list = "llc.ko: \nstp.ko: llc.ko\nmrp.ko: \ngarp.ko: stp.ko llc.ko\n8021q.ko: garp.ko mrp.ko inside.ko\n\
                    a.ko: b.ko\nb.ko: a.ko\n";
        assert_eq!(
            with_needs(list, "8021q.ko"),
            ["llc.ko", "stp.ko", "garp.ko", "mrp.ko", "8021q.ko"]
        );
        assert_eq!(with_needs(list, "nothing.ko"), [""; 0]);
        assert_eq!(with_needs(list, "a.ko").len(), 2);
    }

    #[test]
    fn only_what_e2fsck_calls_good_is_mounted_for_writing() {
        let codes = [0, 1, 2, 3, 4, 8, 12, 16, 32, 128].map(|code| checked(Some(code)));
        assert_eq!(codes[..4], [Checked::Clean, Checked::Mended, Checked::Mended, Checked::Mended]);
        assert!(codes[4..].iter().all(|it| *it == Checked::Broken));
        assert_eq!(checked(None), Checked::Broken);
    }
}
