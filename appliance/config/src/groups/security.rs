//! `<security>`: who may do what.

use crate::spec::{Alias, group};
use crate::value::{LoginPassword, Name, PasswordLifetime, truth};

group! { "security."
    /// Unknown media resources may connect; known ones always may.
    ALLOW_NEW_MEDIA_RESOURCE: bool = "true" at "allow_new_media_resource" [.later()]

    /// Unknown base stations may connect; known ones always may.
    ALLOW_NEW_RFP: bool = "true" at "allow_new_rfp" [.later()]

    /// A new base station is active at once.
    ALLOW_NEW_RFP_AS_ACTIVE: bool = "false" at "allow_new_rfp_as_active" [.ip().later()]

    /// A new media resource is active at once.
    ALLOW_NEW_MEDIA_RESOURCE_AS_ACTIVE: bool = "false" at "allow_new_media_resource_as_active" [.ip().later()]

    /// Base station link must be encrypted.
    RFP_ENCRYPTION: bool = "false" at "rfp_encryption" [.ip().later()]

    /// Media resource link must be encrypted.
    MEDIA_RESOURCE_ENCRYPTION: bool = "false" at "media_resource_encryption" [.ip().later()]

    /// Leave secrets out of exported files.
    PASSWORDS_UNEXPORTABLE: bool = "false" at "passwords_unexportable" [.latch().ip().later()]

    /// Plain HTTP to the web GUI allowed.
    ALLOW_HTTP: bool = "false" at "allow_http" [.was(&[Alias { path: "security.force_https", convert: inverse }]).ip().later()]

    /// Web GUI password.
    PASSWORD: LoginPassword = "" at "password" [.secret().ip().later()]

    /// Password age limit.
    PASSWORD_LIFETIME: PasswordLifetime = "0" at "password_lifetime" [.unit("days").latch().ip().later()]

    /// Strict password rules.
    STRICT_PASSWORD: bool = "false" at "strict_password" [.latch().ip().later()]

    /// Web GUI user.
    USERNAME: Name = "admin" at "username" [.ip().later()]

    /// SRTP between server/media resource and base station.
    SRTP_RFP: bool = "false" at "srtp_rfp" [.hidden().later()]
}

/// The older setting says when plain HTTP is refused.
fn inverse(text: &str) -> Option<&str> {
    truth(text).map(|refused| if refused { "false" } else { "true" })
}
