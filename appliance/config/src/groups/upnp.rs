//! `<upnp>`: how the server is found in the network.

use crate::spec::group;
use crate::value::Text;

group! { "upnp."
    /// Whether the server answers searches of UPnP.
    ENABLE: bool = "true" at "enable" [.later()]

    /// Whether the server announces itself by UPnP.
    BROADCAST: bool = "false" at "broadcast" [.later()]

    /// The name that the server has in UPnP. Empty means its model and serial number.
    NAME: Text = "" at "name" [.later()]
}
