//! `<snmp>`: the agent for network management.

use crate::spec::group;
use crate::value::{Host, Password, Text};

group! { "snmp."
    /// Whether the server answers SNMP.
    ENABLE: bool = "false" at "enable" [.ip()]

    /// What an asker of version 1 or 2c must say. Empty means that nobody may ask so.
    COMMUNITY: Password = "" at "community" [.secret().ip()]

    /// Whom to ask about the server.
    SYSCONTACT: Text = "" at "syscontact" [.ip()]

    /// Where the server stands.
    SYSLOCATION: Text = "" at "syslocation" [.ip()]

    /// What traps carry.
    TRAPCOMMUNITY: Password = "" at "trapcommunity" [.secret().ip()]

    /// Where traps go. Empty means nowhere.
    TRAPHOST: Host = "" at "traphost" [.ip()]
}
