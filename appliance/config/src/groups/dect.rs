//! `<dect>`: the radio side.

use crate::spec::{Alias, Applies, group};
use crate::value::{AccessCode, Antenna, Encryption, Region, TxPower};

group! { "dect."
    /// Whether a handset proves who it is at the start of each call.
    AUTH_CALL: bool = "true" at "auth_call"
        [.ip().applies(Applies::NextCall).default_on_rack("false").twins(&[
            Alias { path: "system_event.auth_call", convert: calls_of_the_mask },
        ])]

    /// The code a handset must know to subscribe, up to eight digits. A user's own code wins.
    ACCESSCODE: AccessCode = "" at "accesscode"
        [.ip().secret().twins(&[Alias::spelling("system_event.system_access_code")])]

    /// Whether speech is encrypted on the air. Enforced goes beyond GAP and ends the calls of handsets that cannot.
    ENCRYPT_VOICE_DATA: Encryption = "Disabled" at "encrypt_voice_data"
        [.ip().applies(Applies::NextCall).twins(&[
            Alias { path: "system_event.encrypt_voice_data", convert: encryption_by_number },
        ])]

    /// Whether handsets may subscribe.
    SUBSCRIPTION_ALLOWED: bool = "true" at "subscription_allowed" [.ip().twins(&[
        Alias { path: "system_event.subscription_allowed", convert: may_subscribe },
    ])]

    /// The band of the country the base stations are in. The radio stays off until it is set.
    FREQUENCY: Option<Region> = "" at "frequency"
        [.safe_default().hidden().applies(Applies::Restart)]

    /// Whether handsets are told date and time.
    SEND_DATE_TIME: bool = "true" at "send_date_time" [.ip().twins(&[
        Alias::spelling("system_event.send_date_time"),
    ])]

    /// Whether a user is made when an unknown handset subscribes.
    AUTO_CREATE_USERS: bool = "false" at "auto_create_users" [.ip().later().twins(&[
        Alias { path: "system_event.subscription_allowed", convert: may_make_users },
    ])]

    /// Whether handsets may show long messages and long call-back numbers.
    ALLOW_LONG_MESSAGES: bool = "true" at "allow_long_messages" [.ip().later()]

    /// The transmit power of every base station that can set it.
    GLOBAL_TX_POWER: TxPower = "0" at "global_tx_power" [.unit("dBm").later()]

    /// Whether users sign in at handsets.
    HANDSET_LOGIN: bool = "false" at "handset_login" [.ip().hidden().later()]

    /// Whether several users share handsets, each signing in at any of them.
    HANDSET_SHARING: bool = "false" at "handset_sharing" [.ip().later()]

    /// Which antenna is used where an external one is fitted: 0 both, 1 the internal one, 2 the external one.
    RADIO_EXTERNAL_ANTENNA: Antenna = "0" at "radio.ExternalAntenna" [.ip().hidden().later()]
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

/// Of the bits of the rack servers, those for calls in either direction.
fn calls_of_the_mask(text: &str) -> Option<&str> {
    let mask = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => text.parse().ok()?,
    };
    Some(if mask & 0x18 == 0 { "false" } else { "true" })
}

fn may_subscribe(text: &str) -> Option<&str> {
    match text {
        "0" => Some("false"),
        "2" | "3" => Some("true"),
        _ => None,
    }
}

/// The third answer of the rack servers to who may subscribe.
fn may_make_users(text: &str) -> Option<&str> {
    (text == "3").then_some("true")
}
