//! `<sip>`: how the server speaks to the SIP proxy.

use crate::spec::{Alias, Applies, group};
use crate::value::{
    Codecs, DetachAction, DnsMethod, Domain, Host, Milliseconds, Name, ProxyPort, ProxyUri, Ptime,
    Seconds, Secret, Transport,
};

group! { "sip"
    /// Port for SIP on this server.
    LOCALPORT: u16 = "5060" at "localport" [.range(1, 65_535).applies(Applies::Restart)]

    /// What carries SIP requests.
    TRANSPORT: Transport = "udp" at "transport" [.applies(Applies::Restart).was(&[
        Alias { path: "sip.proxy.transport", convert: transport_of_old },
    ])]

    /// How the names of SIP servers are looked up.
    DNSMETHOD: DnsMethod = "arecord" at "dnsmethod" [.applies(Applies::NextRegistration)]

    /// Domain of the users that have none of their own.
    DEFAULTDOMAIN: Domain = "example.com" at "defaultdomain" [.applies(Applies::NextRegistration)]

    /// Seconds between renewals of a handset's SIP registration.
    REGISTRATION_EXPIRE: Seconds = "3600" at "registration_expire"
        [.range(60, 86_400).applies(Applies::NextRegistration)]

    /// How many hops a request may take.
    MAXFORWARDS: u8 = "70" at "maxforwards" [.range(1, 255)]

    /// Milliseconds until a request without an answer counts as failed (timers B and F).
    CLIENT_TRANSACTION_TIMEOUT: Milliseconds = "16000" at "client_transaction_timeout"
        [.range(1000, 32_000)]

    /// Each user registers from a port of its own.
    SEPARATE_ENDPOINT_PORTS: bool = "false" at "separate_endpoint_ports" [.later()]

    /// The Contact carries the port of the TCP connection.
    TCP_CONTACT_EPHEMERAL_PORT: bool = "false" at "tcp_contact_ephemeral_port" [.later()]

    /// With TLS, whether UDP and TCP may stand in where it fails.
    TLS_ALLOW_INSECURE: bool = "false" at "tls_allow_insecure" [.later()]

    /// With TLS, whether addresses are written as sips: URIs.
    USE_SIPS_URI: bool = "true" at "use_sips_uri" [.later()]

    /// Everything goes to the registrar in use.
    SEND_TO_CURRENT_REGISTRAR: bool = "false" at "send_to_current_registrar" [.later()]

    /// A GRUU is asked for and used.
    GRUU: bool = "true" at "gruu" [.later()]

    /// TOS octet of SIP packets.
    TOS: u8 = "96" at "tos" [.range(0, 255).applies(Applies::Restart)]

    /// Whether switching a handset off takes its registration back.
    DECT_DETACH_ACTION: DetachAction = "ignore" at "dect_detach_action"

    /// The # key ends overlap dialling.
    POUND_DIALS_OVERLAP: bool = "false" at "pound_dials_overlap" [.applies(Applies::NextCall)]

    /// SIP proxy: a host name, an address or a SIP URI. The first is tried first unless the priorities say otherwise.
    PROXY_DOMAIN: Option<ProxyUri> = "" at "proxy.domain"
        [.each(PROXIES).applies(Applies::NextRegistration)]

    /// Port of the proxy. 0 asks the DNS or takes the transport's own.
    PROXY_PORT: ProxyPort = "0" at "proxy.port"
        [.each(PROXIES).range(0, 65_535).applies(Applies::NextRegistration)]

    /// Lower is preferred, higher stands in when it fails.
    PROXY_PRIORITY: u16 = "1" at "proxy.priority"
        [.each(PROXIES).defaults(&["1", "2", "3", "4"]).range(0, 65_535)
         .applies(Applies::NextRegistration)]

    /// Share among proxies of equal priority.
    PROXY_WEIGHT: u16 = "100" at "proxy.weight"
        [.each(PROXIES).range(0, 65_535).applies(Applies::NextRegistration)]

    /// Authentication user of the users that have none of their own. Empty means each user's name.
    AUTH_USERNAME: Name = "" at "auth.username" [.applies(Applies::NextRegistration)]

    /// Authentication password of the users that have none of their own.
    AUTH_PASSWORD: Secret = "" at "auth.password" [.secret().applies(Applies::NextRegistration)]

    /// Authentication realm that is answered. Empty means any.
    AUTH_REALM: Name = "" at "auth.realm" [.later()]

    /// Keys in a call are sent as RTP events.
    DTMF_RTP: bool = "true" at "dtmf.rtp" [.applies(Applies::NextCall)]

    /// Payload type offered for RTP events.
    DTMF_RTP_PAYLOAD_TYPE: u8 = "96" at "dtmf.rtp_payload_type"
        [.range(96, 127).applies(Applies::NextCall).was(&[
            Alias { path: "sip.dtmf.rtp_payloadtype", convert: |text| Some(text) },
        ])]

    /// Keys in a call are sent as SIP INFO.
    DTMF_INFO: bool = "false" at "dtmf.info" [.applies(Applies::NextCall)]

    /// Milliseconds that a key sounds.
    DTMF_DURATION: Milliseconds = "270" at "dtmf.duration"
        [.range(40, 5000).applies(Applies::NextCall)]

    /// Codecs in order of preference: 1 is G.711 mu-law, 2 G.711 A-law, 64 G.726, 1024 G.729A, 0 none.
    MEDIA_CODECS: Codecs = "64,1,2,0,0,0" at "media.codecs" [.applies(Applies::NextCall)]

    /// First port for speech.
    MEDIA_PORT: u16 = "58000" at "media.port" [.range(1024, 65_532).applies(Applies::Restart)]

    /// Milliseconds of speech in a packet.
    MEDIA_PTIME: Ptime = "20" at "media.ptime" [.applies(Applies::NextCall)]

    /// TOS octet of speech packets.
    MEDIA_TOS: u8 = "184" at "media.tos" [.range(0, 255).applies(Applies::Restart)]

    /// An SDP answer holds one codec only.
    MEDIA_SDP_ANSWER_SINGLE: bool = "false" at "media.sdp_answer_single" [.later()]

    /// An SDP answer follows our order of codecs instead of the offer's.
    MEDIA_SDP_ANSWER_WITH_PREFERRED: bool = "false" at "media.sdp_answer_with_preferred" [.later()]

    /// The version in a received SDP is not looked at.
    MEDIA_SDP_IGNORE_VERSION: bool = "false" at "media.sdp_ignore_version" [.later()]

    /// Holding a call says sendonly; else inactive.
    MEDIA_SDP_HOLD_ATTRIBUTE_SENDONLY: bool = "true" at "media.sdp_hold_attribute_sendonly"
        [.later()]

    /// Holding a call says the address 0.0.0.0, as of old.
    MEDIA_SDP_HOLD_NULL_CONNECTION: bool = "false" at "media.sdp_hold_null_connection" [.later()]

    /// Speech is sent back to where it comes from.
    MEDIA_SYMMETRIC: bool = "true" at "media.symmetric" [.later()]

    /// ICE is used.
    MEDIA_ICE_ENABLE: bool = "false" at "media.ice.enable" [.later()]

    /// TURN is used.
    MEDIA_TURN_ENABLE: bool = "false" at "media.turn.enable" [.later()]

    /// TURN server.
    MEDIA_TURN_SERVER: Host = "" at "media.turn.server" [.later()]

    /// TURN user. Empty means the user's authentication user.
    MEDIA_TURN_USERNAME: Name = "" at "media.turn.username" [.later()]

    /// TURN password. Empty means the user's authentication password.
    MEDIA_TURN_PASSWORD: Secret = "" at "media.turn.password" [.secret().later()]

    /// SRTP is offered and accepted.
    MEDIA_SRTP_ENABLE: bool = "true" at "media.srtp.enable" [.later()]

    /// A call fails when SRTP cannot be agreed.
    MEDIA_SRTP_REQUIRED: bool = "false" at "media.srtp.required" [.later()]

    /// An offer of SRTP carries the lifetime of its key.
    MEDIA_SRTP_LIFETIME: bool = "false" at "media.srtp.lifetime" [.later()]

    /// An offer of SRTP carries a master key identifier.
    MEDIA_SRTP_MKI: bool = "false" at "media.srtp.mki" [.later()]

    /// A second call is announced during the first.
    CALLWAITING: bool = "true" at "callwaiting" [.later()]

    /// The state of a call is shown on the handset.
    SHOWSTATUSTEXT: bool = "true" at "showstatustext" [.later()]

    /// A handset that is put on hold hears a tone.
    ONHOLDTONE: bool = "true" at "onholdtone" [.later()]
}

/// How many proxies there can be.
pub const PROXIES: u8 = 4;

/// An older place of the setting named the transport with "only" behind it.
fn transport_of_old(text: &str) -> Option<&str> {
    match text {
        "UDPonly" => Some("udp"),
        "TCPonly" => Some("tcp"),
        "TLSonly" => Some("tls"),
        _ => None,
    }
}
