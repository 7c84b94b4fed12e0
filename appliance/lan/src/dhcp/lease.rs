//! What a server gives with an address: the options, read once and made into what can be used.

use super::message::Message;
use super::options;
use std::net::Ipv4Addr;
use std::time::Duration;

/// An address for a time, and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The address.
    pub address: Ipv4Addr,
    /// Length of the prefix of its network.
    pub prefix: u8,
    /// Who has given it.
    pub server: Ipv4Addr,
    /// How long it holds; `None`: for ever.
    pub holds: Option<Duration>,
    /// When it is to be renewed, and when any server is asked.
    pub renewal: Option<(Duration, Duration)>,
    /// Where packets for other networks go: the first router, where no routes were given.
    pub router: Option<Ipv4Addr>,
    /// Routes without classes.
    pub routes: Vec<Route>,
    /// Servers for names.
    pub dns: Vec<Ipv4Addr>,
    /// The domain of this machine.
    pub domain: Option<String>,
    /// The name that the server has for this machine.
    pub host_name: Option<String>,
    /// The largest packet.
    pub mtu: Option<u16>,
    /// Servers for the time.
    pub ntp: Vec<Ipv4Addr>,
    /// Option 66, as it came.
    pub tftp_server: String,
    /// Option 67, as it came.
    pub boot_file: String,
    /// Option 150.
    pub tftp_addresses: Vec<Ipv4Addr>,
    /// Option 43, as it came.
    pub vendor: Vec<u8>,
    /// Option 100, as it came.
    pub zone_posix: String,
    /// Option 101, as it came.
    pub zone_name: String,
}

/// One way to other networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The first address of the network.
    pub network: Ipv4Addr,
    /// Length of its prefix; 0 is everything.
    pub prefix: u8,
    /// The neighbour that knows the way; `None`: it is on this link.
    pub through: Option<Ipv4Addr>,
}

/// Why an offer or an acknowledgement is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLease {
    /// No machine can have that address.
    #[error("the address {0} is none that a machine can have")]
    Address(Ipv4Addr),
    /// The mask has holes, or leaves no room.
    #[error("the mask {0} is none")]
    Mask(Ipv4Addr),
    /// The server does not say who it is.
    #[error("the server does not name itself")]
    Server,
    /// The time is missing, or is over before anything can be done.
    #[error("the time of the lease is missing or too short")]
    Time,
}

impl Lease {
    /// What an offer or an acknowledgement gives. An option that is not well formed counts as not sent.
    ///
    /// # Errors
    /// [`BadLease`].
    pub fn of(message: &Message) -> Result<Self, BadLease> {
        let reader = Reader(message);
        let address = message.yours;
        if !is_host(address) {
            return Err(BadLease::Address(address));
        }
        let holds = match reader.seconds(options::LEASE_TIME).ok_or(BadLease::Time)? {
            FOR_EVER => None,
            seconds if seconds < SECONDS_MIN => return Err(BadLease::Time),
            seconds => Some(Duration::from_secs(seconds.into())),
        };
        let mut routes = reader.routes();
        let router = reader.addresses(options::ROUTERS).into_iter().find(|it| is_host(*it));
        // Where routes were given routers are not to be used (RFC 3442).
        let given = routes.iter().position(|route| route.prefix == 0 && route.through.is_some());
        let router = match given {
            Some(at) => routes.remove(at).through,
            None => router.filter(|_| routes.is_empty()),
        };
        Ok(Self {
            address,
            prefix: prefix(reader.addresses(options::MASK).first().copied(), address)?,
            server: reader
                .addresses(options::SERVER)
                .first()
                .copied()
                .filter(|it| is_host(*it))
                .ok_or(BadLease::Server)?,
            renewal: holds.map(|holds| {
                let after =
                    |option| reader.seconds(option).map(|it| Duration::from_secs(it.into()));
                renewal(holds, after(options::T1), after(options::T2))
            }),
            holds,
            router,
            routes,
            dns: reader.servers(options::DNS),
            domain: reader.name(options::DOMAIN),
            host_name: reader.name(options::HOST_NAME),
            mtu: reader.mtu(),
            ntp: reader.servers(options::NTP),
            tftp_server: reader.text(options::TFTP_SERVER),
            boot_file: reader.text(options::BOOT_FILE),
            tftp_addresses: reader.servers(options::TFTP_ADDRESSES),
            vendor: reader.octets(options::VENDOR).to_vec(),
            zone_posix: reader.text(options::ZONE_POSIX),
            zone_name: reader.text(options::ZONE_NAME),
        })
    }
}

/// Whether a machine can have such an address, and be spoken to at it.
pub(super) fn is_host(address: Ipv4Addr) -> bool {
    let [first, ..] = address.octets();
    (1..224).contains(&first) && first != 127
}

/// The prefix of a mask; without one that of the address's class (RFC 950 2.1).
fn prefix(mask: Option<Ipv4Addr>, address: Ipv4Addr) -> Result<u8, BadLease> {
    let Some(mask) = mask else {
        let [first, ..] = address.octets();
        return Ok(match first {
            ..128 => 8,
            128..192 => 16,
            192.. => 24,
        });
    };
    let bits = u32::from(mask);
    let whole = bits.leading_ones() + bits.trailing_zeros() == 32 && bits != 0;
    let prefix = u8::try_from(bits.leading_ones()).ok().filter(|_| whole);
    prefix.ok_or(BadLease::Mask(mask))
}

/// T1 and T2 as they were told, where they are in their order, else those of RFC 2131 4.4.5.
fn renewal(
    holds: Duration,
    first: Option<Duration>,
    second: Option<Duration>,
) -> (Duration, Duration) {
    match (first, second) {
        (Some(first), Some(second)) if !first.is_zero() && first < second && second < holds => {
            (first, second)
        }
        _ => (holds / 2, holds / 8 * 7),
    }
}

/// Reads options into values.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a Message);

impl<'a> Reader<'a> {
    fn octets(self, option: u8) -> &'a [u8] {
        self.0.options.get(&option).map_or(&[], |it| &it[..])
    }

    fn seconds(self, option: u8) -> Option<u32> {
        self.octets(option).try_into().ok().map(u32::from_be_bytes)
    }

    fn addresses(self, option: u8) -> Vec<Ipv4Addr> {
        let (quads, rest) = self.octets(option).as_chunks::<4>();
        let quads = quads.iter().filter(|_| rest.is_empty()).take(ADDRESSES_MAX);
        quads.map(|quad| Ipv4Addr::from(*quad)).collect()
    }

    /// Those of the addresses that can be spoken to.
    fn servers(self, option: u8) -> Vec<Ipv4Addr> {
        self.addresses(option).into_iter().filter(|it| is_host(*it) || it.is_loopback()).collect()
    }

    fn mtu(self) -> Option<u16> {
        let mtu = u16::from_be_bytes(self.octets(options::MTU).try_into().ok()?);
        (MTU_MIN..=MTU_MAX).contains(&mtu).then_some(mtu)
    }

    /// A text as it came; what is no UTF-8 is replaced, and zeros at its end are left out (RFC 2132 2).
    fn text(self, option: u8) -> String {
        String::from_utf8_lossy(self.octets(option)).trim_end_matches('\0').to_owned()
    }

    /// A name that may go into files and messages: labels of letters, digits, `-` and `_`.
    fn name(self, option: u8) -> Option<String> {
        let name = self.text(option);
        let name = name.trim_end_matches('.');
        let sound = |label: &str| {
            let letters = label.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it));
            letters && (1..=63).contains(&label.len()) && !label.starts_with('-')
        };
        let all = name.len() <= 253 && name.split('.').all(sound);
        all.then(|| name.to_owned())
    }

    /// Option 121: for each the length of the prefix, as many octets as it needs, and the router (RFC 3442).
    fn routes(self) -> Vec<Route> {
        let mut rest = self.octets(options::ROUTES);
        let mut routes = Vec::new();
        while let Some((prefix, after)) = rest.split_first() {
            let length = usize::from(*prefix).div_ceil(8);
            let Some((significant, after)) = after.split_at_checked(length) else {
                return Vec::new();
            };
            let Some((through, after)) = after.split_first_chunk::<4>() else { return Vec::new() };
            if *prefix > 32 || routes.len() >= ROUTES_MAX {
                return Vec::new();
            }
            let mut network = [0; 4];
            network.iter_mut().zip(significant).for_each(|(to, from)| *to = *from);
            let mask = u32::MAX.checked_shl(32 - u32::from(*prefix)).unwrap_or(0);
            let network = Ipv4Addr::from(u32::from_be_bytes(network) & mask);
            let through = Some(Ipv4Addr::from(*through)).filter(|it| !it.is_unspecified());
            routes.push(Route { network, prefix: *prefix, through });
            rest = after;
        }
        routes
    }
}

/// The time that is none (RFC 2132 9.2).
const FOR_EVER: u32 = u32::MAX;
/// Shorter leases could not be renewed before they are over.
const SECONDS_MIN: u32 = 4;
/// Of one option: more servers are never asked.
const ADDRESSES_MAX: usize = 8;
/// Routes of a site.
const ROUTES_MAX: usize = 32;
/// What every machine must take (RFC 791), as the setting for it has it.
const MTU_MIN: u16 = 576;
/// Larger packets are not carried by anything that we are plugged into.
const MTU_MAX: u16 = 9216;

#[cfg(test)]
mod tests {
    use super::super::message::Kind;
    use super::*;

    fn ack(options: &[(u8, &[u8])]) -> Message {
        let mut message = Message::of_client(1, [0; 6], Kind::Ack);
        message.is_request = false;
        message.yours = [192, 0, 2, 10].into();
        let least: [(u8, &[u8]); 3] =
            [(1, &[255, 255, 255, 0]), (51, &[0, 0, 0, 120]), (54, &[192, 0, 2, 1])];
        for (number, value) in least.iter().chain(options) {
            message.options.insert(*number, value.to_vec());
        }
        message
    }

    #[test]
    fn the_least_that_a_server_gives_is_a_lease_with_times_of_its_own() {
        let lease = Lease::of(&ack(&[])).unwrap();
        assert_eq!((lease.address, lease.prefix), ([192, 0, 2, 10].into(), 24));
        assert_eq!(lease.holds, Some(Duration::from_mins(2)));
        let (first, second) = lease.renewal.unwrap();
        assert_eq!((first.as_secs(), second.as_secs()), (60, 105));
        let told = Lease::of(&ack(&[(58, &[0, 0, 0, 10]), (59, &[0, 0, 0, 20])])).unwrap();
        assert_eq!(told.renewal.unwrap().0.as_secs(), 10);
        // Not in their order.
        let odd = Lease::of(&ack(&[(58, &[0, 0, 0, 30]), (59, &[0, 0, 0, 20])])).unwrap();
        assert_eq!(odd.renewal.unwrap().0.as_secs(), 60);
    }

    #[test]
    fn a_url_in_option_66_comes_through_as_it_was_sent() {
        let url = "https://user:p%40ss@prov.example.com:8443/dect/{mac}?x=1&y=2";
        assert_eq!(Lease::of(&ack(&[(66, url.as_bytes())])).unwrap().tftp_server, url);
        assert_eq!(Lease::of(&ack(&[(66, b"10.9.0.1\0")])).unwrap().tftp_server, "10.9.0.1");
    }

    #[test]
    fn routes_without_classes_take_the_place_of_routers() {
        let router: (u8, &[u8]) = (3, &[192, 0, 2, 1]);
        assert_eq!(Lease::of(&ack(&[router])).unwrap().router, Some([192, 0, 2, 1].into()));
        let routes = [24, 10, 1, 2, 192, 0, 2, 3, 0, 192, 0, 2, 4, 32, 10, 0, 0, 1, 0, 0, 0, 0];
        let lease = Lease::of(&ack(&[router, (121, &routes)])).unwrap();
        assert_eq!(lease.router, Some([192, 0, 2, 4].into()));
        let through = Some([192, 0, 2, 3].into());
        assert_eq!(
            lease.routes,
            [
                Route { network: [10, 1, 2, 0].into(), prefix: 24, through },
                Route { network: [10, 0, 0, 1].into(), prefix: 32, through: None },
            ]
        );
        // Cut off anywhere but between two routes, all of them count as not sent.
        for length in 1..routes.len() {
            let lease = Lease::of(&ack(&[router, (121, &routes[..length])])).unwrap();
            let whole = [8, 13].contains(&length);
            assert_eq!(lease.router == Some([192, 0, 2, 1].into()), !whole, "{length}");
        }
    }

    #[test]
    fn a_name_that_would_be_a_line_of_its_own_in_a_file_is_left_out() {
        let name = |text: &[u8]| Lease::of(&ack(&[(15, text)])).unwrap().domain;
        assert_eq!(name(b"example.com."), Some("example.com".into()));
        for wrong in [&b"a\nnameserver 6.6.6.6"[..], b"", b"a..b", b"a b", b"\xff", b"-a"] {
            assert_eq!(name(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_no_machine_can_use_is_no_lease() {
        let wrong = |options: &[(u8, &[u8])]| Lease::of(&ack(options)).unwrap_err();
        assert_eq!(wrong(&[(51, &[0, 0, 0, 3])]), BadLease::Time);
        assert_eq!(wrong(&[(51, &[0, 0, 1])]), BadLease::Time);
        assert_eq!(wrong(&[(54, &[0, 0, 0, 0])]), BadLease::Server);
        assert!(matches!(wrong(&[(1, &[255, 0, 255, 0])]), BadLease::Mask(_)));
        let mut message = ack(&[]);
        message.yours = [224, 0, 0, 1].into();
        assert!(matches!(Lease::of(&message), Err(BadLease::Address(_))));
        assert_eq!(Lease::of(&ack(&[(26, &[0, 68])])).unwrap().mtu, None);
        assert_eq!(Lease::of(&ack(&[(26, &[5, 120])])).unwrap().mtu, Some(1400));
    }
}
