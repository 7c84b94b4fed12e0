//! From the files of the administrator to what the engines are told.

mod applies;
mod live;

pub use applies::Begun;
pub use live::Live;

use config::groups::{dect as dect_group, fixpart, log as log_group, sip as sip_group};
use config::users::Source;
use config::users::{Users, fields};
use config::value::{self, DetachAction, DnsMethod};
use config::{Config, Notice};
use dect::nwk::{self, Encryption, Region};
use dect::primitive::AccessCode;
use ident::Ari;
use iwu::brain;
use iwu::users::User;
use media::session::Codec;
use sip::endpoint::{self, Proxy, Transport};
use sip::primitive::{Account, Password};
use std::io::{self, Read as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};

/// The two files of the administrator.
#[derive(Clone, Debug)]
pub struct Files {
    /// `config.xml`.
    pub config: PathBuf,
    /// `users.xml`.
    pub users: PathBuf,
    /// Whether the files may be missing, since nobody named them; the defaults are then in force.
    pub optional: Optional,
}

/// Which of the two files may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Optional {
    /// `config.xml`.
    pub config: bool,
    /// `users.xml`.
    pub users: bool,
}

/// What the files say. It has no `Debug`, since it holds passwords.
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The users.
    pub users: Users,
    /// What an administrator should know of the files, each with its place.
    pub notices: Vec<String>,
}

/// Why nothing of the files was applied.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("cannot read {0}: {1}; expected a file in the form of the provisioning guide")]
    Read(PathBuf, io::Error),
    /// A file is wrong.
    #[error("{0}\nnothing of the file was applied")]
    Flaws(#[from] config::Flaws),
}

/// Reads both files.
///
/// # Errors
/// Everything that is wrong with the first file that is wrong.
pub fn load(files: &Files) -> Result<Loaded, LoadError> {
    let mut notices = Vec::new();
    let mut list = |path: &Path, found: Vec<Notice>| {
        notices.extend(found.iter().map(|notice| notice.of(&path.display().to_string())));
    };
    let (config, found) = match octets(&files.config, files.optional.config)? {
        Some(octets) => Config::read_bytes(&files.config.display().to_string(), &octets)?,
        None => (Config::default(), Vec::new()),
    };
    list(&files.config, found);
    let (users, found) = match octets(&files.users, files.optional.users)? {
        Some(octets) => {
            Users::read_any(&Source::default(), &files.users.display().to_string(), &octets)?
        }
        None => (Users::default(), Vec::new()),
    };
    list(&files.users, found);
    Ok(Loaded { config, users, notices })
}

fn octets(path: &Path, optional: bool) -> Result<Option<Vec<u8>>, LoadError> {
    let failed = |error| LoadError::Read(path.to_owned(), error);
    let file = match std::fs::File::open(path) {
        Err(error) if optional && error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    let mut octets = Vec::new();
    file.take(FILE_MAX).read_to_end(&mut octets).map_err(failed)?;
    Ok(Some(octets))
}

/// How the brain is set; `address` is what [`address`] found.
#[must_use]
pub fn brain(config: &Config, address: IpAddr) -> brain::Settings {
    brain::Settings {
        dect: nwk(config),
        sip: endpoint(config, address),
        access_code: access_code(&config.get(&dect_group::ACCESSCODE)),
        codecs: codecs(config),
        ptime_ms: config.get(&sip_group::MEDIA_PTIME).0,
        events: config
            .get(&sip_group::DTMF_RTP)
            .then(|| config.get(&sip_group::DTMF_RTP_PAYLOAD_TYPE)),
        info_keys: config.get(&sip_group::DTMF_INFO),
        key_duration: config.get(&sip_group::DTMF_DURATION).0,
        pound_dials: config.get(&sip_group::POUND_DIALS_OVERLAP),
        deregister_on_detach: config.get(&sip_group::DECT_DETACH_ACTION)
            == DetachAction::Deregister,
        ring_timeout: config.get(&fixpart::RING_TIMEOUT).0,
    }
}

/// A user as the brain wants one.
fn user(defaults: &Defaults, user: &config::users::User) -> User {
    let Defaults { domain, auth_user, password } = defaults;
    let name = user.key().to_owned();
    let (own_domain, own_auth_user) = (user.get(&fields::DOMAIN), user.get(&fields::AUTHUSER));
    let own_password = user.get(&fields::AUTHPASSWORD);
    User {
        ipei: user.get(&fields::IPEI),
        access_code: access_code(&user.get(&fields::ACCESSCODE)),
        account: Account {
            domain: first([&own_domain, domain]).unwrap_or_default().to_owned(),
            display_name: user.get(&fields::DISPLAYNAME),
            auth_user: first([&own_auth_user, auth_user]).unwrap_or(&name).to_owned(),
            password: Password::new(
                first([own_password.expose(), password.expose()]).unwrap_or_default(),
            ),
            user: name,
        },
        disabled: user.get(&fields::DISABLED),
    }
}

/// What counts for users who have nothing of their own.
struct Defaults {
    domain: String,
    auth_user: String,
    password: value::Password,
}

impl Defaults {
    fn of(config: &Config) -> Self {
        Self {
            domain: config.get(&sip_group::DEFAULTDOMAIN).0,
            auth_user: config.get(&sip_group::AUTH_USERNAME).0,
            password: config.get(&sip_group::AUTH_PASSWORD),
        }
    }
}

/// The first text that is not empty.
fn first(choices: [&str; 2]) -> Option<&str> {
    choices.into_iter().find(|text| !text.is_empty())
}

/// An access code that is set; both rooms know the same rule for its digits.
fn access_code(code: &value::AccessCode) -> Option<AccessCode> {
    AccessCode::new(code.expose()).filter(|code| !code.expose().is_empty())
}

/// Where base stations send their log: they know datagrams and addresses only.
fn base_stations_log(config: &Config) -> Option<SocketAddr> {
    let theirs_too = config.get(&log_group::SYSLOG_SCOPE_OF_SETTINGS) == value::SyslogScope::All;
    let datagrams = config.get(&fixpart::SYSLOG_TRANSPORT) == value::SyslogTransport::Udp;
    let address = config.get(&log_group::SYSLOG_HOST).0.parse::<IpAddr>().ok();
    let server =
        address.map(|address| SocketAddr::new(address, config.get(&log_group::SYSLOG_PORT)));
    server.filter(|_| theirs_too && datagrams)
}

fn nwk(config: &Config) -> nwk::Settings {
    nwk::Settings {
        ari: config.get(&fixpart::ARI),
        region: config.get(&dect_group::FREQUENCY).map(|region| match region {
            value::Region::Europe => Region::Europe,
            value::Region::China => Region::China,
            value::Region::SouthAmerica => Region::SouthAmerica,
            value::Region::Taiwan => Region::Taiwan,
            value::Region::Usa => Region::Usa,
        }),
        subscription_allowed: config.get(&dect_group::SUBSCRIPTION_ALLOWED),
        auth_call: config.get(&dect_group::AUTH_CALL),
        encryption: match config.get(&dect_group::ENCRYPT_VOICE_DATA) {
            value::Encryption::Disabled => Encryption::Disabled,
            value::Encryption::Enabled => Encryption::Enabled,
            value::Encryption::Enforced => Encryption::Enforced,
        },
        send_date_time: config.get(&dect_group::SEND_DATE_TIME),
        allow_new_rfp: config.get(&fixpart::ALLOW_NEW_RFP),
        syslog: base_stations_log(config),
        mirror: config.get(&fixpart::MIRROR_ENABLE),
        unmasked: config.get(&fixpart::MIRROR_UNMASKED_IPEI),
    }
}

fn endpoint(config: &Config, address: IpAddr) -> endpoint::Settings {
    endpoint::Settings {
        address,
        port: config.get(&sip_group::LOCALPORT),
        transport: match config.get(&sip_group::TRANSPORT) {
            value::Transport::Udp => Transport::Udp,
            value::Transport::Tcp => Transport::Tcp,
            value::Transport::Tls => Transport::Tls,
        },
        proxies: (1..=sip_group::PROXIES).filter_map(|nth| proxy(config, nth)).collect(),
        srv: config.get(&sip_group::DNSMETHOD) == DnsMethod::Dnssrv,
        registration_expire: config.get(&sip_group::REGISTRATION_EXPIRE).0,
        transaction_timeout: config.get(&sip_group::CLIENT_TRANSACTION_TIMEOUT).0,
        max_forwards: config.get(&sip_group::MAXFORWARDS),
        registers_per_second: config.get(&fixpart::REGISTERS_PER_SECOND),
    }
}

fn proxy(config: &Config, nth: u8) -> Option<Proxy> {
    let uri = config.get_nth(&sip_group::PROXY_DOMAIN, nth)?;
    Some(Proxy {
        host: uri.host,
        port: config.get_nth(&sip_group::PROXY_PORT, nth).0.or(uri.port),
        priority: config.get_nth(&sip_group::PROXY_PRIORITY, nth),
        weight: config.get_nth(&sip_group::PROXY_WEIGHT, nth),
    })
}

/// The codecs that this version knows, in the order that was chosen; both where it knows none of them.
fn codecs(config: &Config) -> Vec<Codec> {
    let known: Vec<Codec> = config
        .get(&sip_group::MEDIA_CODECS)
        .0
        .into_iter()
        .filter_map(|codec| match codec {
            value::Codec::G711U => Some(Codec::Pcmu),
            value::Codec::G711A => Some(Codec::Pcma),
            value::Codec::G726 | value::Codec::G729A => None,
        })
        .collect();
    if known.is_empty() { vec![Codec::Pcma, Codec::Pcmu] } else { known }
}

/// The server's own address towards base stations and PBX: the one that was set, else the one from which the
/// kernel would reach the first proxy. Nothing is sent to find out.
#[must_use]
pub fn address(config: &Config) -> IpAddr {
    if let Some(address) = config.get(&fixpart::ADDRESS) {
        return address;
    }
    let proxy = config.get(&sip_group::PROXY_DOMAIN).and_then(|uri| uri.host.parse().ok());
    let towards = proxy.unwrap_or(ANYWHERE);
    let any: SocketAddr = match towards {
        IpAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        IpAddr::V6(_) => ([0u16; 8], 0).into(),
    };
    let route = || -> io::Result<IpAddr> {
        let socket = UdpSocket::bind(any)?;
        socket.connect((towards, DISCARD))?;
        Ok(socket.local_addr()?.ip())
    };
    route().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// Where the role `media` gets its ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The address they are at.
    pub address: IpAddr,
    /// The first; even.
    pub first: u16,
    /// How many.
    pub count: u16,
}

/// The ports for speech; `address` is what [`address`] found.
#[must_use]
pub fn ports(config: &Config, address: IpAddr) -> Ports {
    let first = config.get(&sip_group::MEDIA_PORT).0;
    // The file of another server may have a first port with few behind it.
    let behind = u16::MAX.saturating_sub(first).saturating_add(1);
    Ports { address, first, count: config.get(&fixpart::MEDIA_PORTS).min(behind) }
}

/// The traffic class octet of speech (`sip.media.tos`).
#[must_use]
pub fn media_tos(config: &Config) -> u8 {
    config.get(&sip_group::MEDIA_TOS)
}

/// The doors for base stations, by port; `None` for one that stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doors {
    /// TLS 1.3 with a certificate of this server.
    pub tls: Option<u16>,
    /// TCP with the Blowfish login.
    pub blowfish: Option<u16>,
}

/// The identity that was written into the box at manufacture; `None` where there is none, which also an unreadable file is.
#[must_use]
pub fn assigned_ari(file: &Path) -> Option<Ari> {
    assigned(file, "ari")?.parse().ok()
}

/// What was written into the box at manufacture under this name: `mac`, `serial`, `ari`.
#[must_use]
pub fn assigned(file: &Path, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    // It has elements of its own, which no group of the settings knows.
    let (identity, _) = Config::read(&file.display().to_string(), &text).ok()?;
    let element = |path: &[String]| matches!(path, [only] if only == name);
    identity.unknown().iter().find(|(path, _)| element(path)).map(|(_, text)| text.clone())
}

/// Where the doors and the SIP port listen: at the address that was set, else at all of them.
#[must_use]
pub fn listen(config: &Config) -> IpAddr {
    config.get(&fixpart::ADDRESS).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// How the SIP sockets are to be.
#[must_use]
pub fn sip_sockets(config: &Config) -> crate::sip::Settings {
    crate::sip::Settings {
        address: SocketAddr::new(listen(config), config.get(&sip_group::LOCALPORT)),
        tos: config.get(&sip_group::TOS),
        authorities: None,
    }
}

/// Which doors are open.
#[must_use]
pub fn doors(config: &Config) -> Doors {
    Doors {
        tls: config.get(&fixpart::TLS_ENABLE).then(|| config.get(&fixpart::TLS_PORT)),
        blowfish: config
            .get(&fixpart::BLOWFISH_ENABLE)
            .then(|| config.get(&fixpart::BLOWFISH_PORT)),
    }
}

/// The file of the mirror in the state folder; `None` where there is none.
#[must_use]
pub fn mirror(config: &Config, state: &Path) -> Option<PathBuf> {
    config.get(&fixpart::MIRROR_ENABLE).then(|| state.join(config.get(&fixpart::MIRROR_FILE).0))
}

/// More than the reader of either file accepts.
const FILE_MAX: u64 = 32 << 20;
/// An address that nobody has (RFC 5737); the default route leads there.
const ANYWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
/// Connecting a UDP socket needs a port; nothing is sent.
const DISCARD: u16 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    fn config(inside: &str) -> Config {
        Config::read("config.xml", &format!("<config>{inside}</config>")).unwrap().0
    }

    #[test]
    fn what_a_user_does_not_say_the_settings_say() {
        let config = config(
            "<sip><defaultdomain>pbx.test</defaultdomain>\
             <auth><password>shared</password></auth></sip>",
        );
        let text = "<users><user><username>1001</username></user>\
                    <user><username>1002</username><domain>other.test</domain>\
                    <authuser>u2</authuser><authpassword>own</authpassword></user></users>";
        let (read, _) = Users::read("users.xml", text).unwrap_or_default();
        let accounts: Vec<Account> =
            read.users.iter().map(|listed| user(&Defaults::of(&config), listed).account).collect();
        let seen: Vec<[&str; 3]> = accounts
            .iter()
            .map(|a| [a.domain.as_str(), a.auth_user.as_str(), a.password.expose()])
            .collect();
        assert_eq!(seen, [["pbx.test", "1001", "shared"], ["other.test", "u2", "own"]]);
    }

    #[test]
    fn base_stations_are_told_of_the_syslog_server_where_all_send_there_and_they_can() {
        let told = |syslog: &str, transport: &str| {
            let transport = format!("<syslog><transport>{transport}</transport></syslog>");
            let log = format!("<log><syslog>{syslog}</syslog></log>");
            nwk(&config(&format!("{log}<fixpart>{transport}</fixpart>"))).syslog
        };
        let server = "<host>192.0.2.2</host><port>1514</port>";
        assert_eq!(told(server, "udp"), "192.0.2.2:1514".parse().ok());
        assert_eq!(told(server, "tls"), None);
        let scope = "<scope_of_settings>server and mr</scope_of_settings>";
        assert_eq!(told(&format!("{server}{scope}"), "udp"), None);
        assert_eq!(told("<host>logs.example.org</host>", "udp"), None);
        assert_eq!(told("", "udp"), None);
    }

    #[test]
    fn the_identity_of_manufacture_is_read_and_a_wrong_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ident.xml");
        assert_eq!(assigned_ari(&file), None);
        for (inside, ari) in [
            ("<mac>02:00:00:00:00:01</mac><ari>10009034</ari>", Some("10009034")),
            ("<ari>x</ari>", None),
            ("<mac>02:00:00:00:00:01</mac>", None),
        ] {
            std::fs::write(&file, format!("<config>{inside}</config>")).unwrap();
            assert_eq!(assigned_ari(&file).map(|ari| ari.to_string()).as_deref(), ari, "{inside}");
        }
    }

    #[test]
    fn every_setting_reaches_its_engine() {
        let config = config(
            "<fixpart><ari>10009034</ari><address>127.0.0.9</address></fixpart>\
             <dect><frequency>USA</frequency><encrypt_voice_data>Enforced</encrypt_voice_data>\
             <accesscode>1234</accesscode></dect>\
             <sip><transport>tcp</transport><localport>5070</localport>\
             <proxy><domain>sip:pbx.test:5080</domain><domain3>127.0.0.3</domain3><port3>7</port3></proxy>\
             <media><codecs>1024,2,1</codecs></media><dtmf><rtp>false</rtp></dtmf>\
             <dect_detach_action>deregister</dect_detach_action></sip>",
        );
        let settings = brain(&config, address(&config));
        assert_eq!(settings.dect.ari.map(|ari| ari.to_string()).as_deref(), Some("10009034"));
        assert_eq!(settings.dect.region, Some(Region::Usa));
        assert_eq!(settings.dect.encryption, Encryption::Enforced);
        assert_eq!(
            settings.access_code.map(|code| code.expose().to_owned()).as_deref(),
            Some("1234")
        );
        assert_eq!(settings.sip.address.to_string(), "127.0.0.9");
        assert_eq!((settings.sip.transport, settings.sip.port), (Transport::Tcp, 5070));
        let proxies: Vec<_> =
            settings.sip.proxies.iter().map(|p| (p.host.as_str(), p.port, p.priority)).collect();
        assert_eq!(proxies, [("pbx.test", Some(5080), 1), ("127.0.0.3", Some(7), 3)]);
        assert_eq!(settings.codecs, [Codec::Pcma, Codec::Pcmu]);
        assert_eq!(settings.events, None);
        assert!(settings.deregister_on_detach);
    }

    #[test]
    fn a_missing_file_is_an_error_only_where_somebody_named_it() {
        let missing = |optional| Files {
            config: "/nowhere/config.xml".into(),
            users: "/nowhere/users.xml".into(),
            optional: Optional { config: optional, users: optional },
        };
        assert!(load(&missing(true)).is_ok());
        let error = load(&missing(false)).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.starts_with("cannot read /nowhere/config.xml: "), "{error}");
    }
}
