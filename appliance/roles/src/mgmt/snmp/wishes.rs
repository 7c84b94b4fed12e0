//! What the settings want of SNMP.

use config::Config;
use config::groups::fixpart::{self, SNMP_USERS};
use config::groups::snmp;
use config::value::{Networks, SnmpAuth, SnmpPrivacy, SnmpTrapVersion};
use lan::snmp::usm::{Auth, User};
use lan::snmp::{Access, With};
use std::net::IpAddr;

/// What the settings want of SNMP. It has no `Debug`, since it holds what lets in.
pub(super) struct Wishes {
    pub(super) port: u16,
    pub(super) access: Access,
    pub(super) contact: String,
    pub(super) location: String,
    /// The ARI that was set; empty without one.
    pub(super) ari: String,
    /// Where traps go; empty: nowhere.
    pub(super) host: String,
    pub(super) trap_port: u16,
    /// In which form; `None` where the settings say one that there is not.
    pub(super) with: Option<With>,
    pub(super) confirmed: bool,
    /// What is wrong with the settings.
    pub(super) alerts: Vec<String>,
    networks: Networks,
    /// All texts that it was made of, which are compared in place of keys.
    texts: Vec<String>,
}

impl PartialEq for Wishes {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl Wishes {
    /// What these settings want; `None` where SNMP is off.
    pub(super) fn of(config: &Config) -> Option<Self> {
        if !config.get(&snmp::ENABLE) {
            return None;
        }
        let (users, mut alerts) = users(config);
        let community = config.get(&snmp::COMMUNITY);
        let community = (!community.is_empty()).then(|| community.expose().as_bytes().to_vec());
        let own = config.get(&fixpart::SNMP_NETWORKS);
        let networks =
            if own.0.is_empty() { config.get(&fixpart::MANAGEMENT_NETWORKS) } else { own };
        let host = config.get(&snmp::TRAPHOST).0;
        let with = match config.get(&fixpart::SNMP_TRAP_VERSION) {
            SnmpTrapVersion::V2c => {
                let community = config.get(&snmp::TRAPCOMMUNITY);
                Some(With::Community(community.expose().as_bytes().to_vec()))
            }
            SnmpTrapVersion::V3 => users.first().cloned().map(With::User),
        };
        if with.is_none() && !host.is_empty() {
            alerts.push(
                "traps of version 3 are wanted and there is no user of SNMPv3 for them: set fixpart.snmp.user".into(),
            );
        }
        let ari = config.get(&fixpart::ARI).map(|ari| ari.to_string()).unwrap_or_default();
        Some(Self {
            port: config.get(&fixpart::SNMP_PORT),
            access: Access { community, users },
            contact: config.get(&snmp::SYSCONTACT).0,
            location: config.get(&snmp::SYSLOCATION).0,
            ari,
            host,
            trap_port: config.get(&fixpart::SNMP_TRAP_PORT),
            with,
            confirmed: config.get(&fixpart::SNMP_TRAP_CONFIRMED),
            alerts,
            networks,
            texts: texts(config),
        })
    }

    /// Whether somebody may ask from there.
    pub(super) fn permits(&self, address: IpAddr) -> bool {
        self.networks.0.is_empty() || self.networks.contain(address)
    }
}

/// The users of version 3, and why some cannot be users.
fn users(config: &Config) -> (Vec<User>, Vec<String>) {
    let (mut users, mut alerts) = (Vec::new(), Vec::new());
    for nth in 1..=SNMP_USERS {
        let name = config.get_nth(&fixpart::SNMP_USER, nth).0;
        if name.is_empty() {
            continue;
        }
        let password = config.get_nth(&fixpart::SNMP_AUTH_PASSWORD, nth);
        let auth = match config.get_nth(&fixpart::SNMP_AUTH, nth) {
            SnmpAuth::None => None,
            SnmpAuth::Sha1 => Some((Auth::Sha1, password.expose())),
            SnmpAuth::Sha256 => Some((Auth::Sha256, password.expose())),
        };
        let password = config.get_nth(&fixpart::SNMP_PRIVACY_PASSWORD, nth);
        let privacy = match config.get_nth(&fixpart::SNMP_PRIVACY, nth) {
            SnmpPrivacy::None => None,
            SnmpPrivacy::Aes128 => Some(password.expose()),
        };
        match User::new(&name, auth, privacy) {
            Ok(user) => users.push(user),
            Err(why) => {
                let path = fixpart::SNMP_USER.spec.path_of(nth);
                alerts.push(format!("the user {name:?} ({path}) may not ask by SNMPv3: {why}"));
            }
        }
    }
    (users, alerts)
}

/// Everything that is read above, as it stands in the settings.
fn texts(config: &Config) -> Vec<String> {
    let own = config::groups::snmp::ALL.iter().chain(fixpart::ALL).copied();
    let read = own.filter(|spec| {
        let groups = ["snmp.", "fixpart.snmp.", "fixpart.management.", "fixpart.ari"];
        groups.iter().any(|group| spec.path.starts_with(group))
    });
    read.flat_map(|spec| (1..=spec.count).map(|nth| config.text(spec, nth).to_owned())).collect()
}
