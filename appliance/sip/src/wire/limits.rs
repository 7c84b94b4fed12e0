//! Bounds on what comes from outside. Nothing here is set by the standard; each is far above what peers send.

/// Octets of one message: what a UDP datagram can hold, and the same on connections.
pub const MESSAGE_MAX: usize = 65_535;

/// Octets of the start line; a URI of several kilobytes is an attack.
pub const START_LINE_MAX: usize = 8_192;

/// Octets of one header field with its continuation lines; certificates in Identity headers need some kilobytes.
pub const HEADER_MAX: usize = 16_384;

/// Continuation lines of one header field; the torture tests of RFC 4475 have at most four.
pub const FOLDS_MAX: usize = 64;

/// Header fields of one message; a Via chain of 70 hops with its Record-Routes stays below it.
pub const HEADERS_MAX: usize = 256;

/// Values of all comma separated header fields of one name.
pub const VALUES_MAX: usize = 256;

/// Parameters of one value.
pub const PARAMS_MAX: usize = 64;

/// Empty lines before a message; peers send one or two (RFC 3261 clause 7.5).
pub const LEADING_LINES_MAX: usize = 16;
