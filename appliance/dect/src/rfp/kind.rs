//! Every message type of the link, and the layout of its payload as far as it is known.
//!
//! Types without known layout are carried through as octets. What a payload
//! has beyond its layout is kept: every layout ends in an implied rest.

pub use number::*;

use Field::{Address, Ipv4, Octets, Text, U8, U16, U16Le, U32, U32Le};
use Way::{Both, FromRfp, ToRfp, Unknown};

/// A message type.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its number.
    pub code: u16,
    /// Its name, as Wireshark has it too.
    pub name: &'static str,
    /// Who sends it.
    pub way: Way,
    /// What its payload begins with.
    pub fields: &'static [Field],
}

/// Who sends a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The controller.
    ToRfp,
    /// The base station.
    FromRfp,
    /// Either.
    Both,
    /// Not known.
    Unknown,
}

/// One field of a payload. Numbers are most significant octet first unless they end in `Le`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Field {
    U8(&'static str),
    U16(&'static str),
    U16Le(&'static str),
    U32(&'static str),
    U32Le(&'static str),
    /// That many octets.
    Octets(&'static str, usize),
    /// A C string in that many octets; what follows the NUL is left over and kept.
    Text(&'static str, usize),
    /// 16 octets: IPv6, or IPv4 mapped into it.
    Address(&'static str),
    Ipv4(&'static str),
}

impl Field {
    /// What the field is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            U8(name)
            | U16(name)
            | U16Le(name)
            | U32(name)
            | U32Le(name)
            | Octets(name, _)
            | Text(name, _)
            | Address(name)
            | Ipv4(name) => name,
        }
    }

    /// How many octets it takes.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            U8(_) => 1,
            U16(_) | U16Le(_) => 2,
            U32(_) | U32Le(_) | Ipv4(_) => 4,
            Address(_) => 16,
            Octets(_, size) | Text(_, size) => size,
        }
    }
}

/// The type with this number.
#[must_use]
pub fn kind(code: u16) -> Option<&'static Kind> {
    KINDS.binary_search_by_key(&code, |kind| kind.code).ok().and_then(|at| KINDS.get(at))
}

/// What a type is called; numbers without a name are written out.
#[must_use]
pub fn name(code: u16) -> String {
    kind(code).map_or_else(|| format!("UNKNOWN_{code:04x}"), |kind| kind.name.to_owned())
}

const fn plain(code: u16, name: &'static str, way: Way) -> Kind {
    Kind { code, name, way, fields: &[] }
}

const fn with(code: u16, name: &'static str, way: Way, fields: &'static [Field]) -> Kind {
    Kind { code, name, way, fields }
}

/// The types by number.
pub const KINDS: &[Kind] = &[
    with(ACK, "ACK", Both, &[U16("message")]),
    with(NACK, "NACK", Both, &[U16("message"), U16Le("id"), U32("reason")]),
    with(HEARTBEAT, "HEARTBEAT", FromRfp, &[U32Le("milliseconds"), U32Le("nanoseconds")]),
    with(IP_OPTIONS, "SYS_IP_OPTIONS", ToRfp, &IP_OPTIONS_FIELDS),
    with(LED, "SYS_LED", ToRfp, &[U8("led"), U8("pattern")]),
    plain(0x0103, "SYS_INFO", Unknown),
    plain(0x0104, "SYS_SPY", Unknown),
    with(HEARTBEAT_INTERVAL, "SYS_HEARTBEAT_INTERVAL", ToRfp, &[U8("seconds")]),
    plain(0x0106, "SYS_RSX", ToRfp),
    with(SYSLOG, "SYS_SYSLOG", ToRfp, &[Address("address"), U16("port")]),
    with(0x0108, "SYS_MAX_CHANNELS", ToRfp, &[U8("dsp_channels"), U8("sessions")]),
    with(HTTP_SET, "SYS_HTTP_SET", ToRfp, &[Address("address"), U16("port")]),
    with(PASSWD, "SYS_PASSWD", ToRfp, &PASSWD_FIELDS),
    plain(0x010b, "SYS_CRYPTED_PACKET", Unknown),
    with(OMM_CONTROL, "SYS_OMM_CONTROL", ToRfp, &[Octets("control", 4)]),
    plain(0x010d, "SYS_STATE_DUMP", Both),
    with(0x010e, "SYS_RPING", Both, &RPING_FIELDS),
    plain(0x010f, "SYS_STATE_DUMP_REQ", Both),
    plain(0x0110, "SYS_STATE_DUMP_RES", Both),
    with(NEW_SW, "SYS_NEW_SW", FromRfp, &[U8("state")]),
    with(AUDIO_LOG, "SYS_AUDIO_LOG", ToRfp, &[Octets("where", 16)]),
    plain(0x0113, "SYS_USB_OVERLOAD", FromRfp),
    plain(0x0115, "SYS_SW_CONTAINER", ToRfp),
    plain(CORE_DUMP, "SYS_CORE_DUMP", ToRfp),
    with(VSNTP_TIME, "SYS_VSNTP_TIME", Both, &VSNTP_FIELDS),
    with(RANDOM_VALUE, "SYS_RANDOM_VALUE", ToRfp, &[Octets("random", 4)]),
    plain(0x0119, "SYS_UPDATE_802_1X_SUPPLICANT", ToRfp),
    plain(INIT, "SYS_INIT", FromRfp),
    with(RESET, "SYS_RESET", ToRfp, &[U8("action")]),
    plain(0x0122, "SYS_SUPPLICANT_MD5", ToRfp),
    with(STREAM_INFO, "SYS_STREAM_INFO", ToRfp, &[Octets("info", 4)]),
    with(AUTH_KEY, "SYS_RFP_AUTH_KEY", ToRfp, &[Octets("key", 64)]),
    with(RE_ENROLEMENT, "SYS_RFP_RE_ENROLEMENT", ToRfp, &RE_ENROLEMENT_FIELDS),
    plain(ENCRYPTION_CONF, "SYS_ENCRYPTION_CONF", FromRfp),
    with(FIRMWARE_UPDATE, "SYS_FIRMWARE_UPDATE", ToRfp, &[Octets("header", 8)]),
    plain(0x0128, "SYS_COUNTRY_TAG", ToRfp),
    plain(0x0129, "SYS_PING", ToRfp),
    with(AUTHENTICATE, "SYS_AUTHENTICATE", ToRfp, &[Octets("random", 32)]),
    with(LICENSE_TIMER, "SYS_LICENSE_TIMER", Both, &[U32("minutes"), Octets("md5", 16)]),
    with(MEDIA_OPEN, "MEDIA_OPEN", ToRfp, &OPEN_FIELDS),
    with(MEDIA_CONF, "MEDIA_CONF", ToRfp, &CONF_FIELDS),
    with(MEDIA_CLOSE, "MEDIA_CLOSE", ToRfp, &[U16Le("handle")]),
    with(MEDIA_START, "MEDIA_START", ToRfp, &START_FIELDS),
    with(MEDIA_STOP, "MEDIA_STOP", ToRfp, &[U16Le("handle"), U8("direction")]),
    with(MEDIA_STATISTICS, "MEDIA_STATISTICS", FromRfp, &STATISTICS_FIELDS),
    with(0x0206, "MEDIA_REDIRECT_START", ToRfp, &REDIRECT_FIELDS),
    with(0x0207, "MEDIA_REDIRECT_STOP", ToRfp, &[U16Le("handle"), U8("fallback")]),
    with(0x0208, "MEDIA_RESTART", ToRfp, &[U16Le("handle")]),
    with(MEDIA_DTMF, "MEDIA_DTMF", Both, &DTMF_FIELDS),
    with(MEDIA_DSP_CLOSE, "MEDIA_DSP_CLOSE", FromRfp, &[U16Le("handle")]),
    with(MEDIA_TONE2, "MEDIA_TONE2", ToRfp, &TONE_FIELDS),
    plain(0x020c, "MEDIA_BANDWIDTH_SWO", Unknown),
    plain(0x020d, "MEDIA_MUTE", Unknown),
    plain(0x020e, "MEDIA_G729_USED", Unknown),
    plain(0x020f, "MEDIA_TRACE_PPN", Unknown),
    plain(0x0210, "MEDIA_EOS_DETECT", Unknown),
    plain(0x0211, "MEDIA_AUDIO_STATISTICS", Unknown),
    plain(0x0212, "MEDIA_VIDEO_STATE", Unknown),
    plain(0x0213, "MEDIA_CHANNEL_MOD_INFO", Unknown),
    plain(DNM, "DNM", Both),
    plain(SYNC, "SYNC", Both),
    plain(0x0401, "WLAN_RFP_CONFIG", ToRfp),
    plain(0x0402, "WLAN_RFP_UP", FromRfp),
    plain(0x0403, "WLAN_RFP_DOWN", FromRfp),
    plain(0x0404, "WLAN_RFP_CLIENT_REQ", Unknown),
    plain(0x0405, "WLAN_RFP_CLIENT_REP", Unknown),
    plain(0x0406, "WLAN_RFP_SET_ACL", ToRfp),
    plain(0x0407, "WLAN_RFP_CLIENT_INFO", Unknown),
    plain(0x0408, "WLAN_RFP_ACK", Unknown),
    plain(0x0409, "WLAN_RFP_LINK_NOK_NACK", Unknown),
    plain(0x040e, "WLAN_RFP_IFACE_REP", Unknown),
    with(0x0501, "SNMP_RFP_UPDATE", ToRfp, &SNMP_FIELDS),
    plain(0x0600, "CONF_OPEN", ToRfp),
    plain(0x0601, "CONF_ADD_SUBSCR", ToRfp),
    plain(0x0602, "CONF_CHG_SUBSCR", ToRfp),
    plain(0x0603, "CONF_DEL_SUBSCR", ToRfp),
    plain(0x0604, "CONF_CLOSE", ToRfp),
    plain(0x0605, "CONF_RTP", ToRfp),
    plain(0x0700, "BLUETOOTH_DEVICE", Unknown),
    plain(0x0701, "BLUETOOTH_CONFIG", Unknown),
    plain(0x0702, "BLUETOOTH_DATA", Unknown),
    plain(0x0800, "VIDEO_DEVICE", Unknown),
    plain(0x0801, "VIDEO_CONFIG", Unknown),
];

const IP_OPTIONS_FIELDS: [Field; 5] = [
    U8("voice_tos"),
    U8("signalling_tos"),
    U8("ttl"),
    U8("signalling_vlan_priority"),
    U8("voice_vlan_priority"),
];
/// The round trip in milliseconds.
const RPING_FIELDS: [Field; 3] = [Address("address"), U32("round_trip"), Octets("unknown", 4)];

const SNMP_FIELDS: [Field; 7] = [
    Ipv4("address"),
    Text("contact", 81),
    Text("location", 81),
    Text("name", 81),
    Text("read_community", 41),
    Text("trap_community", 41),
    U8("traps"),
];

/// The lowest bit of the flags is remote access.
const PASSWD_FIELDS: [Field; 6] = [
    U8("flags"),
    U8("pad"),
    Text("root_user", 65),
    Text("root_hash", 65),
    Text("admin_user", 65),
    Text("admin_hash", 65),
];
const VSNTP_FIELDS: [Field; 4] =
    [U32("seconds"), U32("fraction"), U32("own_seconds"), U32("own_fraction")];
const RE_ENROLEMENT_FIELDS: [Field; 2] = [Octets("wrapped_key", 64), Octets("digest", 32)];
const OPEN_FIELDS: [Field; 4] = [U16Le("handle"), U8("codec"), U8("slots"), U32Le("flags")];
const START_FIELDS: [Field; 5] =
    [U16Le("handle"), U8("direction"), U8("pad"), U32Le("time"), U8("keepalive")];
const DTMF_FIELDS: [Field; 4] = [U16Le("handle"), U16Le("duration"), U8("key"), U8("direction")];
const TONE_FIELDS: [Field; 4] = [U16Le("handle"), U8("direction"), U8("count"), U32Le("offset")];
const CONF_FIELDS: [Field; 20] = [
    U16Le("handle"),
    U16("reserved"),
    U8("packet_time"),
    U8("vad"),
    U8("codec_count"),
    Octets("codecs", 51),
    U8("mcei"),
    U8("reserved_2"),
    U16Le("ppn"),
    Octets("reserved_3", 4),
    U16("local_rtp"),
    U16("local_rtcp"),
    Octets("reserved_4", 2),
    Ipv4("receive_from"),
    U16("receive_from_rtp"),
    U16("receive_from_rtcp"),
    Ipv4("send_to"),
    U16("send_to_rtp"),
    U16("send_to_rtcp"),
    Octets("unknown", 76),
];
const STATISTICS_FIELDS: [Field; 10] = [
    U16Le("handle"),
    U16("pad"),
    U32Le("seconds"),
    U32Le("sent_packets"),
    U32Le("sent_octets"),
    U32Le("received_packets"),
    U32Le("received_octets"),
    U32Le("lost"),
    U32Le("jitter"),
    Ipv4("peer"),
];
const REDIRECT_FIELDS: [Field; 8] = [
    U16Le("handle"),
    U16("pad"),
    U16("local_rtp"),
    U16("local_rtcp"),
    Ipv4("remote"),
    U16("remote_rtp"),
    U16("remote_rtcp"),
    U32Le("time"),
];

/// Types by number.
#[expect(missing_docs, reason = "the names are those of the link")]
mod number {
    pub const ACK: u16 = 0x0001;
    pub const NACK: u16 = 0x0002;
    pub const HEARTBEAT: u16 = 0x0003;
    pub const IP_OPTIONS: u16 = 0x0101;
    pub const LED: u16 = 0x0102;
    pub const HEARTBEAT_INTERVAL: u16 = 0x0105;
    pub const SYSLOG: u16 = 0x0107;
    pub const HTTP_SET: u16 = 0x0109;
    pub const PASSWD: u16 = 0x010a;
    pub const OMM_CONTROL: u16 = 0x010c;
    pub const NEW_SW: u16 = 0x0111;
    pub const AUDIO_LOG: u16 = 0x0112;
    pub const CORE_DUMP: u16 = 0x0116;
    pub const VSNTP_TIME: u16 = 0x0117;
    pub const RANDOM_VALUE: u16 = 0x0118;
    pub const INIT: u16 = 0x0120;
    pub const RESET: u16 = 0x0121;
    pub const STREAM_INFO: u16 = 0x0123;
    pub const AUTH_KEY: u16 = 0x0124;
    pub const RE_ENROLEMENT: u16 = 0x0125;
    pub const ENCRYPTION_CONF: u16 = 0x0126;
    pub const FIRMWARE_UPDATE: u16 = 0x0127;
    pub const AUTHENTICATE: u16 = 0x012d;
    pub const LICENSE_TIMER: u16 = 0x0134;
    pub const MEDIA_OPEN: u16 = 0x0200;
    pub const MEDIA_CONF: u16 = 0x0201;
    pub const MEDIA_CLOSE: u16 = 0x0202;
    pub const MEDIA_START: u16 = 0x0203;
    pub const MEDIA_STOP: u16 = 0x0204;
    pub const MEDIA_STATISTICS: u16 = 0x0205;
    pub const MEDIA_DTMF: u16 = 0x0209;
    pub const MEDIA_DSP_CLOSE: u16 = 0x020a;
    pub const MEDIA_TONE2: u16 = 0x020b;
    pub const DNM: u16 = 0x0301;
    pub const SYNC: u16 = 0x0302;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_stand_in_the_order_of_their_numbers_and_no_name_stands_twice() {
        assert!(KINDS.is_sorted_by(|one, other| one.code < other.code));
        let mut names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        names.sort_unstable();
        assert!(names.is_sorted_by(|one, other| one < other));
        assert_eq!(name(0x012d), "SYS_AUTHENTICATE");
        assert_eq!(name(0xf123), "UNKNOWN_f123");
    }

    #[test]
    fn the_long_layouts_have_the_lengths_that_were_seen() {
        let size = |fields: &[Field]| fields.iter().map(|field| field.size()).sum::<usize>();
        assert_eq!(size(&CONF_FIELDS), 0xa4);
        assert_eq!(size(&PASSWD_FIELDS), 0x106);
        assert_eq!(size(&RPING_FIELDS), 24);
        assert_eq!(size(&SNMP_FIELDS), 332 - 2, "two octets more fill the last word");
    }
}
