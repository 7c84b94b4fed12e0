//! Numbers of options (RFC 2132 and others) that are asked for or sent.

/// Subnet mask.
pub const MASK: u8 = 1;
/// Routers, the first first.
pub const ROUTERS: u8 = 3;
/// Servers for names.
pub const DNS: u8 = 6;
/// Name of the client.
pub const HOST_NAME: u8 = 12;
/// Domain of the client.
pub const DOMAIN: u8 = 15;
/// Largest packet of the interface.
pub const MTU: u8 = 26;
/// Servers for the time.
pub const NTP: u8 = 42;
/// What the vendor has agreed with itself.
pub const VENDOR: u8 = 43;
/// The address that the client wants.
pub const REQUESTED: u8 = 50;
/// Seconds that the address may be used.
pub const LEASE_TIME: u8 = 51;
/// Options go on in the fields `file` (1), `sname` (2), or both (3).
pub const OVERLOAD: u8 = 52;
/// What the message is.
pub const KIND: u8 = 53;
/// Which server is meant.
pub const SERVER: u8 = 54;
/// Options that the client asks for.
pub const WANTED: u8 = 55;
/// A sentence for a person.
pub const MESSAGE: u8 = 56;
/// Largest message that the client takes.
pub const SIZE_MAX: u8 = 57;
/// Seconds until the lease is to be renewed.
pub const T1: u8 = 58;
/// Seconds until any server is to be asked.
pub const T2: u8 = 59;
/// Kind of the client.
pub const VENDOR_CLASS: u8 = 60;
/// Who the client is (RFC 4361).
pub const CLIENT_ID: u8 = 61;
/// The server for provisioning: a name, an address, or a whole URL.
pub const TFTP_SERVER: u8 = 66;
/// A file there.
pub const BOOT_FILE: u8 = 67;
/// Time zone as a rule of POSIX (RFC 4833).
pub const ZONE_POSIX: u8 = 100;
/// Time zone by its name (RFC 4833).
pub const ZONE_NAME: u8 = 101;
/// Routes without classes (RFC 3442).
pub const ROUTES: u8 = 121;
/// Addresses of servers for provisioning (RFC 5859).
pub const TFTP_ADDRESSES: u8 = 150;

/// What the client asks for. Routes without classes come before routers (RFC 3442).
pub const ALL_WANTED: &[u8] = &[
    MASK,
    ROUTES,
    ROUTERS,
    DNS,
    HOST_NAME,
    DOMAIN,
    MTU,
    NTP,
    VENDOR,
    LEASE_TIME,
    SERVER,
    T1,
    T2,
    TFTP_SERVER,
    BOOT_FILE,
    ZONE_POSIX,
    ZONE_NAME,
    TFTP_ADDRESSES,
];
