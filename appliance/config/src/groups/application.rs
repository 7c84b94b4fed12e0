//! `<application>`: the interfaces for applications and messages.

use crate::spec::{Alias, group};
use crate::value::{LoginPassword, Name};

group! { "application."
    /// Whether applications may come in by XML-RPC.
    ENABLE_RPC: bool = "false" at "enable_rpc" [.later()]

    /// Whether applications may come in by MSF, for texts and messages.
    ENABLE_MSF: bool = "false" at "enable_msf" [.ip().later()]

    /// Whether the server itself passes messages from handset to handset; else an application does.
    INTERNAL_MESSAGING: bool = "true" at "internal_messaging"
        [.default_on_rack("false").twins(&[
            Alias::spelling("system_event.msf_between_pp"),
        ]).ip().later()]

    /// The password that an application signs in with. Those printed in the guides are refused.
    PASSWORD: LoginPassword = "" at "password" [.secret().later()]

    /// The name that an application signs in with.
    USERNAME: Name = "GW-DECT/admin" at "username" [.later()]
}
