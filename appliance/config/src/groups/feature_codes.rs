//! `<feature_codes>`: codes that the server itself acts on.

use crate::spec::{Applies, group};
use crate::value::FeatureCode;

group! { "feature_codes."
    /// Whether the server itself acts on feature codes; else the PBX hears them.
    ENABLE: bool = "false" at "enable" [.later()]

    /// What is dialled to end unconditional forwarding.
    CALL_FORWARD_DISABLE: FeatureCode = "#21#" at "call_forward.unconditional.disable"
        [.applies(Applies::NextCall).later()]

    /// What is dialled for unconditional forwarding; $ stands for the number it goes to.
    CALL_FORWARD_ENABLE: FeatureCode = "*21*$#" at "call_forward.unconditional.enable"
        [.applies(Applies::NextCall).later()]

    /// What is dialled to forward calls to voicemail.
    CALL_FORWARD_VOICEMAIL_ENABLE: FeatureCode = "*21*" at "call_forward.voicemail.enable"
        [.applies(Applies::NextCall).hidden().later()]

    /// What is dialled to answer a call that rings at another handset.
    PICKUP_LOCAL: FeatureCode = "**3" at "pickup.local"
        [.applies(Applies::NextCall).hidden().later()]

    /// What is dialled to answer a call that rings in another group.
    PICKUP_GROUP_OTHER: FeatureCode = "**8" at "pickup.group_other"
        [.applies(Applies::NextCall).hidden().later()]

    /// What is dialled to enter a conference; $ stands for its number.
    CONFERENCE_MEETME: FeatureCode = "**5$" at "conference.meetme"
        [.applies(Applies::NextCall).hidden().later()]
}
