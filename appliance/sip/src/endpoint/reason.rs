//! Why a handset is not registered, in words for an administrator.

use crate::register::Failure;
use crate::wire::status;
use std::net::SocketAddr;

/// What happened, to whom, and what to do; `server` was asked last, `host` is its name in the settings.
pub(super) fn reason(
    failure: Failure,
    user: &str,
    host: &str,
    server: Option<SocketAddr>,
) -> String {
    let server = server.map_or_else(|| host.to_owned(), |server| server.to_string());
    let said = |code: u16| {
        let phrase = status::reason(code);
        format!("{code}{}{phrase} from {server}", if phrase.is_empty() { "" } else { " " })
    };
    match failure {
        Failure::Credentials(code) => {
            format!("{}: user name or password of {user} is wrong", said(code))
        }
        Failure::Refused(code @ (404 | 410 | 604)) => {
            format!("{}: it has no user {user}; create the user there", said(code))
        }
        Failure::Refused(code @ (401 | 407)) => {
            format!("{}: it wants an authentication other than digest MD5 or SHA-256", said(code))
        }
        Failure::Refused(code) => format!("{}: it does not register {user}", said(code)),
        Failure::Unavailable(code, _) => {
            format!("{}: it cannot register anybody at the moment", said(code))
        }
        Failure::TooBrief => {
            format!("{}: it demands a registration time that makes no sense", said(423))
        }
        Failure::Silent => {
            format!(
                "no answer from {server}: is it running, and does nothing block SIP on the way?"
            )
        }
        Failure::Unreachable => {
            format!("no connection to {server}: is it running, and does it accept this transport?")
        }
        Failure::Nameless => {
            format!(
                "the name {host} has no address: check the name of the proxy and the DNS server"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_is_called_one() {
        let server = "127.0.0.1:5060".parse().ok();
        assert_eq!(
            reason(Failure::Credentials(403), "201", "pbx", server),
            "403 Forbidden from 127.0.0.1:5060: user name or password of 201 is wrong"
        );
        assert_eq!(
            reason(Failure::Refused(499), "201", "pbx", server),
            "499 from 127.0.0.1:5060: it does not register 201"
        );
        assert!(reason(Failure::Nameless, "201", "pbx", None).contains("name pbx has no address"));
    }
}
