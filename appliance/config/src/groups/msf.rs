//! `<msf>`: long presses of keys on a 2500 or 8000.

use crate::spec::group;

group! { "msf."
    /// Long press of key 0 handled in the server (Phonebook) or sent to the messaging application.
    LOCAL_LONGPRESS_0: bool = "true" at "local_longpress_0" [.rack()]

    /// Long press of key 1 handled in the server (Phonebook) or sent to the messaging application.
    LOCAL_LONGPRESS_1: bool = "true" at "local_longpress_1" [.rack()]

    /// Long press of key 2 handled in the server (Phonebook) or sent to the messaging application.
    LOCAL_LONGPRESS_2: bool = "true" at "local_longpress_2" [.rack()]

    /// Long press of key 3 handled in the server (Phonebook) or sent to the messaging application.
    LOCAL_LONGPRESS_3: bool = "true" at "local_longpress_3" [.rack()]

    /// Long press of key 4 handled in the server (Phonebook) or sent to the messaging application.
    LOCAL_LONGPRESS_4: bool = "true" at "local_longpress_4" [.rack()]

    /// Long press of key 5 handled in the server (Phonebook) or sent to the messaging application.
    LOCAL_LONGPRESS_5: bool = "true" at "local_longpress_5" [.rack()]

    /// Long press of key 6 handled in the server (not used) or sent to the messaging application.
    LOCAL_LONGPRESS_6: bool = "true" at "local_longpress_6" [.rack()]

    /// Long press of key 7 handled in the server (Master handset) or sent to the messaging application.
    LOCAL_LONGPRESS_7: bool = "true" at "local_longpress_7" [.rack()]

    /// Long press of key 8 handled in the server (Handset sharing) or sent to the messaging application.
    LOCAL_LONGPRESS_8: bool = "true" at "local_longpress_8" [.rack()]

    /// Long press of key 9 handled in the server (Skype for Business sign in/out) or sent to the messaging application.
    LOCAL_LONGPRESS_9: bool = "true" at "local_longpress_9" [.rack()]
}
