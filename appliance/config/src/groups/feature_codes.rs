//! `<feature_codes>`: codes that the server itself acts on.

use crate::spec::{Applies, group};
use crate::value::FeatureCode;

group! { "feature_codes."
    /// Server itself reacts to feature codes.
    ENABLE: bool = "false" at "enable" [.later()]

    /// Code that switches unconditional forwarding off.
    CALL_FORWARD_DISABLE: FeatureCode = "#21#" at "call_forward.unconditional.disable" [.applies(Applies::NextCall).later()]

    /// Code that switches unconditional forwarding on.
    CALL_FORWARD_ENABLE: FeatureCode = "*21*$#" at "call_forward.unconditional.enable" [.applies(Applies::NextCall).later()]

    /// Code that forwards to voicemail.
    CALL_FORWARD_VOICEMAIL_ENABLE: FeatureCode = "*21*" at "call_forward.voicemail.enable" [.applies(Applies::NextCall).hidden().later()]

    /// Code to pick up a local call.
    PICKUP_LOCAL: FeatureCode = "**3" at "pickup.local" [.applies(Applies::NextCall).hidden().later()]

    /// Code to pick up a call in an associated group.
    PICKUP_GROUP_OTHER: FeatureCode = "**8" at "pickup.group_other" [.applies(Applies::NextCall).hidden().later()]

    /// Code to start a meet-me conference.
    CONFERENCE_MEETME: FeatureCode = "**5$" at "conference.meetme" [.applies(Applies::NextCall).hidden().later()]
}
