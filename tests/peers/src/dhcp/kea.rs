//! Kea, whose leases can be as short as a test wants them.

use super::network::Network;
use peers::process::Process;
use peers::{Given, Wrong};

/// Leases of twelve seconds, renewed after four.
fn start(network: &Network) -> Result<Process, Wrong> {
    let folder = network.place.folder();
    let text = CONFIG.replace("FOLDER", &folder.display().to_string());
    let config = network.place.write("kea.json", &text)?;
    let mut command = network.place.command("server", "kea-dhcp4");
    // It wants folders of its own that a package makes and a test does not.
    command.env("KEA_PIDFILE_DIR", folder).env("KEA_LOCKFILE_DIR", folder);
    command.arg("-c").arg(config);
    let mut process = Process::start("kea", folder, &mut command)?;
    process.says("DHCP4_STARTED")?;
    Ok(process)
}

const CONFIG: &str = r#"{ "Dhcp4": {
  "interfaces-config": { "interfaces": ["eth0"], "dhcp-socket-type": "raw" },
  "lease-database": { "type": "memfile", "persist": true, "name": "FOLDER/kea.csv" },
  "valid-lifetime": 12, "renew-timer": 4, "rebind-timer": 8,
  "subnet4": [ { "subnet": "10.77.0.0/24", "pools": [ { "pool": "10.77.0.50 - 10.77.0.59" } ],
    "option-data": [
      { "name": "routers", "data": "10.77.0.1" },
      { "name": "tftp-server-name", "data": "https://prov.example.test/dect" } ] } ],
  "loggers": [ { "name": "kea-dhcp4", "severity": "DEBUG", "debuglevel": 55,
    "output_options": [ { "output": "stdout" } ] } ] } }
"#;

/// The server's line for a lease that it has given.
const GIVEN: &str = "DHCP4_LEASE_ALLOC";

pub(super) fn renewed(given: &Given) -> Result<String, Wrong> {
    let network = Network::new()?;
    let mut kea = start(&network)?;
    let ours = network.ours(given, "<network></network>")?;
    let first = ours.address(&network)?;
    ours.shows(&network, "provisioning server", "https://prov.example.test/dect")?;
    // Three renewals are as long as the lease: without them it would be over.
    let mut renewals = 0;
    while renewals < 4 {
        kea.hear("a renewal", |line| {
            (line.contains(GIVEN) && line.contains(&first)).then_some(())
        })?;
        renewals += 1;
    }
    if kea.everything().matches("DHCPDISCOVER").count() > 4 {
        return Err("it has asked for any address again".into());
    }
    ours.shows(&network, "ipv4", &first)?;
    Ok(String::new())
}

pub(super) fn ended(given: &Given) -> Result<String, Wrong> {
    let network = Network::new()?;
    let kea = start(&network)?;
    let ours = network.ours(given, "<network></network>")?;
    let first = ours.address(&network)?;
    drop(kea);
    ours.shows(&network, "ipv4", "(link-local)")?;
    let seen = network.ip(&["-4", "address", "show", "eth0"])?;
    if seen.contains(&first) {
        return Err(format!("the address outlives its lease: {seen}").into());
    }
    let _kea = start(&network)?;
    ours.shows(&network, "ipv4", "(dhcp)")?;
    Ok(String::new())
}
