//! `<msf>`: long presses of keys on a 2500 or 8000.

use crate::spec::group;

group! { "msf."
    /// Whether a long press of 0 is for the server (the phonebook); else an application hears it.
    LOCAL_LONGPRESS_0: bool = "true" at "local_longpress_0" [.rack()]

    /// Whether a long press of 1 is for the server (the phonebook); else an application hears it.
    LOCAL_LONGPRESS_1: bool = "true" at "local_longpress_1" [.rack()]

    /// Whether a long press of 2 is for the server (the phonebook); else an application hears it.
    LOCAL_LONGPRESS_2: bool = "true" at "local_longpress_2" [.rack()]

    /// Whether a long press of 3 is for the server (the phonebook); else an application hears it.
    LOCAL_LONGPRESS_3: bool = "true" at "local_longpress_3" [.rack()]

    /// Whether a long press of 4 is for the server (the phonebook); else an application hears it.
    LOCAL_LONGPRESS_4: bool = "true" at "local_longpress_4" [.rack()]

    /// Whether a long press of 5 is for the server (the phonebook); else an application hears it.
    LOCAL_LONGPRESS_5: bool = "true" at "local_longpress_5" [.rack()]

    /// Whether a long press of 6 is for the server (nothing); else an application hears it.
    LOCAL_LONGPRESS_6: bool = "true" at "local_longpress_6" [.rack()]

    /// Whether a long press of 7 is for the server (the master handset); else an application hears it.
    LOCAL_LONGPRESS_7: bool = "true" at "local_longpress_7" [.rack()]

    /// Whether a long press of 8 is for the server (handset sharing); else an application hears it.
    LOCAL_LONGPRESS_8: bool = "true" at "local_longpress_8" [.rack()]

    /// Whether a long press of 9 is for the server (signing in and out of Skype for Business); else an application hears it.
    LOCAL_LONGPRESS_9: bool = "true" at "local_longpress_9" [.rack()]
}
