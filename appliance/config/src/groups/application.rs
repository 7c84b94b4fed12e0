//! `<application>`: the interfaces for applications and messages.

use crate::spec::{Alias, group};
use crate::value::{LoginPassword, Name};

group! { "application."
    /// Switch the XML-RPC application interface on.
    ENABLE_RPC: bool = "false" at "enable_rpc" [.later()]

    /// Switch the MSF (text/messaging) application interface on.
    ENABLE_MSF: bool = "false" at "enable_msf" [.ip().later()]

    /// Server relays handset-to-handset messages itself instead of leaving them to an application.
    INTERNAL_MESSAGING: bool = "true" at "internal_messaging"
        [.default_on_rack("false").twins(&[Alias::spelling("system_event.msf_between_pp")]).ip().later()]

    /// Password an application must give at session_login.
    PASSWORD: LoginPassword = "" at "password" [.secret().later()]

    /// User name an application must give at session_login.
    USERNAME: Name = "GW-DECT/admin" at "username" [.later()]
}
