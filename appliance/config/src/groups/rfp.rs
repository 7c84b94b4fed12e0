//! `<rfp>`: base stations.

use crate::spec::{Applies, group};
use crate::value::{IpVersion, StartTime, SyncType, Tos};
use std::net::IpAddr;

group! { "rfp."
    /// How base stations find their common time.
    DEFAULT_SYNC_TYPE: SyncType = "radio" at "default_sync_type" [.later()]

    /// The first port for speech of base stations.
    MEDIA_PORT: u16 = "57000" at "media.port"
        [.range(1, 65_535).applies(Applies::Restart).ip().later()]

    /// The multicast group in which base stations are spoken to.
    MULTICAST_ADDRESS: Option<IpAddr> = "" at "multicast.address"
        [.applies(Applies::Restart).later()]

    /// Whether IP base stations are updated by themselves.
    AUTO_ENABLE: bool = "false" at "auto.enable" [.later()]

    /// When an update of IP base stations begins: at once, or when it is that time next.
    AUTO_START_TIME: StartTime = "immediately" at "auto.start_time" [.later()]

    /// Whether an update of IP base stations does not wait until nobody speaks.
    AUTO_FORCE: bool = "false" at "auto.force" [.later()]

    /// Whether base stations RFP6 are updated by themselves.
    AUTO_ENABLE_DIGITAL: bool = "false" at "auto.enable_digital" [.rack()]

    /// When an update of base stations RFP6 begins: at once, or when it is that time next.
    AUTO_START_TIME_DIGITAL: StartTime = "immediately" at "auto.start_time_digital" [.rack()]

    /// Whether an update of base stations RFP6 does not wait until nobody speaks.
    AUTO_FORCE_DIGITAL: bool = "false" at "auto.force_digital" [.rack()]

    /// How many routers such a packet may pass.
    MULTICAST_TTL: u8 = "1" at "multicast.ttl" [.range(1, 255).applies(Applies::Restart).later()]

    /// The class of service of packets of PTP. The default is a TOS octet; the guide seems to have exchanged the two.
    PTP_COS: u8 = "184" at "ptp.cos" [.range(0, 255).hidden().later()]

    /// The TOS octet of packets of PTP; -1 is none.
    PTP_TOS: Tos = "-1" at "ptp.tos" [.range(-1, 255).hidden().later()]

    /// What carries PTP.
    PTP_TRANSPORT: IpVersion = "ipv4" at "ptp.transport"
        [.applies(Applies::Restart).hidden().later()]

    /// The server that a base station belongs to.
    SERVER: Option<IpAddr> = "" at "server" [.applies(Applies::Restart).ip().later()]
}
