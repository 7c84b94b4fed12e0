//! `<dect>`: the radio side.

use crate::spec::{Alias, Applies, group};
use crate::value::{AccessCode, Encryption, Region};

group! { "dect"
    /// Whether a handset proves who it is at the start of each call.
    AUTH_CALL: bool = "true" at "auth_call" [.applies(Applies::NextCall)]

    /// The code a handset must know to subscribe, up to eight digits. A user's own code wins.
    ACCESSCODE: AccessCode = "" at "accesscode" [.secret().was(&[
        Alias { path: "system_event.system_access_code", convert: |text| Some(text) },
    ])]

    /// Whether speech is encrypted on the air. Enforced goes beyond GAP and ends the calls of handsets that cannot.
    ENCRYPT_VOICE_DATA: Encryption = "Disabled" at "encrypt_voice_data"
        [.applies(Applies::NextCall).was(&[
            Alias { path: "system_event.encrypt_voice_data", convert: encryption_by_number },
        ])]

    /// Whether handsets may subscribe.
    SUBSCRIPTION_ALLOWED: bool = "true" at "subscription_allowed"

    /// The band of the country the base stations are in. The radio stays off until it is set.
    FREQUENCY: Option<Region> = "" at "frequency" [.applies(Applies::Restart)]

    /// Whether handsets are told date and time.
    SEND_DATE_TIME: bool = "true" at "send_date_time" [.later()]

    /// Whether a user is made when an unknown handset subscribes.
    AUTO_CREATE_USERS: bool = "false" at "auto_create_users" [.later()]

    /// Whether handsets may show long messages and long call-back numbers.
    ALLOW_LONG_MESSAGES: bool = "true" at "allow_long_messages" [.later()]
}

/// The rack servers wrote a number where the others write a word.
fn encryption_by_number(text: &str) -> Option<&str> {
    match text {
        "0" => Some("Disabled"),
        "1" => Some("Enabled"),
        "2" => Some("Enforced"),
        _ => None,
    }
}
