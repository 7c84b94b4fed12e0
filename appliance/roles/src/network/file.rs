//! Addresses in files: the elements that the settings have for them.

use config::Config;
use config::groups::{fixpart, network};
use config::value::Bootproto;
use std::io::{self, Read as _};
use std::net::Ipv4Addr;
use std::path::Path;
use supervise::net::{Fixed, Host, Vlan};

/// What a file wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// An address.
    pub(crate) fixed: Option<Fixed>,
    /// A name in the network.
    pub(crate) name: Option<String>,
}

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
pub(crate) fn read(path: &Path) -> Result<Option<Wanted>, String> {
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
    let fixed = wanted_address(&config).map_err(|wrong| format!("{}: {wrong}", path.display()))?;
    Ok(Some(Wanted { fixed, name: config.get(&network::HOSTNAME).map(|name| name.0) }))
}

fn wanted_address(config: &Config) -> Result<Option<Fixed>, supervise::net::Wrong> {
    let address = config.get(&network::IPADDR);
    let (Some(address), Bootproto::Static) = (address, config.get(&network::BOOTPROTO)) else {
        return Ok(None);
    };
    let mask = config.get(&network::NETMASK).ok_or(supervise::net::Wrong::Prefix)?;
    let host = Host::with_netmask(address, mask)?;
    let words = |address: Option<Ipv4Addr>| address.map_or_else(String::new, |it| it.to_string());
    let gateway = supervise::net::gateway(&words(config.get(&network::GATEWAY)), host)?;
    let servers = [&network::DNS1, &network::DNS2, &fixpart::DNS3];
    let servers = servers.map(|server| words(config.get(server))).join(",");
    let dns = supervise::net::dns(&servers)?;
    Ok(Some(Fixed { host, gateway, dns, vlan: Vlan::new(config.get(&network::VLAN))? }))
}

/// Ours have some hundred octets.
const FILE_MAX: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed() -> Fixed {
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
        assert_eq!(read(&path), Ok(None));
        let least = Fixed { gateway: None, dns: [None; 3], vlan: None, ..fixed() };
        for fixed in [fixed(), least] {
            std::fs::write(&path, text(&fixed)).unwrap();
            assert_eq!(read(&path).unwrap().unwrap().fixed, Some(fixed));
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
            let bad = text(&fixed()).replacen(from, to, 1);
            assert_ne!(bad, text(&fixed()), "{from}");
            std::fs::write(&path, bad).unwrap();
            let why = read(&path).unwrap_err();
            assert!(why.contains("expected") || why.contains("the file ends within"), "{why}");
        }
    }
}
