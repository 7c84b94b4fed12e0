//! `<upnp>`: how the server is found in the network.

use crate::spec::group;
use crate::value::Text;

group! { "upnp."
    /// Answer UPnP searches.
    ENABLE: bool = "true" at "enable" [.later()]

    /// Announce by UPnP from time to time.
    BROADCAST: bool = "false" at "broadcast" [.later()]

    /// Friendly name for UPnP.
    NAME: Text = "" at "name" [.later()]
}
