//! `<system_event>`: the radio side of a 2500 or 8000.

use crate::spec::{Alias, group};
use crate::value::{
    AccessCode, Digits, EncryptionNumber, Feedback, Flags, Password, RingingMode,
    SubscriptionNumber, TenMilliseconds,
};

group! { "system_event."
    /// When handsets are authenticated.
    AUTH_CALL: Flags = "0x07" at "auth_call" [.range(0, 0x1f).was(&[Alias::spelling("system_events.auth_call")]).rack()]

    /// What a handset hears when the call ends.
    ACUSTIC_FEEDBACK_ON_RELEASE: Feedback = "0" at "acustic_feedback_on_release" [.was(&[Alias::spelling("system_events.acustic_feedback_on_release"), Alias::spelling("system_event.acoustic_feedback_on_release")]).rack()]

    /// Encrypt speech on the air.
    ENCRYPT_VOICE_DATA: EncryptionNumber = "0" at "encrypt_voice_data" [.was(&[Alias::spelling("system_events.encrypt_voice_data")]).rack()]

    /// Show the local name and text on calls between handsets on analogue cards.
    INTERNAL_CLIP_PRESENTATION_AB: bool = "true" at "internal_clip_presentation_ab" [.was(&[Alias::spelling("system_events.internal_clip_presentation_ab")]).rack()]

    /// Which calls the server switches itself.
    INTERNAL_SWITCHING_PERMITS: Flags = "0" at "internal_switching_permits" [.range(0, 0xff).was(&[Alias::spelling("system_events.internal_switching_permits")]).rack()]

    /// Shortest ringing heard.
    MIN_RINGING_TIME: TenMilliseconds = "50" at "min_ringing_time" [.range(40, 120).was(&[Alias::spelling("system_events.min_ringing_time")]).rack()]

    /// Server relays handset messages itself.
    MSF_BETWEEN_PP: bool = "false" at "msf_between_pp" [.was(&[Alias::spelling("system_events.msf_between_pp")]).rack()]

    /// Digits for an outside line (analogue).
    OUTGOING_LINE_PREFIX: Digits = "00" at "outgoing_line_prefix" [.range(0, 4).was(&[Alias::spelling("system_events.outgoing_line_prefix")]).rack()]

    /// Ringing cadence of the handset or of the PBX.
    RINGING_MODE: RingingMode = "1" at "ringing_mode" [.was(&[Alias::spelling("system_events.ringing_mode")]).rack()]

    /// Send date and time to handsets.
    SEND_DATE_TIME: bool = "true" at "send_date_time" [.was(&[Alias::spelling("system_events.send_date_time")]).rack()]

    /// Password of the RS232 EMD interface.
    SIO_PASSWD: Password = "" at "sio_passwd" [.secret().was(&[Alias::spelling("system_events.sio_passwd")]).rack()]

    /// Handset subscription.
    SUBSCRIPTION_ALLOWED: SubscriptionNumber = "2" at "subscription_allowed" [.was(&[Alias::spelling("system_events.subscription_allowed")]).rack()]

    /// System-wide access code.
    SYSTEM_ACCESS_CODE: AccessCode = "" at "system_access_code" [.secret().was(&[Alias::spelling("system_events.system_access_code")]).rack()]
}
