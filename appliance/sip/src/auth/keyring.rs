//! The side that proves itself: remembers who asked what, and answers (RFC 3261 clauses 22.2 and 22.3).

use super::Asker;
use super::digest::{Algorithm, Exchange, Qop};
use super::fields::Fields;
use crate::primitive::Password;
use crate::wire::Message;
use crate::wire::writer::Quoted;
use std::fmt::Write as _;

/// What one user agent was asked. Its challenges are answered in every further request, so that most are
/// not asked again.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    held: Vec<Held>,
}

/// The challenges in the course of one request, through all its repetitions.
#[derive(Clone, Debug, Default)]
pub struct Course {
    answered: Vec<(Asker, String)>,
    rounds: u8,
}

/// The request that is to be proved, and who makes it.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Name of the user, as the server knows it.
    pub user: &'a str,
    /// The user's password.
    pub password: &'a Password,
    /// Method of the request.
    pub method: &'a str,
    /// Request-URI.
    pub uri: &'a str,
    /// Body of the request.
    pub body: &'a [u8],
    /// A random token, new for every request.
    pub cnonce: &'a str,
}

/// Why it makes no sense to try again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The peer's fault: nothing in the response can be answered.
    #[error(
        "the server asks for a kind of authentication that is not known here; \
         allow it Digest with MD5 or SHA-256"
    )]
    NothingKnown,
    /// The administrator's fault.
    #[error("the server of the realm {0:?} does not accept user name and password; check both")]
    WrongPassword(String),
    /// The peer's fault: it asks on and on.
    #[error("the server asks for authentication again and again")]
    Endless,
}

#[derive(Clone, Debug)]
struct Held {
    asker: Asker,
    challenge: Challenge,
    /// Requests proved with this nonce.
    count: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// Whether the server named one; then we must as well (RFC 7616 clause 3.4).
    algorithm_named: bool,
    qop: Qop,
    stale: bool,
}

impl Keyring {
    /// Takes a 401 or 407 in the course of a request. If it returns, send the request again with what
    /// [`Keyring::prove`] gives.
    ///
    /// # Errors
    /// Where the request cannot be proved; its response is final then.
    pub fn challenged(&mut self, course: &mut Course, response: &Message) -> Result<(), Refused> {
        let asker = response.status().and_then(Asker::of_status).ok_or(Refused::NothingKnown)?;
        course.rounds = course.rounds.saturating_add(1);
        if course.rounds > ROUNDS_MAX {
            return Err(Refused::Endless);
        }
        let challenges = strongest(asker, response);
        if challenges.is_empty() {
            return Err(Refused::NothingKnown);
        }
        for challenge in challenges {
            let known = (asker, challenge.realm.clone());
            if !course.answered.contains(&known) {
                course.answered.push(known);
            } else if !challenge.stale {
                self.forget(asker, &challenge.realm);
                return Err(Refused::WrongPassword(challenge.realm));
            }
            self.hold(asker, challenge);
        }
        Ok(())
    }

    /// The header fields that prove a request, with what was asked last; none where nothing was.
    pub fn prove(&mut self, asked: &Asked<'_>) -> Vec<(crate::wire::Name, String)> {
        self.held.iter_mut().map(|held| (held.asker.proof(), held.prove(asked))).collect()
    }

    fn hold(&mut self, asker: Asker, challenge: Challenge) {
        self.forget(asker, &challenge.realm);
        if self.held.len() == REALMS_MAX {
            self.held.remove(0);
        }
        // Most user agents have one, and a vector would make room for four.
        self.held.reserve_exact(1);
        self.held.push(Held { asker, challenge, count: 0 });
    }

    fn forget(&mut self, asker: Asker, realm: &str) {
        self.held.retain(|held| held.asker != asker || held.challenge.realm != realm);
    }
}

impl Held {
    fn prove(&mut self, asked: &Asked<'_>) -> String {
        self.count = self.count.wrapping_add(1);
        let Challenge { realm, nonce, opaque, algorithm, algorithm_named, qop, .. } =
            &self.challenge;
        let count = format!("{:08x}", self.count);
        let exchange = Exchange {
            algorithm: *algorithm,
            qop: *qop,
            nonce,
            cnonce: asked.cnonce,
            count: &count,
            method: asked.method,
            uri: asked.uri,
            body: asked.body,
        };
        let key = algorithm.key(asked.user, realm, asked.password.expose());
        let response = algorithm.response(&key, &exchange);
        // Realm, nonce and opaque go back as they came, escapes and all.
        let mut text = format!(
            "Digest username={}, realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{}\", response=\"{response}\"",
            Quoted(asked.user),
            asked.uri,
        );
        let mut add = |field: std::fmt::Arguments<'_>| {
            // Writing to memory does not fail.
            let _ = text.write_fmt(field);
        };
        if *algorithm_named {
            add(format_args!(", algorithm={}", algorithm.name()));
        }
        if *qop != Qop::None || algorithm.has_session() {
            add(format_args!(", cnonce=\"{}\"", asked.cnonce));
        }
        if *qop != Qop::None {
            add(format_args!(", qop={}, nc={count}", qop.name()));
        }
        if let Some(opaque) = opaque {
            add(format_args!(", opaque=\"{opaque}\""));
        }
        text
    }
}

/// One challenge of each realm, that of the strongest algorithm we know (RFC 8760 clause 2.4).
fn strongest(asker: Asker, response: &Message) -> Vec<Challenge> {
    let mut chosen: Vec<Challenge> = Vec::new();
    let texts = response.values(asker.challenge());
    let texts = texts.filter_map(|text| Fields::all(std::str::from_utf8(text).ok()?));
    let challenges = texts.flatten().take(CHALLENGES_MAX);
    for challenge in challenges.filter_map(|fields| Challenge::of(&fields)) {
        match chosen.iter_mut().find(|other| other.realm == challenge.realm) {
            Some(other) if other.algorithm < challenge.algorithm => *other = challenge,
            Some(_) => {}
            None => chosen.push(challenge),
        }
    }
    chosen
}

impl Challenge {
    fn of(fields: &Fields<'_>) -> Option<Self> {
        if !fields.is_digest() {
            return None;
        }
        let algorithm = fields.find("algorithm");
        let words = fields.find("qop").map(|qop| qop.split(',').map(str::trim));
        let offers = |word: &str| {
            words
                .clone()
                .is_some_and(|mut words| words.any(|other| other.eq_ignore_ascii_case(word)))
        };
        let qop = match words {
            None => Qop::None,
            Some(_) if offers("auth") => Qop::Auth,
            Some(_) if offers("auth-int") => Qop::AuthInt,
            Some(_) => return None,
        };
        Some(Self {
            realm: fields.find("realm")?.to_owned(),
            nonce: fields.find("nonce")?.to_owned(),
            opaque: fields.find("opaque").map(str::to_owned),
            algorithm: algorithm.map_or(Some(Algorithm::Md5), Algorithm::of_name)?,
            algorithm_named: algorithm.is_some(),
            qop,
            stale: fields.find("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }
}

/// Proxies on the way that ask, each with a realm; more are the work of an attacker.
const REALMS_MAX: usize = 4;

/// Challenges read from one response: four realms with four algorithms.
const CHALLENGES_MAX: usize = 16;

/// Responses that ask in the course of one request: each realm once and a few stale nonces.
const ROUNDS_MAX: u8 = 6;
