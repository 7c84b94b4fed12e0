//! `<sip>`: how the server speaks to the SIP proxy.

use crate::spec::{Alias, Applies, group};
use crate::value::{
    Codecs, DetachAction, DnsMethod, EvenPort, Host, Milliseconds, Name, NatKeepalive, Password,
    ProxyPort, ProxyUri, Ptime, Seconds, Text, Transport,
};

group! { "sip."
    /// Port for SIP on this server.
    LOCALPORT: u16 = "5060" at "localport" [.range(1, 65_535).applies(Applies::Restart)]

    /// What carries SIP requests.
    TRANSPORT: Transport = "udp" at "transport" [.applies(Applies::Restart).was(&[
        Alias { path: "sip.proxy.transport", convert: transport_of_old },
    ])]

    /// How the names of SIP servers are looked up.
    DNSMETHOD: DnsMethod = "arecord" at "dnsmethod" [.applies(Applies::NextRegistration)]

    /// Domain of the users that have none of their own.
    DEFAULTDOMAIN: Host = "example.com" at "defaultdomain" [.applies(Applies::NextRegistration)]

    /// Seconds between renewals of a handset's SIP registration.
    REGISTRATION_EXPIRE: Seconds = "3600" at "registration_expire"
        [.about(60, 86_400).applies(Applies::NextRegistration)]

    /// How many hops a request may take.
    MAXFORWARDS: u8 = "70" at "maxforwards" [.about(1, 255)]

    /// Milliseconds until a request without an answer counts as failed (timers B and F).
    CLIENT_TRANSACTION_TIMEOUT: Milliseconds = "16000" at "client_transaction_timeout"
        [.about(1000, 32_000)]

    /// Each user registers from a port of its own.
    SEPARATE_ENDPOINT_PORTS: bool = "false" at "separate_endpoint_ports" [.later().was(&[
        Alias::spelling("sip.seperate_endpoint_ports"),
    ])]

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
    DECT_DETACH_ACTION: DetachAction = "ignore" at "dect_detach_action" [.safe_default()]

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
    AUTH_PASSWORD: Password = "" at "auth.password" [.secret().applies(Applies::NextRegistration)]

    /// Authentication realm that is answered. Empty means any.
    AUTH_REALM: Name = "" at "auth.realm" [.later()]

    /// Keys in a call are sent as RTP events.
    DTMF_RTP: bool = "true" at "dtmf.rtp" [.applies(Applies::NextCall)]

    /// Payload type offered for RTP events.
    DTMF_RTP_PAYLOAD_TYPE: u8 = "96" at "dtmf.rtp_payload_type"
        [.about(96, 127).applies(Applies::NextCall).was(&[
            Alias::spelling("sip.dtmf.rtp_payloadtype"),
        ])]

    /// Keys in a call are sent as SIP INFO.
    DTMF_INFO: bool = "false" at "dtmf.info" [.applies(Applies::NextCall)]

    /// Milliseconds that a key sounds.
    DTMF_DURATION: Milliseconds = "270" at "dtmf.duration"
        [.about(40, 5000).applies(Applies::NextCall)]

    /// Codecs in order of preference: 1 is G.711 mu-law, 2 G.711 A-law, 64 G.726, 1024 G.729A, 0 none.
    MEDIA_CODECS: Codecs = "64,1,2,0,0,0" at "media.codecs" [.applies(Applies::NextCall)]

    /// First port for speech.
    MEDIA_PORT: EvenPort = "58000" at "media.port" [.about(1024, 65_532).applies(Applies::Restart)]

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
        [.hidden().later()]

    /// Holding a call says the address 0.0.0.0, as of old.
    MEDIA_SDP_HOLD_NULL_CONNECTION: bool = "false" at "media.sdp_hold_null_connection"
        [.hidden().later()]

    /// Speech is sent back to where it comes from.
    MEDIA_SYMMETRIC: bool = "true" at "media.symmetric" [.ip().later()]

    /// ICE is used.
    MEDIA_ICE_ENABLE: bool = "false" at "media.ice.enable" [.later()]

    /// TURN is used.
    MEDIA_TURN_ENABLE: bool = "false" at "media.turn.enable" [.later()]

    /// TURN server.
    MEDIA_TURN_SERVER: Host = "" at "media.turn.server" [.later()]

    /// TURN user. Empty means the user's authentication user.
    MEDIA_TURN_USERNAME: Name = "" at "media.turn.username" [.later()]

    /// TURN password. Empty means the user's authentication password.
    MEDIA_TURN_PASSWORD: Password = "" at "media.turn.password" [.secret().later()]

    /// SRTP is offered and accepted.
    MEDIA_SRTP_ENABLE: bool = "true" at "media.srtp.enable" [.hidden().later()]

    /// A call fails when SRTP cannot be agreed.
    MEDIA_SRTP_REQUIRED: bool = "false" at "media.srtp.required" [.hidden().later()]

    /// An offer of SRTP carries the lifetime of its key.
    MEDIA_SRTP_LIFETIME: bool = "false" at "media.srtp.lifetime" [.hidden().later()]

    /// An offer of SRTP carries a master key identifier.
    MEDIA_SRTP_MKI: bool = "false" at "media.srtp.mki" [.hidden().later()]

    /// A second call is announced during the first.
    CALLWAITING: bool = "true" at "callwaiting" [.later()]

    /// The state of a call is shown on the handset.
    SHOWSTATUSTEXT: bool = "true" at "showstatustext" [.later()]

    /// A handset that is put on hold hears a tone.
    ONHOLDTONE: bool = "true" at "onholdtone" [.later()]

    /// The default address is used as TURN server.
    MEDIA_DEFAULT_RELAY: bool = "false" at "media.default_relay" [.hidden().later()]

    /// STUN is used.
    MEDIA_RFC3489: bool = "true" at "media.rfc3489" [.hidden().later()]

    /// The priority of speech in the tag of the VLAN (802.1p).
    MEDIA_VLAN_COS: u8 = "5" at "media.vlan_cos" [.range(0, 7).applies(Applies::Restart).later()]

    /// Whoever is held hears music.
    MUSIC_ON_HOLD: bool = "false" at "music_on_hold" [.later()]

    /// Handsets show that messages wait.
    MWI_ENABLE: bool = "true" at "mwi.enable" [.later()]

    /// Seconds between renewals of the subscription for that.
    MWI_EXPIRE: Seconds = "3600" at "mwi.expire"
        [.about(60, 86_400).applies(Applies::NextRegistration).later()]

    /// The server subscribes for that; else the PBX tells unasked.
    MWI_SUBSCRIBE: bool = "false" at "mwi.subscribe" [.later()]

    /// The priority of SIP in the tag of the VLAN (802.1p).
    VLAN_COS: u8 = "3" at "vlan_cos" [.range(0, 7).applies(Applies::Restart).hidden().later()]

    /// SIP as Microsoft Lync speaks it.
    LYNC_ENABLED: bool = "false" at "lync.enabled" [.hidden().later()]

    /// The server is a trusted one of Lync.
    LYNC_TRUSTED: bool = "false" at "lync.trusted" [.hidden().later()]

    /// Calls between handsets are switched here while no proxy answers.
    ALLOW_INTERNAL_ROUTING_FALLBACK: bool = "false" at "allow_internal_routing_fallback"
        [.ip().later()]

    /// How many registrations wait for an answer at a time.
    MAX_PENDING_REGISTRATIONS: u16 = "1" at "max_pending_registrations"
        [.about(1, 10_000).applies(Applies::NextRegistration).ip().later()]

    /// Seconds for which a proxy that does not answer is passed over.
    BLACKLIST_TIMEOUT: Seconds = "30" at "blacklist_timeout" [.about(1, 86_400).ip().later()]

    /// What keeps the way through a NAT open.
    NAT_KEEPALIVE: NatKeepalive = "CRLF (rfc5626) [TCP only]" at "nat_keepalive" [.ip().later()]

    /// Seconds between two of those.
    NAT_KEEPALIVE_INTERVAL: Seconds = "30" at "nat_keepalive_interval"
        [.about(1, 3600).ip().later()]

    /// A call is held before it is transferred.
    SEND_HOLD_BEFORE_REFER: bool = "false" at "send_hold_before_refer" [.ip().later()]

    /// A call is ended as soon as it is transferred.
    SEND_BYE_WITH_REFER: bool = "false" at "send_bye_with_refer" [.ip().later()]

    /// A handset shows the number of a SIP URI instead of the whole.
    CONVERT_URI_TO_NUMBER: bool = "false" at "convert_uri_to_number" [.ip().later()]

    /// What the header Alert-Info does.
    ALERT_INFO: Text = "" at "alert_info" [.ip().later()]

    /// Which incoming calls ring as internal ones.
    INTERNAL_RINGTONES_INCOMING: Text = "" at "internal_ringtones_incoming" [.ip().later()]

    /// Which incoming calls are answered by themselves.
    AUTO_ANSWER_INCOMING: Text = "" at "auto_answer_incoming" [.ip().later()]

    /// A certificate of a PBX may have an asterisk for its host.
    TLS_ALLOW_WILDCARD_CERTIFICATE: bool = "false" at "tls_allow_wildcard_certificate"
        [.ip().later()]

    /// A handset goes off hook by itself where the PBX asks for it.
    ALLOW_AUTOMATIC_OFFHOOK: bool = "false" at "allow_automatic_offhook" [.ip().later()]

    /// The shortest delay by which differences in arrival are made even.
    MEDIA_JITTER_MIN: Milliseconds = "10" at "media.jitter_min"
        [.about(0, 10_000).applies(Applies::NextCall).ip().later()]

    /// The longest delay by which differences in arrival are made even.
    MEDIA_JITTER_MAX: Milliseconds = "500" at "media.jitter_max"
        [.about(0, 10_000).applies(Applies::NextCall).ip().later()]

    /// G.729 is offered under the name G729A, too.
    MEDIA_ADD_G729A: bool = "false" at "media.add_g729a" [.ip().later()]
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
