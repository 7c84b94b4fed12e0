//! The side that asks, as a registrar does: for the simulated PBX.

use super::Asker;
use super::digest::{Algorithm, Exchange, Qop};
use super::fields::Fields;
use crate::wire::Message;
use std::fmt;
use subtle::ConstantTimeEq as _;

/// A challenge in the making; written with [`fmt::Display`].
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// For which users.
    pub realm: &'a str,
    /// New from time to time.
    pub nonce: &'a str,
    /// How the digest is to be made.
    pub algorithm: Algorithm,
    /// What it is to protect.
    pub qop: Qop,
    /// Whether only the nonce was wrong.
    pub stale: bool,
}

impl fmt::Display for Demand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { realm, nonce, algorithm, qop, stale } = self;
        write!(f, "Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={}", algorithm.name())?;
        if *qop != Qop::None {
            write!(f, ", qop=\"{}\"", qop.name())?;
        }
        if *stale { f.write_str(", stale=true") } else { Ok(()) }
    }
}

/// The credentials of a request, not yet believed.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// Who the sender says it is.
    pub user: &'a str,
    /// In which realm.
    pub realm: &'a str,
    /// The nonce it was given.
    pub nonce: &'a str,
    /// How often it used the nonce, as it is written.
    pub count: &'a str,
    uri: &'a str,
    response: &'a str,
    cnonce: &'a str,
    algorithm: Algorithm,
    qop: Qop,
}

impl<'a> Claim<'a> {
    /// The credentials for this realm; `None` where there are none that can be read.
    #[must_use]
    pub fn find(request: &'a Message, asker: Asker, realm: &str) -> Option<Self> {
        let texts = request.values(asker.proof()).filter_map(|text| std::str::from_utf8(text).ok());
        texts.filter_map(Self::parse).find(|claim| claim.realm == realm)
    }

    /// Whether the sender knows the password and meant this request.
    #[must_use]
    pub fn holds(&self, request: &Message, password: &str) -> bool {
        let exchange = Exchange {
            algorithm: self.algorithm,
            qop: self.qop,
            nonce: self.nonce,
            cnonce: self.cnonce,
            count: self.count,
            method: request.method().map_or("", |method| method.as_str()),
            uri: self.uri,
            body: request.body(),
        };
        let key = self.algorithm.key(self.user, self.realm, password);
        let expected = self.algorithm.response(&key, &exchange);
        bool::from(expected.as_bytes().ct_eq(self.response.to_ascii_lowercase().as_bytes()))
    }

    fn parse(text: &'a str) -> Option<Self> {
        let fields = Fields::parse(text).filter(Fields::is_digest)?;
        let qop = match fields.find("qop").map(str::to_ascii_lowercase).as_deref() {
            None => Qop::None,
            Some("auth") => Qop::Auth,
            Some("auth-int") => Qop::AuthInt,
            Some(_) => return None,
        };
        Some(Self {
            user: fields.find("username")?,
            realm: fields.find("realm")?,
            nonce: fields.find("nonce")?,
            count: fields.find("nc").unwrap_or_default(),
            uri: fields.find("uri")?,
            response: fields.find("response")?,
            cnonce: fields.find("cnonce").unwrap_or_default(),
            algorithm: fields.find("algorithm").map_or(Some(Algorithm::Md5), Algorithm::of_name)?,
            qop,
        })
    }
}
