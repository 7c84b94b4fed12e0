//! `<media_resource>`: a built-in media resource.

use crate::spec::{Applies, group};
use crate::value::Text;
use std::net::IpAddr;

group! { "media_resource."
    /// Built-in media resource in use.
    ENABLED: bool = "true" at "enabled" [.ip().later()]

    /// Address of the server this media resource belongs to.
    SERVER: Option<IpAddr> = "" at "server" [.applies(Applies::Restart).later()]

    /// Name of the media resource.
    NAME: Text = "" at "name" [.ip().later()]
}
