//! What belongs to which transaction (RFC 3261 clauses 17.1.3 and 17.2.3).

use sha2::{Digest, Sha256};
use std::fmt;

/// What begins the branch of everyone who follows RFC 3261 (clause 8.1.1.7).
pub const COOKIE: &str = "z9hG4bK";

/// The branch of a client transaction of ours: the cookie and a random number in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Branch(pub u64);

impl Branch {
    /// Reads a branch as it came back in a response; `None` for one that was never ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (cookie, number) = text.split_at_checked(COOKIE.len())?;
        let ours = cookie.eq_ignore_ascii_case(COOKIE) && number.len() == NUMBER_DIGITS;
        let hexadecimal = number.bytes().all(|octet| octet.is_ascii_hexdigit());
        if !ours || !hexadecimal {
            return None;
        }
        u64::from_str_radix(number, 16).ok().map(Self)
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{COOKIE}{:016x}", self.0)
    }
}

/// What of a request tells its transaction from all others.
#[derive(Clone, Copy, Debug)]
pub struct Marks<'a> {
    /// Method; that of the INVITE where an ACK or CANCEL is to be matched with it.
    pub method: &'a str,
    /// The branch of the topmost Via; empty where it has none.
    pub branch: &'a str,
    /// The topmost Via's sent-by, host and port.
    pub sent_by: &'a str,
    /// Request-URI, verbatim.
    pub uri: &'a str,
    /// The tag of From; empty where it has none.
    pub from_tag: &'a str,
    /// Call-ID.
    pub call_id: &'a str,
    /// The number in CSeq.
    pub cseq: u32,
}

/// Names a server transaction, in the size of a small number whatever the peer put into its request.
///
/// Half of a SHA-256: a peer that could make two of them meet would only hit its own requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerKey([u8; KEY_OCTETS]);

impl ServerKey {
    /// The name of the transaction that a request with these marks begins, repeats or acknowledges.
    ///
    /// Without the cookie the rules of RFC 2543 hold. The To tag is left out of them: it would only
    /// tell apart what the rest has told apart already, and an ACK bears one that its INVITE has not.
    #[must_use]
    pub fn of(marks: &Marks<'_>) -> Self {
        let mut digest = Sha256::new();
        let mut add = |part: &str| {
            digest.update(part.len().to_be_bytes());
            digest.update(part.as_bytes());
        };
        add(if marks.method == "ACK" { "INVITE" } else { marks.method });
        add(&marks.sent_by.to_ascii_lowercase());
        add(marks.branch);
        if !has_cookie(marks.branch) {
            add(marks.uri);
            add(marks.from_tag);
            add(marks.call_id);
            add(&marks.cseq.to_string());
        }
        let whole = digest.finalize();
        let mut key = [0; KEY_OCTETS];
        key.iter_mut().zip(whole).for_each(|(octet, of_digest)| *octet = of_digest);
        Self(key)
    }

    /// A tag for a response without a dialog: the same each time the request comes.
    #[must_use]
    pub fn tag(self) -> String {
        let head = self.0.iter().take(TAG_OCTETS);
        head.fold(String::new(), |tag, octet| format!("{tag}{octet:02x}"))
    }
}

/// Whether a branch can be told from every other by itself.
#[must_use]
pub fn has_cookie(branch: &str) -> bool {
    branch.get(..COOKIE.len()).is_some_and(|start| start.eq_ignore_ascii_case(COOKIE))
        && branch.len() > COOKIE.len()
}

/// Digits of the number in our branches.
const NUMBER_DIGITS: usize = 16;

/// Octets of the key that make a tag (RFC 3261 clause 19.3 wants 32 random bits at least).
const TAG_OCTETS: usize = 8;

/// Enough that two requests by chance never share one.
const KEY_OCTETS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: Marks<'_> = Marks {
        method: "INVITE",
        branch: "z9hG4bK77",
        sent_by: "10.0.0.1:5060",
        uri: "sip:201@10.0.0.2",
        from_tag: "a",
        call_id: "1@10.0.0.1",
        cseq: 1,
    };

    #[test]
    fn a_branch_is_read_back_and_a_foreign_one_refused() {
        let branch = Branch(0x0123_4567_89ab_cdef);
        assert_eq!(branch.to_string(), "z9hG4bK0123456789abcdef");
        assert_eq!(Branch::parse("Z9HG4BK0123456789ABCDEF"), Some(branch));
        for foreign in ["", "z9hG4bK", "z9hG4bK123", "z9hG4bK+123456789abcdef", "ä9hG4bK", "1"] {
            assert_eq!(Branch::parse(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn an_ack_and_a_repetition_find_the_invite_by_its_branch_alone() {
        let ack =
            Marks { method: "ACK", uri: "sip:x@y", cseq: 9, sent_by: "10.0.0.1:5060", ..INVITE };
        assert_eq!(ServerKey::of(&ack), ServerKey::of(&INVITE));
    }

    #[test]
    fn a_cancel_an_equal_branch_of_another_host_and_another_branch_are_others() {
        let others = [
            Marks { method: "CANCEL", ..INVITE },
            Marks { sent_by: "10.0.0.3:5060", ..INVITE },
            Marks { branch: "z9hG4bK78", ..INVITE },
            Marks { branch: "77", ..INVITE },
        ];
        for other in others {
            assert_ne!(ServerKey::of(&other), ServerKey::of(&INVITE), "{other:?}");
        }
    }

    #[test]
    fn without_the_cookie_everything_that_rfc_2543_names_counts() {
        for branch in ["", "77", COOKIE] {
            let old = Marks { branch, ..INVITE };
            assert_eq!(ServerKey::of(&Marks { method: "ACK", ..old }), ServerKey::of(&old));
            let others = [
                Marks { uri: "sip:202@10.0.0.2", ..old },
                Marks { from_tag: "b", ..old },
                Marks { call_id: "2@10.0.0.1", ..old },
                Marks { cseq: 2, ..old },
            ];
            for other in others {
                assert_ne!(ServerKey::of(&other), ServerKey::of(&old), "{other:?}");
            }
        }
    }
}
