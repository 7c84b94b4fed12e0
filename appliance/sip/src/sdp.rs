//! Sessions as this product offers and answers them (RFC 3264, RFC 4566).

/// A session description; the syntax is `sdp-types`', what it means is worked out here.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {}
