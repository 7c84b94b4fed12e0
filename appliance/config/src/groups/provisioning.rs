//! `<provisioning>`: where the server fetches its configuration.

use crate::spec::{Applies, group};
use crate::value::Url;

group! { "provisioning"
    /// The address of the provisioning server: host, host and port, or a URL of tftp, ftp, http or https.
    SERVER_URL: Option<Url> = "" at "server.url" [.secret().applies(Applies::Restart).later()]
}
