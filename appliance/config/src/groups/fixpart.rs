//! `<fixpart>`: what no guide knows; ours.

use crate::spec::{Alias, Applies, group};
use crate::value::{
    FileName, Hosts, Model, Name, Networks, Password, Seconds, SnmpAuth, SnmpPrivacy,
    SnmpTrapVersion, SyslogTransport, Text,
};
use ident::{Ari, Ipei};
use std::net::{IpAddr, Ipv4Addr};

group! { "fixpart."
    /// The identity that was assigned to this system, in hexadecimal: eight digits, ten for class A. Empty means the one that was written into the box at manufacture; without either the radio stays off.
    ARI: Option<Ari> = "" at "ari" [.applies(Applies::Restart)]

    /// The address of this server towards base stations and PBX. Empty means the address that the system would use to reach the first proxy.
    ADDRESS: Option<IpAddr> = "" at "address" [.applies(Applies::Restart)]

    /// Whether base stations may come in by TLS with a certificate of this server.
    TLS_ENABLE: bool = "true" at "door.tls.enable" [.applies(Applies::Restart)]

    /// The port of the TLS door.
    TLS_PORT: u16 = "16322" at "door.tls.port" [.range(1, 65_535).applies(Applies::Restart)]

    /// Whether base stations may come in by the Blowfish login. Experimental: nobody has run it on hardware yet.
    BLOWFISH_ENABLE: bool = "false" at "door.blowfish.enable" [.applies(Applies::Restart)]

    /// The port of the Blowfish door.
    BLOWFISH_PORT: u16 = "16321" at "door.blowfish.port"
        [.range(1, 65_535).applies(Applies::Restart)]

    /// Whether a base station that is not known yet is taken in. Else it is listed and refused until it is approved.
    ALLOW_NEW_RFP: bool = "false" at "door.allow_new_rfp"

    /// Whether the base-station link is written to a file in clear, for Wireshark.
    MIRROR_ENABLE: bool = "false" at "mirror.enable" [.applies(Applies::Restart)]

    /// The name of that file in the state folder.
    MIRROR_FILE: FileName = "link.pcapng" at "mirror.file" [.applies(Applies::Restart)]

    /// The one test handset whose keys the mirror shows. With these its access code can be computed.
    MIRROR_UNMASKED_IPEI: Option<Ipei> = "" at "mirror.unmasked_ipei"
        [.applies(Applies::Restart)]

    /// How many ports from sip.media.port on may carry speech; a call takes four.
    MEDIA_PORTS: u16 = "4000" at "media.ports" [.range(4, 60_000).applies(Applies::Restart)]

    /// How many first registrations per second are sent after a start, over all users.
    REGISTERS_PER_SECOND: u32 = "200" at "sip.registers_per_second"
        [.range(1, 10_000).applies(Applies::Restart)]

    /// How long a handset rings before its caller is told that nobody answers.
    RING_TIMEOUT: Seconds = "180" at "ring_timeout" [.range(5, 600).applies(Applies::NextCall)]

    /// The server that is asked for names when network.dns1 and network.dns2 are silent.
    DNS3: Option<Ipv4Addr> = "" at "network.dns3" [.was(&[
        Alias::spelling("network.dns3"),
    ])]

    /// Which server of the family this one is, and so how many users it takes. Empty means the largest.
    MODEL: Option<Model> = "" at "model"

    /// Whether handsets are authenticated by DSAA2 where they can. Nobody has run it with a handset yet.
    DSAA2: bool = "false" at "dect.dsaa2" [.later()]

    /// What carries syslog messages to log.syslog.host.
    SYSLOG_TRANSPORT: SyslogTransport = "udp" at "syslog.transport"

    /// The certificates, in PEM, one of which must have signed that of the syslog server. Empty means those that the server comes with.
    SYSLOG_CA: Text = "" at "syslog.ca"

    /// Certificates, in PEM, that are trusted beside those that the server comes with.
    CERTIFICATES_CA: Text = "" at "certificates.ca" [.later()]

    /// A user of SNMPv3. Empty means that there is none.
    SNMP_USER: Name = "" at "snmp.user" [.each(SNMP_USERS)]

    /// How that user proves who it is.
    SNMP_AUTH: SnmpAuth = "sha256" at "snmp.auth" [.each(SNMP_USERS)]

    /// The password for that.
    SNMP_AUTH_PASSWORD: Password = "" at "snmp.auth_password" [.each(SNMP_USERS).secret()]

    /// How what that user says is hidden.
    SNMP_PRIVACY: SnmpPrivacy = "aes128" at "snmp.privacy" [.each(SNMP_USERS)]

    /// The password for that.
    SNMP_PRIVACY_PASSWORD: Password = "" at "snmp.privacy_password"
        [.each(SNMP_USERS).secret()]

    /// The port where SNMP is answered.
    SNMP_PORT: u16 = "161" at "snmp.port" [.range(1, 65_535)]

    /// The networks from which SNMP is answered, with commas between. Empty means those of fixpart.management.networks.
    SNMP_NETWORKS: Networks = "" at "snmp.networks"

    /// The version of the traps that snmp.traphost gets: 2c with snmp.trapcommunity, 3 as the first of the users of SNMPv3.
    SNMP_TRAP_VERSION: SnmpTrapVersion = "2c" at "snmp.trap.version"

    /// Whether traps are repeated until snmp.traphost has confirmed them (informs).
    SNMP_TRAP_CONFIRMED: bool = "false" at "snmp.trap.confirmed"

    /// The port of snmp.traphost.
    SNMP_TRAP_PORT: u16 = "162" at "snmp.trap.port" [.range(1, 65_535)]

    /// What an API token is for, in the administrator's words.
    API_NAME: Name = "" at "api.name" [.each(API_TOKENS).later()]

    /// The token that a program shows to use the API. Empty means that there is none.
    API_TOKEN: Password = "" at "api.token" [.each(API_TOKENS).secret().later()]

    /// Further servers that are asked for the time, beside network.ntp, with commas between. With three, one that is wrong is found out.
    NTP_SERVERS: Hosts = "" at "ntp.servers"

    /// Whether base stations and others in the network are told the time by NTP, on port 123.
    NTP_SERVE: bool = "false" at "ntp.serve"

    /// The networks from which the server may be managed, with commas between. Empty means any.
    MANAGEMENT_NETWORKS: Networks = "" at "management.networks"
}

/// How many users of SNMPv3 there can be.
pub const SNMP_USERS: u8 = 4;
/// How many API tokens there can be.
pub const API_TOKENS: u8 = 8;
