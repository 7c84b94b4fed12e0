//! Enrolment of base stations at the TLS door: how one without a certificate gets one.
//!
//! Ours, not the vendor's: three messages in the frames of the link, with type
//! numbers far above those seen there (`docs/decisions/022-enrolment.md`). A
//! connection without a client certificate can say nothing else.

use super::frame::Frame;
use ident::Mac;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq as _;
use zeroize::ZeroizeOnDrop;

/// What is said at enrolment.
pub enum Message {
    /// From the base station: who it is, its token if it has one, its certificate signing request (DER).
    Request {
        /// Who it claims to be.
        mac: Mac,
        /// The one-time token as it was typed.
        token: Option<TokenText>,
        /// PKCS #10; only its public key counts.
        csr: Vec<u8>,
    },
    /// To the base station: its certificate and the one of the CA (DER). It connects anew with it.
    Accept {
        /// Its own.
        certificate: Vec<u8>,
        /// The CA's, which it keeps to know the server by.
        ca: Vec<u8>,
    },
    /// To the base station: not now, and why.
    Refuse(String),
}

/// A token as it is typed. It has neither `Debug` nor `Display`.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct TokenText(String);

impl TokenText {
    /// The token of this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, to be printed once to who asked for it, and sent over TLS.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The fingerprint of the server's CA that the token carries; `None`: this is no token.
    #[must_use]
    pub fn ca_fingerprint(&self) -> Option<[u8; HALF]> {
        Some(self.halves()?.1)
    }

    fn halves(&self) -> Option<([u8; HALF], [u8; HALF])> {
        let octets = from_base32(&self.0)?;
        let (secret, rest) = octets.split_first_chunk()?;
        Some((*secret, rest.try_into().ok()?))
    }
}

/// Octets of a token's secret, and of the fingerprint of the CA in it: 80 bits cannot be guessed over a network,
/// nor a second CA be found for them.
pub const HALF: usize = 10;

/// The first octets of the SHA-256 of the CA's certificate.
#[must_use]
pub fn fingerprint(ca: &[u8]) -> [u8; HALF] {
    let digest = Sha256::digest(ca);
    std::array::from_fn(|index| digest.get(index).copied().unwrap_or_default())
}

/// An enrolment message that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an enrolment message; the base station is of another kind, or has lost its certificate"
)]
pub struct NotEnrolment;

const REQUEST: u16 = 0xf001;
const ACCEPT: u16 = 0xf002;
const REFUSE: u16 = 0xf003;

/// A signing request has 200 to 300 octets, a certificate 400 to 500.
pub const MESSAGE_MAX: usize = 8192;

impl Message {
    /// The message with its header.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Request { mac, token, csr } => {
                let token = token.as_ref().map_or("", TokenText::expose).as_bytes();
                let token = token.get(..token.len().min(usize::from(u8::MAX))).unwrap_or_default();
                let length = u8::try_from(token.len()).unwrap_or_default();
                Frame::new(REQUEST, [&mac.0[..], &[length], token, csr].concat())
            }
            Self::Accept { certificate, ca } => {
                let length = u16::try_from(certificate.len()).unwrap_or_default();
                Frame::new(ACCEPT, [&length.to_be_bytes()[..], certificate, ca].concat())
            }
            Self::Refuse(why) => Frame::new(REFUSE, why.as_bytes()),
        }
        .encode()
    }

    /// Reads a whole message.
    ///
    /// # Errors
    /// [`NotEnrolment`].
    pub fn decode(octets: &[u8]) -> Result<Self, NotEnrolment> {
        let frame = Frame::decode(octets).map_err(|_| NotEnrolment)?;
        let payload = frame.payload.as_slice();
        match frame.code {
            REQUEST => {
                let (mac, rest) = payload.split_first_chunk().ok_or(NotEnrolment)?;
                let (length, rest) = rest.split_first().ok_or(NotEnrolment)?;
                let (token, csr) =
                    rest.split_at_checked(usize::from(*length)).ok_or(NotEnrolment)?;
                let token = std::str::from_utf8(token).map_err(|_| NotEnrolment)?;
                let token = (!token.is_empty()).then(|| TokenText::new(token));
                Ok(Self::Request { mac: Mac(*mac), token, csr: csr.to_vec() })
            }
            ACCEPT => {
                let (length, rest) = payload.split_first_chunk().ok_or(NotEnrolment)?;
                let length = usize::from(u16::from_be_bytes(*length));
                let (certificate, ca) = rest.split_at_checked(length).ok_or(NotEnrolment)?;
                Ok(Self::Accept { certificate: certificate.to_vec(), ca: ca.to_vec() })
            }
            REFUSE => Ok(Self::Refuse(String::from_utf8_lossy(payload).into_owned())),
            _ => Err(NotEnrolment),
        }
    }
}

/// Who may enrol. Pure: the shell signs and keeps.
#[derive(Default)]
pub struct Policy {
    /// Take in whoever is not known yet (`fixpart.door.allow_new_rfp`).
    pub allow_new: bool,
    /// The certificates in force, by the SHA-256 of each.
    enrolled: BTreeMap<Mac, [u8; 32]>,
    approved: BTreeMap<Mac, Instant>,
    tokens: Vec<Token>,
    pending: BTreeMap<Mac, Pending>,
}

struct Token {
    /// Of the secret half; the secret itself is not kept.
    digest: [u8; 32],
    mac: Option<Mac>,
    until: Instant,
}

/// A base station that was refused because nobody has approved it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Where it was last seen.
    pub peer: IpAddr,
    /// How often it has asked.
    pub attempts: u32,
}

/// Whether a base station gets a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Sign its request.
    Enrol,
    /// Tell it this.
    Refuse(&'static str),
}

/// Tokens and approvals are for the technician who stands before the base station.
pub const VALID: Duration = Duration::from_hours(24);

const TOKENS_MAX: usize = 64;
const PENDING_MAX: usize = 256;
const APPROVED_MAX: usize = 4096;

impl Policy {
    /// Who was enrolled before, by MAC address and SHA-256 of the certificate.
    pub fn know(&mut self, enrolled: BTreeMap<Mac, [u8; 32]>) {
        self.enrolled = enrolled;
    }

    /// The certificates in force, to be kept.
    #[must_use]
    pub const fn enrolled(&self) -> &BTreeMap<Mac, [u8; 32]> {
        &self.enrolled
    }

    /// Whether a certificate of our CA is the one that is in force for this base station.
    #[must_use]
    pub fn accepts(&self, mac: Mac, certificate: &[u8]) -> bool {
        self.enrolled
            .get(&mac)
            .is_some_and(|known| *known == <[u8; 32]>::from(Sha256::digest(certificate)))
    }

    /// Makes a one-time token; `secret` is random. `None`: too many are about.
    pub fn token(
        &mut self,
        now: Instant,
        mac: Option<Mac>,
        secret: [u8; HALF],
        ca: &[u8],
    ) -> Option<TokenText> {
        self.tokens.retain(|token| token.until > now);
        if self.tokens.len() >= TOKENS_MAX {
            return None;
        }
        self.tokens.push(Token { digest: Sha256::digest(secret).into(), mac, until: now + VALID });
        Some(TokenText(to_base32(&[secret, fingerprint(ca)].concat())))
    }

    /// The next enrolment of this base station is welcome. `false`: too many approvals are about.
    pub fn approve(&mut self, now: Instant, mac: Mac) -> bool {
        self.approved.retain(|_, until| *until > now);
        let room = self.approved.len() < APPROVED_MAX;
        if room {
            self.approved.insert(mac, now + VALID);
        }
        room
    }

    /// The base station is not welcome any more, whatever certificate it has.
    pub fn remove(&mut self, mac: Mac) {
        self.enrolled.remove(&mac);
        self.approved.remove(&mac);
        self.pending.remove(&mac);
    }

    /// Who waits for approval.
    pub fn pending(&self) -> impl Iterator<Item = (Mac, Pending)> + '_ {
        self.pending.iter().map(|(mac, pending)| (*mac, *pending))
    }

    /// Judges a request. A token or an approval is used up by it.
    pub fn judge(
        &mut self,
        now: Instant,
        mac: Mac,
        token: Option<&TokenText>,
        peer: IpAddr,
    ) -> Verdict {
        if let Some(token) = token {
            return if self.use_token(now, mac, token) {
                Verdict::Enrol
            } else {
                Verdict::Refuse(
                    "the token is unknown, used, too old, or for another base station; ask for a new one",
                )
            };
        }
        if self.approved.remove(&mac).is_some_and(|until| until > now) {
            return Verdict::Enrol;
        }
        if self.allow_new && !self.enrolled.contains_key(&mac) {
            return Verdict::Enrol;
        }
        if self.pending.len() < PENDING_MAX || self.pending.contains_key(&mac) {
            let pending = self.pending.entry(mac).or_insert(Pending { peer, attempts: 0 });
            *pending = Pending { peer, attempts: pending.attempts.saturating_add(1) };
        }
        Verdict::Refuse(
            "this base station is not approved; approve its MAC address at the server, or give it a token",
        )
    }

    /// A certificate was signed: it is the one in force from now on.
    pub fn enrol(&mut self, mac: Mac, certificate: &[u8]) {
        self.pending.remove(&mac);
        self.enrolled.insert(mac, Sha256::digest(certificate).into());
    }

    fn use_token(&mut self, now: Instant, mac: Mac, text: &TokenText) -> bool {
        self.tokens.retain(|token| token.until > now);
        let Some((secret, _)) = text.halves() else { return false };
        let digest: [u8; 32] = Sha256::digest(secret).into();
        let fits = |token: &Token| {
            bool::from(token.digest.ct_eq(&digest)) && token.mac.is_none_or(|wanted| wanted == mac)
        };
        let found = self.tokens.iter().position(fits);
        found.map(|index| self.tokens.swap_remove(index)).is_some()
    }
}

/// RFC 4648 clause 6, in groups of four with `-` between, so that it can be read out and typed.
fn to_base32(octets: &[u8]) -> String {
    let mut text = String::new();
    let mut bits = octets.iter().flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1));
    let mut letters = 0;
    while let Some(first) = bits.next() {
        let value = (0..4).fold(first, |value, _| value << 1 | bits.next().unwrap_or(0));
        if letters > 0 && letters % 4 == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET.get(usize::from(value)).copied().unwrap_or(b'A')));
        letters += 1;
    }
    text
}

fn from_base32(text: &str) -> Option<Vec<u8>> {
    let letters = text.bytes().filter(|letter| !matches!(letter, b'-' | b' '));
    let mut octets = Vec::with_capacity(2 * HALF);
    let (mut value, mut bits) = (0_u32, 0);
    for letter in letters.take(TOKEN_LETTERS_MAX) {
        let letter = letter.to_ascii_uppercase();
        let five = ALPHABET.iter().position(|it| *it == letter)?;
        value = value << 5 | u32::try_from(five).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            octets.push(u8::try_from(value >> bits & 0xff).ok()?);
        }
    }
    Some(octets)
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Both halves take 32 letters; more is no token.
const TOKEN_LETTERS_MAX: usize = 33;

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const MAC: Mac = Mac([0, 0x30, 0x42, 1, 2, 3]);
    const OTHER: Mac = Mac([0, 0x30, 0x42, 1, 2, 4]);
    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn a_token_works_once_for_its_base_station_and_for_a_day() {
        let (mut policy, now) = (Policy::default(), Instant::now());
        let token = policy.token(now, Some(MAC), [7; HALF], b"ca").expect("there is room");
        assert_eq!(token.expose().len(), 39);
        assert_eq!(token.ca_fingerprint(), Some(fingerprint(b"ca")));
        assert!(matches!(policy.judge(now, OTHER, Some(&token), PEER), Verdict::Refuse(_)));
        let typed = TokenText::new(&token.expose().to_lowercase().replace('-', " "));
        assert_eq!(policy.judge(now, MAC, Some(&typed), PEER), Verdict::Enrol);
        assert!(matches!(policy.judge(now, MAC, Some(&token), PEER), Verdict::Refuse(_)));
        let late = policy.token(now, None, [8; HALF], b"ca").expect("there is room");
        assert!(matches!(policy.judge(now + VALID, MAC, Some(&late), PEER), Verdict::Refuse(_)));
    }

    #[test]
    fn an_unknown_one_is_listed_refused_and_welcome_after_approval_once() {
        let (mut policy, now) = (Policy::default(), Instant::now());
        for _ in 0..3 {
            assert!(matches!(policy.judge(now, MAC, None, PEER), Verdict::Refuse(_)));
        }
        assert_eq!(
            policy.pending().collect::<Vec<_>>(),
            [(MAC, Pending { peer: PEER, attempts: 3 })]
        );
        assert!(policy.approve(now, MAC));
        assert_eq!(policy.judge(now, MAC, None, PEER), Verdict::Enrol);
        policy.enrol(MAC, b"certificate");
        assert_eq!(policy.pending().count(), 0);
        assert!(policy.accepts(MAC, b"certificate"));
        assert!(matches!(policy.judge(now, MAC, None, PEER), Verdict::Refuse(_)));
    }

    #[test]
    fn an_open_door_takes_in_new_ones_and_nobody_in_the_name_of_a_known_one() {
        let mut policy = Policy { allow_new: true, ..Policy::default() };
        let now = Instant::now();
        assert_eq!(policy.judge(now, MAC, None, PEER), Verdict::Enrol);
        policy.enrol(MAC, b"certificate");
        assert!(matches!(policy.judge(now, MAC, None, PEER), Verdict::Refuse(_)));
        assert!(!policy.accepts(MAC, b"an older certificate"));
        policy.remove(MAC);
        assert!(!policy.accepts(MAC, b"certificate"));
    }

    #[test]
    fn a_crowd_of_strangers_is_not_remembered_without_end() {
        let (mut policy, now) = (Policy::default(), Instant::now());
        for number in 0..2000_u32 {
            let [a, b, c, d] = number.to_be_bytes();
            let _ = policy.judge(now, Mac([2, 0, a, b, c, d]), None, PEER);
            let _ = policy.token(now, None, [d; HALF], b"ca");
        }
        assert_eq!(policy.pending().count(), PENDING_MAX);
        assert_eq!(policy.tokens.len(), TOKENS_MAX);
    }

    #[test]
    fn messages_come_back_as_they_went_and_cut_ones_do_not() {
        let token = Some(TokenText::new("ABCD"));
        let request = Message::Request { mac: MAC, token, csr: vec![1, 2, 3] }.encode();
        let accept = Message::Accept { certificate: vec![1; 300], ca: vec![2; 5] }.encode();
        let Ok(Message::Request { mac, token, csr }) = Message::decode(&request) else { panic!() };
        assert_eq!(
            (mac, token.as_ref().map(TokenText::expose), csr),
            (MAC, Some("ABCD"), vec![1, 2, 3])
        );
        let Ok(Message::Accept { certificate, ca }) = Message::decode(&accept) else { panic!() };
        assert_eq!((certificate, ca), (vec![1; 300], vec![2; 5]));
        for length in 0..12 {
            assert!(Message::decode(&request[..length]).is_err(), "{length}");
        }
    }
}
