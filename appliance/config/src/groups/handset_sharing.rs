//! `<Handset_sharing>`: texts and times of the sharing feature of a 2500 or 8000.

use crate::spec::group;
use crate::value::{Flags, Hours, Minutes, Text};

group! { "Handset_sharing."
    /// What a handset shows when another user has taken its line.
    DE_ASSIGN1: Text = "Logged out by another user" at "deAssign1" [.rack().hidden()]

    /// What a handset shows when its time together with others on a line is over.
    DE_ASSIGN2: Text = "Logged out by coexist timer" at "deAssign2" [.rack().hidden()]

    /// What a handset shows when its user was logged out by placing it in a charger.
    DE_ASSIGN3: Text = "Logged out by charger" at "deAssign3" [.rack().hidden()]

    /// What begins a login or logout, as bits: 0x01 only multi chargers (0x00 is any charger), 0x02 no charger, 0x04 switching on and off, 0x08 a long press of 8.
    HS_REACT_MULTICHARGER: Flags = "0x01" at "hs_react_multicharger"
        [.range(0, 0x0f).rack().hidden()]

    /// What a handset shows when the wanted extension is busy.
    LINEBUSY: Text = "Extension busy" at "linebusy" [.rack().hidden()]

    /// How many handsets may hold one line. All of them ring and get messages; one has a call.
    MAX_SIMUL_USERS: u8 = "1" at "max_simul_users" [.unit("users").range(1, 3).rack().hidden()]

    /// How a handset asks for the extension.
    TEXT1: Text = "Enter Extension" at "text1" [.rack().hidden()]

    /// How a handset asks for the extension again.
    TEXT2: Text = "Failed: re-enter DN" at "text2" [.rack().hidden()]

    /// How a handset asks for the password.
    TEXT3: Text = "Enter Password" at "text3" [.rack().hidden()]

    /// How a handset asks for the password again.
    TEXT4: Text = "Failed: re-enter password" at "text4" [.rack().hidden()]

    /// How long a handset stays with a line.
    TIMEOUT_ASSIGNED: Hours = "24" at "timeout_assigned" [.range(0, 240).rack().hidden()]

    /// How long several handsets may hold one line; then the oldest goes.
    TIMEOUT_SIMUL_USERS: Minutes = "5" at "timeout_simul_users" [.range(0, 240).rack().hidden()]
}
