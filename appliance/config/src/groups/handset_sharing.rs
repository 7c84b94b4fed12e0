//! `<Handset_sharing>`: texts and times of the sharing feature of a 2500 or 8000.

use crate::spec::group;
use crate::value::{Flags, Hours, Minutes, Text};

group! { "Handset_sharing."
    /// Handset text when another user took the line.
    DE_ASSIGN1: Text = "Logged out by another user" at "deAssign1" [.rack().hidden()]

    /// Handset text when the coexistence timer ended the login.
    DE_ASSIGN2: Text = "Logged out by coexist timer" at "deAssign2" [.rack().hidden()]

    /// Handset text when placing it in a charger logged it out.
    DE_ASSIGN3: Text = "Logged out by charger" at "deAssign3" [.rack().hidden()]

    /// What starts login/logout: any charger, multi-charger only, nothing, power on/off, long press of 8.
    HS_REACT_MULTICHARGER: Flags = "0x01" at "hs_react_multicharger" [.range(0, 0x0f).rack().hidden()]

    /// Handset text when the wanted extension is busy.
    LINEBUSY: Text = "Extension busy" at "linebusy" [.rack().hidden()]

    /// How many handsets may hold one line; all ring and get messages, one call at a time.
    MAX_SIMUL_USERS: u8 = "1" at "max_simul_users" [.unit("users").range(1, 3).rack().hidden()]

    /// Prompt for the extension.
    TEXT1: Text = "Enter Extension" at "text1" [.rack().hidden()]

    /// Prompt after a wrong extension.
    TEXT2: Text = "Failed: re-enter DN" at "text2" [.rack().hidden()]

    /// Prompt for the password.
    TEXT3: Text = "Enter Password" at "text3" [.rack().hidden()]

    /// Prompt after a wrong password.
    TEXT4: Text = "Failed: re-enter password" at "text4" [.rack().hidden()]

    /// How long a handset stays assigned to a line.
    TIMEOUT_ASSIGNED: Hours = "24" at "timeout_assigned" [.range(0, 240).rack().hidden()]

    /// How long several handsets may coexist on a line; the oldest goes first.
    TIMEOUT_SIMUL_USERS: Minutes = "5" at "timeout_simul_users" [.range(0, 240).rack().hidden()]
}
