//! `<rfp>`: base stations.

use crate::spec::{Applies, group};
use crate::value::{IpVersion, StartTime, SyncType, Tos};
use std::net::IpAddr;

group! { "rfp."
    /// How base stations synchronise.
    DEFAULT_SYNC_TYPE: SyncType = "radio" at "default_sync_type" [.later()]

    /// First media port of base stations.
    MEDIA_PORT: u16 = "57000" at "media.port" [.range(1, 65_535).applies(Applies::Restart).ip().later()]

    /// Multicast group for base station signalling.
    MULTICAST_ADDRESS: Option<IpAddr> = "" at "multicast.address" [.applies(Applies::Restart).later()]

    /// Update base station firmware automatically (IP base stations).
    AUTO_ENABLE: bool = "false" at "auto.enable" [.later()]

    /// When to update (IP base stations).
    AUTO_START_TIME: StartTime = "immediately" at "auto.start_time" [.later()]

    /// Do not wait until idle.
    AUTO_FORCE: bool = "false" at "auto.force" [.later()]

    /// Update RFP6 firmware automatically.
    AUTO_ENABLE_DIGITAL: bool = "false" at "auto.enable_digital" [.rack()]

    /// When to update RFP6.
    AUTO_START_TIME_DIGITAL: StartTime = "immediately" at "auto.start_time_digital" [.rack()]

    /// Do not wait until idle (RFP6).
    AUTO_FORCE_DIGITAL: bool = "false" at "auto.force_digital" [.rack()]

    /// TTL of base station multicast.
    MULTICAST_TTL: u8 = "1" at "multicast.ttl" [.range(1, 255).applies(Applies::Restart).later()]

    /// Class of service of PTP.
    PTP_COS: u8 = "184" at "ptp.cos" [.range(0, 255).hidden().later()]

    /// Type of service of PTP.
    PTP_TOS: Tos = "-1" at "ptp.tos" [.range(-1, 255).hidden().later()]

    /// PTP transport.
    PTP_TRANSPORT: IpVersion = "ipv4" at "ptp.transport" [.applies(Applies::Restart).hidden().later()]

    /// Address of the server this base station belongs to.
    SERVER: Option<IpAddr> = "" at "server" [.applies(Applies::Restart).ip().later()]
}
