//! `<system_event>`: the radio side of a 2500 or 8000.

use crate::spec::{Alias, group};
use crate::value::{
    AccessCode, Digits, EncryptionNumber, Feedback, Flags, Password, RingingMode,
    SubscriptionNumber, TenMilliseconds,
};

group! { "system_event."
    /// When handsets prove who they are, as bits: 0x01 failing ends the subscription, 0x02 a key is made at subscription, 0x04 at location registration, 0x08 at incoming calls, 0x10 at outgoing calls.
    AUTH_CALL: Flags = "0x07" at "auth_call"
        [.range(0, 0x1f).was(&[Alias::spelling("system_events.auth_call")]).rack()]

    /// What a handset hears when a call ends: 0 a tone, 1 a tone of three seconds, 2 nothing. The name is spelt as in the guide.
    ACUSTIC_FEEDBACK_ON_RELEASE: Feedback = "0" at "acustic_feedback_on_release"
        [.was(&[
            Alias::spelling("system_events.acustic_feedback_on_release"),
            Alias::spelling("system_event.acoustic_feedback_on_release"),
        ])
         .rack()]

    /// Whether speech is encrypted on the air: 0 no, 1 where the handset can, 2 always.
    ENCRYPT_VOICE_DATA: EncryptionNumber = "0" at "encrypt_voice_data"
        [.was(&[Alias::spelling("system_events.encrypt_voice_data")]).rack()]

    /// Whether calls between handsets on analogue cards show the local name.
    INTERNAL_CLIP_PRESENTATION_AB: bool = "true" at "internal_clip_presentation_ab"
        [.was(&[Alias::spelling("system_events.internal_clip_presentation_ab")]).rack()]

    /// Which calls the server switches without the PBX, as bits: 0x01 between DECT users and all, 0x02 also with internal set-up, 0x20 when possible.
    INTERNAL_SWITCHING_PERMITS: Flags = "0" at "internal_switching_permits"
        [.range(0, 0xff).was(&[Alias::spelling("system_events.internal_switching_permits")]).rack()]

    /// The shortest ringing, in units of 10 ms, where the PBX gives the cadence.
    MIN_RINGING_TIME: TenMilliseconds = "50" at "min_ringing_time"
        [.range(40, 120).was(&[Alias::spelling("system_events.min_ringing_time")]).rack()]

    /// Whether the server itself passes messages from handset to handset.
    MSF_BETWEEN_PP: bool = "false" at "msf_between_pp"
        [.was(&[Alias::spelling("system_events.msf_between_pp")]).rack()]

    /// The digits for an outside line.
    OUTGOING_LINE_PREFIX: Digits = "00" at "outgoing_line_prefix"
        [.range(0, 4).was(&[Alias::spelling("system_events.outgoing_line_prefix")]).rack()]

    /// Whose cadence handsets ring with: 0 the server's, 1 the PBX's.
    RINGING_MODE: RingingMode = "1" at "ringing_mode"
        [.was(&[Alias::spelling("system_events.ringing_mode")]).rack()]

    /// Whether handsets are told date and time.
    SEND_DATE_TIME: bool = "true" at "send_date_time"
        [.was(&[Alias::spelling("system_events.send_date_time")]).rack()]

    /// The password of the serial interface for EMD.
    SIO_PASSWD: Password = "" at "sio_passwd"
        [.secret().was(&[Alias::spelling("system_events.sio_passwd")]).rack()]

    /// Whether handsets may subscribe: 0 no, 2 yes, 3 also those that no user was made for.
    SUBSCRIPTION_ALLOWED: SubscriptionNumber = "2" at "subscription_allowed"
        [.was(&[Alias::spelling("system_events.subscription_allowed")]).rack()]

    /// The code a handset must know to subscribe. A user's own code wins.
    SYSTEM_ACCESS_CODE: AccessCode = "" at "system_access_code"
        [.secret().was(&[Alias::spelling("system_events.system_access_code")]).rack()]
}
