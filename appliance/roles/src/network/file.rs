//! Addresses in files: the elements that the settings have for them.

use crate::net::fixed;
use config::Config;
use config::groups::{fixpart, network};
use std::io::{self, Read as _};
use std::net::Ipv4Addr;
use std::path::Path;
use supervise::net::Fixed;

/// The file that wants this address.
pub(crate) fn text(fixed: &Fixed) -> String {
    let mut config = Config::default();
    put(&mut config, fixed);
    config.write()
}

/// Puts an address among other settings.
pub(super) fn put(config: &mut Config, fixed: &Fixed) {
    let Fixed { host, gateway, dns, vlan } = fixed;
    let [first, second, third] = *dns;
    let some = |address: Option<Ipv4Addr>| address.map(|address| address.to_string());
    for (spec, text) in [
        (network::BOOTPROTO.spec, Some("static".to_owned())),
        (network::IPADDR.spec, some(Some(host.address()))),
        (network::NETMASK.spec, some(Some(host.netmask()))),
        (network::GATEWAY.spec, some(*gateway)),
        (network::DNS1.spec, some(first)),
        (network::DNS2.spec, some(second)),
        (fixpart::DNS3.spec, some(third)),
        (network::VLAN.spec, vlan.map(|vlan| vlan.number().to_string())),
    ] {
        if let Some(text) = text {
            // What has the type fits the setting, as a test shows.
            let _ = config.set(spec, &text);
        }
    }
}

/// Reads a file; `None`: there is none.
///
/// # Errors
/// Why it cannot be used, in a sentence.
pub(crate) fn read(path: &Path) -> Result<Option<Config>, String> {
    let mut text = String::new();
    match std::fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{}: {error}", path.display())),
        Ok(file) => file
            .take(FILE_MAX)
            .read_to_string(&mut text)
            .map_err(|error| format!("{}: {error}", path.display()))?,
    };
    let (config, _) =
        Config::read(&path.display().to_string(), &text).map_err(|flaws| flaws.to_string())?;
    // A file of settings keeps what it cannot use; this one is used whole or not at all.
    if let Some((names, _)) = config.unknown().first() {
        let name = names.join(".");
        return Err(format!("{}: {name}: expected a value that it can take", path.display()));
    }
    fixed(&config).map_err(|wrong| format!("{}: {wrong}", path.display()))?;
    Ok(Some(config))
}

/// Ours have some hundred octets.
const FILE_MAX: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use supervise::net::{Host, Vlan};

    fn typed() -> Fixed {
        Fixed {
            host: Host::parse("10.0.2.20/22").unwrap(),
            gateway: Some([10, 0, 2, 2].into()),
            dns: supervise::net::dns("10.0.2.3,10.0.2.4,10.0.2.5").unwrap(),
            vlan: Vlan::new(4094).unwrap(),
        }
    }

    #[test]
    fn an_address_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("console.xml");
        assert!(matches!(read(&path), Ok(None)));
        let least = Fixed { gateway: None, dns: [None; 3], vlan: None, ..typed() };
        for wanted in [typed(), least] {
            std::fs::write(&path, text(&wanted)).unwrap();
            assert_eq!(fixed(&read(&path).unwrap().unwrap()), Ok(Some(wanted)));
        }
    }

    #[test]
    fn a_file_that_wants_nonsense_is_refused_with_what_was_expected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("console.xml");
        for (from, to) in [
            ("255.255.252.0", "255.0.252.0"),
            ("10.0.2.2<", "10.9.9.9<"),
            ("10.0.2.20", "127.0.0.1"),
            ("4094", "4095"),
            ("</config>", ""),
        ] {
            let bad = text(&typed()).replacen(from, to, 1);
            assert_ne!(bad, text(&typed()), "{from}");
            std::fs::write(&path, bad).unwrap();
            let why = read(&path).err().unwrap();
            assert!(why.contains("expected") || why.contains("the file ends within"), "{why}");
        }
    }
}
