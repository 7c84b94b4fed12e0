//! `<snmp>`: the agent for network management.

use crate::spec::group;
use crate::value::{Host, Password, Text};

group! { "snmp."
    /// SNMP agent.
    ENABLE: bool = "false" at "enable" [.ip().later()]

    /// Read community.
    COMMUNITY: Password = "" at "community" [.secret().ip().later()]

    /// Contact person.
    SYSCONTACT: Text = "" at "syscontact" [.ip().later()]

    /// Place.
    SYSLOCATION: Text = "" at "syslocation" [.ip().later()]

    /// Trap community.
    TRAPCOMMUNITY: Password = "" at "trapcommunity" [.secret().ip().later()]

    /// Trap receiver.
    TRAPHOST: Host = "" at "traphost" [.ip().later()]
}
