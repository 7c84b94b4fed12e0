//! Digest authentication, the server's side (RFC 2617 with MD5 and qop=auth).

use super::{Mood, SimPbx};
use md5::{Digest as _, Md5};
use sip::wire::{Message, Name, Writer};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Who asks for the credentials.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    Registrar,
    Proxy,
}

/// What a request proves.
pub(super) enum Proof {
    /// Who it comes from.
    User(String),
    /// Nothing; ask with this challenge.
    Challenge(u16, Name, String),
    /// That its sender does not know the password.
    Wrong,
}

impl SimPbx {
    pub(super) fn proof(&mut self, request: &Message, asker: Asker) -> Proof {
        let (status, asks, answers) = match asker {
            Asker::Registrar => (401, Name::WwwAuthenticate, Name::Authorization),
            Asker::Proxy => (407, Name::ProxyAuthenticate, Name::ProxyAuthorization),
        };
        let Some(given) = request.text(answers) else { return self.challenge(status, asks, false) };
        let given = parameters(given);
        let get = |name: &str| given.get(name).map_or("", String::as_str);
        let Some(uses) = self.nonces.get_mut(get("nonce")) else {
            return self.challenge(status, asks, true);
        };
        *uses += 1;
        if *uses > 1 && self.mood == Mood::Forgetful {
            return self.challenge(status, asks, true);
        }
        let Some(password) = self.users.get(get("username")) else { return Proof::Wrong };
        let ha1 = hash(&format!("{}:{}:{password}", get("username"), self.realm));
        let method = request.method().map_or("", |method| method.as_str());
        let ha2 = hash(&format!("{method}:{}", get("uri")));
        let middle = format!("{}:{}:{}:{}", get("nonce"), get("nc"), get("cnonce"), get("qop"));
        if hash(&format!("{ha1}:{middle}:{ha2}")) == get("response") {
            Proof::User(get("username").to_owned())
        } else {
            Proof::Wrong
        }
    }

    fn challenge(&mut self, status: u16, name: Name, stale: bool) -> Proof {
        let nonce = self.token("n");
        if self.nonces.len() >= NONCES_MAX {
            self.nonces.clear();
        }
        self.nonces.insert(nonce.clone(), 0);
        let stale = if stale { ", stale=true" } else { "" };
        let realm = &self.realm;
        let value = format!(
            "Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\"{stale}"
        );
        Proof::Challenge(status, name, value)
    }

    /// The response that says what the proof has come to; `None` where it is good.
    pub(super) fn unproved(request: &Message, proof: &Proof) -> Option<Vec<u8>> {
        match proof {
            Proof::User(_) => None,
            Proof::Challenge(status, name, value) => {
                let answer = Writer::answer(request, *status, Some("pbx-challenge"));
                Some(answer.header(*name, value).finish())
            }
            Proof::Wrong => Some(Writer::answer(request, 403, Some("pbx-wrong")).finish()),
        }
    }
}

/// The parameters of credentials, quotes taken off.
fn parameters(text: &str) -> BTreeMap<String, String> {
    let text = text.trim().strip_prefix("Digest").unwrap_or(text);
    let pairs = text.split(',').filter_map(|pair| pair.trim().split_once('='));
    pairs
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim_matches('"').to_owned()))
        .collect()
}

fn hash(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, octet| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{octet:02x}");
        hex
    })
}

/// So many challenges are remembered.
const NONCES_MAX: usize = 100_000;
