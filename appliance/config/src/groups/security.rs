//! `<security>`: who may do what.

use crate::spec::{Alias, group};
use crate::value::{LoginPassword, Name, PasswordLifetime, truth};

group! { "security."
    /// Whether media resources that are not known yet may come in.
    ALLOW_NEW_MEDIA_RESOURCE: bool = "true" at "allow_new_media_resource" [.later()]

    /// Whether base stations that are not known yet may come in.
    ALLOW_NEW_RFP: bool = "true" at "allow_new_rfp" [.later()]

    /// Whether a new base station works at once; else it waits for the administrator.
    ALLOW_NEW_RFP_AS_ACTIVE: bool = "false" at "allow_new_rfp_as_active" [.ip().later()]

    /// Whether a new media resource works at once; else it waits for the administrator.
    ALLOW_NEW_MEDIA_RESOURCE_AS_ACTIVE: bool = "false" at "allow_new_media_resource_as_active"
        [.ip().later()]

    /// Whether the link of a base station must be encrypted.
    RFP_ENCRYPTION: bool = "false" at "rfp_encryption" [.ip().later()]

    /// Whether the link of a media resource must be encrypted.
    MEDIA_RESOURCE_ENCRYPTION: bool = "false" at "media_resource_encryption" [.ip().later()]

    /// Whether passwords stay out of every exported file, so that none is a whole backup.
    PASSWORDS_UNEXPORTABLE: bool = "false" at "passwords_unexportable" [.latch().ip()]

    /// Whether the pages are also served without encryption.
    ALLOW_HTTP: bool = "false" at "allow_http"
        [.was(&[Alias { path: "security.force_https", convert: inverse }]).ip().later()]

    /// The password for the pages. Those printed in the guides are refused.
    PASSWORD: LoginPassword = "" at "password" [.secret().ip().later()]

    /// After how many days a password must be changed; 0 is never.
    PASSWORD_LIFETIME: PasswordLifetime = "0" at "password_lifetime"
        [.unit("days").latch().ip().later()]

    /// Whether passwords must be long and mixed.
    STRICT_PASSWORD: bool = "false" at "strict_password" [.latch().ip().later()]

    /// The name for the pages.
    USERNAME: Name = "admin" at "username" [.ip().later()]

    /// Whether speech between server and base stations is encrypted.
    SRTP_RFP: bool = "false" at "srtp_rfp" [.hidden().later()]
}

/// The older setting says when plain HTTP is refused.
fn inverse(text: &str) -> Option<&str> {
    truth(text).map(|refused| if refused { "false" } else { "true" })
}
