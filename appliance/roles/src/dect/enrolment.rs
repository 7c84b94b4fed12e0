//! Enrolment as the role does it: the policy, the authority, and the list of certificates in force.

use crate::ca::Ca;
use dect::rfp::enrol::{HALF, Message, Policy, TokenText, Verdict};
use dect::rfp::hex;
use ident::Mac;
use rustls::pki_types::CertificateDer;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;
use store::{Disk, Files as _, write_durably};

/// Who may come in by the TLS door.
pub(super) struct Enrolment {
    ca: Ca,
    policy: Policy,
    path: PathBuf,
}

impl Enrolment {
    /// As it was left in this state directory.
    pub(super) fn open(state: &Path, ca: Ca, allow_new: bool) -> io::Result<Self> {
        let path = state.join("enrolled");
        let text = match Disk.read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let mut policy = Policy::default();
        policy.allow_new = allow_new;
        policy.know(read_list(&String::from_utf8_lossy(&text)));
        Ok(Self { ca, policy, path })
    }

    /// Whether a base station that is not known yet is taken in from now on.
    pub(super) const fn allow_new(&mut self, allowed: bool) {
        self.policy.allow_new = allowed;
    }

    /// Whether this certificate is the one in force for the base station.
    pub(super) fn accepts(&self, mac: Mac, certificate: Option<&CertificateDer<'_>>) -> bool {
        certificate.is_some_and(|certificate| self.policy.accepts(mac, certificate))
    }

    /// Answers a base station that wants a certificate.
    pub(super) fn answer(
        &mut self,
        mac: Mac,
        token: Option<&TokenText>,
        csr: &[u8],
        peer: IpAddr,
    ) -> Message {
        // The request first: a token is not used up by one that cannot be signed.
        let certificate = match self.ca.sign(mac, csr) {
            Ok(certificate) => certificate,
            Err(error) => {
                tracing::warn!(%mac, %peer, %error, "its signing request is none");
                return Message::Refuse("the signing request cannot be read".into());
            }
        };
        if let Verdict::Refuse(why) = self.policy.judge(Instant::now(), mac, token, peer) {
            tracing::warn!(%mac, %peer, why, "a base station was not enrolled");
            return Message::Refuse(why.into());
        }
        self.policy.enrol(mac, &certificate);
        if let Err(error) = self.keep() {
            tracing::error!(%mac, %error, "an enrolment could not be kept");
            self.policy.remove(mac);
            return Message::Refuse(
                "the enrolment could not be written down; look at the server's disk".into(),
            );
        }
        tracing::info!(%mac, %peer, "a base station was enrolled");
        Message::Accept { certificate: certificate.to_vec(), ca: self.ca.certificate().to_vec() }
    }

    /// Welcomes a base station; an error in words.
    pub(super) fn approve(&mut self, mac: Mac) -> Result<(), String> {
        let approved = self.policy.approve(Instant::now(), mac);
        approved.then_some(()).ok_or_else(|| "too many approvals wait to be used".into())
    }

    /// Whether this base station is enrolled or waits for approval.
    pub(super) fn knows(&self, mac: Mac) -> bool {
        self.policy.enrolled().contains_key(&mac)
            || self.policy.pending().any(|(pending, _)| pending == mac)
    }

    /// Sends a base station away; an error in words.
    pub(super) fn remove(&mut self, mac: Mac) -> Result<(), String> {
        self.policy.remove(mac);
        self.keep().map_err(|error| format!("the removal could not be written down: {error}"))
    }

    /// Makes a token; an error in words.
    pub(super) fn token(&mut self, mac: Option<Mac>) -> Result<String, String> {
        let mut secret = [0; HALF];
        getrandom::fill(&mut secret).map_err(|_| "there are no random numbers".to_owned())?;
        let token = self.policy.token(Instant::now(), mac, secret, self.ca.certificate());
        token.map(|token| token.expose().to_owned()).ok_or_else(|| {
            "too many tokens wait to be used; they are forgotten after a day or with a restart"
                .into()
        })
    }

    /// Who waits for approval, in words.
    pub(super) fn pending(&self) -> impl Iterator<Item = (Mac, String)> + '_ {
        self.policy.pending().map(|(mac, pending)| {
            let (peer, attempts) = (pending.peer, pending.attempts);
            (mac, format!("asked {attempts} times to be enrolled, last from {peer}"))
        })
    }

    fn keep(&self) -> io::Result<()> {
        write_durably(&mut Disk, &self.path, write_list(self.policy.enrolled()).as_bytes())
    }
}

/// One base station a line: its MAC address and the SHA-256 of its certificate.
fn write_list(list: &BTreeMap<Mac, [u8; 32]>) -> String {
    list.iter().fold(String::new(), |mut text, (mac, digest)| {
        let _ = writeln!(text, "{mac} {}", hex::encode(digest));
        text
    })
}

/// Reads what [`write_list`] has written; a line that is damaged is one base station that enrols again.
fn read_list(text: &str) -> BTreeMap<Mac, [u8; 32]> {
    let entry = |line: &str| {
        let (mac, digest) = line.split_once(' ')?;
        let digest = hex::decode(digest)?;
        Some((mac.parse().ok()?, digest.try_into().ok()?))
    };
    text.lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_comes_back_and_a_damaged_line_harms_no_other() {
        let list = BTreeMap::from([(Mac([1; 6]), [7; 32]), (Mac([2; 6]), [8; 32])]);
        let text = write_list(&list);
        assert_eq!(read_list(&text), list);
        let damaged = text.replacen('7', "x", 1);
        assert_eq!(read_list(&damaged).len(), 1);
    }
}
