//! `<media_resource>`: a built-in media resource.

use crate::spec::{Applies, group};
use crate::value::Text;
use std::net::IpAddr;

group! { "media_resource."
    /// Whether the server itself is a media resource.
    ENABLED: bool = "true" at "enabled" [.ip().later()]

    /// The server that a media resource belongs to.
    SERVER: Option<IpAddr> = "" at "server" [.applies(Applies::Restart).later()]

    /// The name of the media resource.
    NAME: Text = "" at "name" [.ip().later()]
}
