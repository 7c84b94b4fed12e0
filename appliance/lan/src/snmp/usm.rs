//! The security model of users: RFC 3414 with HMAC-SHA-96 and, by RFC 7860, HMAC-192-SHA-256; hidden by AES of 128 bits
//! (RFC 3826). MD5 and DES are left out: nobody has to use them any more.

mod hash;
mod hiding;

use super::v3::USER_MAX;
pub use hash::Auth;
use hash::Key;
use hiding::Way;
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq as _;

/// A user, with keys from which those for an engine follow. It has no `Debug`, since it can be everybody who knows its
/// passwords.
#[derive(Clone)]
pub struct User {
    name: Vec<u8>,
    auth: Option<(Auth, Key)>,
    privacy: Option<Key>,
}

/// Why somebody cannot be a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUser {
    /// The name is empty or too long.
    #[error("the name of a user of SNMPv3 has 1 to {USER_MAX} octets")]
    Name,
    /// A password is too short to be one.
    #[error("a password of a user of SNMPv3 has at least {PASSWORD_MIN} characters")]
    Password,
    /// What is hidden must be proven.
    #[error(
        "a user of SNMPv3 whose words are hidden must prove who it is: set how, or privacy to none"
    )]
    PrivacyAlone,
}

/// How much of what a user says is proven and hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    Open,
    /// It is proven.
    Proven,
    /// It is proven and hidden.
    Hidden,
}

/// A user as an engine knows it.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) name: Vec<u8>,
    auth: Option<(Auth, Key)>,
    privacy: Option<Key>,
}

impl User {
    /// From passwords, which takes some thousandths of a second for each (RFC 3414 A.2).
    ///
    /// # Errors
    /// [`BadUser`].
    pub fn new(
        name: &str,
        auth: Option<(Auth, &str)>,
        privacy: Option<&str>,
    ) -> Result<Self, BadUser> {
        if name.is_empty() || name.len() > USER_MAX {
            return Err(BadUser::Name);
        }
        let key = |auth: Auth, password: &str| {
            let long = password.chars().count() >= PASSWORD_MIN;
            long.then(|| auth.key(password.as_bytes())).ok_or(BadUser::Password)
        };
        let privacy = match (auth, privacy) {
            (_, None) => None,
            (Some((auth, _)), Some(password)) => Some(key(auth, password)?),
            (None, Some(_)) => return Err(BadUser::PrivacyAlone),
        };
        let auth = auth.map(|(auth, password)| Ok((auth, key(auth, password)?))).transpose()?;
        Ok(Self { name: name.as_bytes().to_vec(), auth, privacy })
    }

    /// With the keys for this engine.
    pub(super) fn known_to(&self, engine: &[u8]) -> Known {
        let auth = self.auth.as_ref().map(|(auth, key)| (*auth, auth.localise(key, engine)));
        let privacy = self.privacy.as_ref().zip(self.auth.as_ref());
        let privacy = privacy.map(|(key, (auth, _))| auth.localise(key, engine));
        Known { name: self.name.clone(), auth, privacy }
    }

    /// What has to be done to all that it says.
    #[must_use]
    pub fn level(&self) -> Level {
        level(self.auth.is_some(), self.privacy.is_some())
    }
}

/// Which level a message has, or a user demands.
pub(super) const fn level(proven: bool, hidden: bool) -> Level {
    match (proven, hidden) {
        (false, _) => Level::Open,
        (true, false) => Level::Proven,
        (true, true) => Level::Hidden,
    }
}

impl Known {
    pub(super) fn level(&self) -> Level {
        level(self.auth.is_some(), self.privacy.is_some())
    }

    /// Somebody who proves what it says and does not hide it.
    pub(super) fn without_privacy(&self) -> Self {
        Self { privacy: None, ..self.clone() }
    }

    /// Zeros in the place of a proof.
    pub(super) fn no_mac(&self) -> Vec<u8> {
        self.auth.as_ref().map_or_else(Vec::new, |(auth, _)| vec![0; auth.mac_octets()])
    }

    /// Puts the proof into a message where it has zeros.
    pub(super) fn prove(&self, message: &mut [u8], place: std::ops::Range<usize>) {
        let Some((auth, key)) = &self.auth else { return };
        let mac = auth.mac(key, message);
        if let Some(place) = message.get_mut(place)
            && place.len() == mac.len()
        {
            place.copy_from_slice(&mac);
        }
    }

    /// Whether a message has the right proof at this place (RFC 3414 6.3.2).
    pub(super) fn is_proven(&self, message: &[u8], place: std::ops::Range<usize>) -> bool {
        let Some((auth, key)) = &self.auth else { return false };
        let mut zeroed = message.to_vec();
        let Some(mac) = zeroed.get_mut(place.clone()) else { return false };
        mac.fill(0);
        let right = auth.mac(key, &zeroed);
        message.get(place).is_some_and(|mac| mac.ct_eq(&right).into())
    }

    /// Hides octets.
    pub(super) fn hide(&self, (boots, time): (i32, i32), salt: u64, octets: &[u8]) -> Vec<u8> {
        let mut hidden = octets.to_vec();
        if let Some(key) = &self.privacy {
            let vector = hiding::vector(boots, time, salt.to_be_bytes());
            hiding::turn(Way::Hide, key, vector, &mut hidden);
        }
        hidden
    }

    /// Shows what was hidden; `None` where the salt is none.
    pub(super) fn show(
        &self,
        (boots, time): (i32, i32),
        salt: &[u8],
        octets: &[u8],
    ) -> Option<Vec<u8>> {
        let (key, salt) = (self.privacy.as_ref()?, salt.try_into().ok()?);
        let mut shown = octets.to_vec();
        hiding::turn(Way::Show, key, hiding::vector(boots, time, salt), &mut shown);
        Some(shown)
    }
}

/// The clock of an engine (RFC 3414 2.2): how often it has begun, and since when it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// How often the engine has begun, this time included; [`BOOTS_MAX`] means that it may not be believed any more.
    pub boots: i32,
    /// When it began.
    pub begun: Instant,
}

impl Clock {
    /// For how many seconds it has run.
    #[must_use]
    pub fn time(&self, now: Instant) -> i32 {
        let past = now.saturating_duration_since(self.begun).as_secs();
        i32::try_from(past).unwrap_or(i32::MAX)
    }

    /// Whether a message with these numbers was made just now (RFC 3414 3.2 (7) (a)).
    pub(super) fn is_recent(&self, now: Instant, boots: i32, time: i32) -> bool {
        let off = i64::from(self.time(now)).abs_diff(i64::from(time));
        self.boots < BOOTS_MAX && boots == self.boots && off <= WINDOW.as_secs()
    }
}

/// From here on an engine must have another name (RFC 3414 2.2.2).
pub const BOOTS_MAX: i32 = i32::MAX;

/// By how much the clocks of two engines may differ (RFC 3414 2.2.3).
const WINDOW: Duration = Duration::from_secs(150);

/// RFC 3414 11.2.
const PASSWORD_MIN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        User::new("ward", Some((Auth::Sha1, "maplesyrup")), Some("bluebell-7")).unwrap()
    }

    #[test]
    fn a_proof_holds_for_the_message_and_the_engine_it_was_made_for() {
        let (known, other) = (user().known_to(b"engine"), user().known_to(b"engine2"));
        let mut message = b"............to be proven".to_vec();
        message[..12].fill(0);
        known.prove(&mut message, 0..12);
        assert_ne!(&message[..12], &[0; 12]);
        assert!(known.is_proven(&message, 0..12) && !other.is_proven(&message, 0..12));
        // A proof that is cut short is none.
        for place in [0..0, 0..11, 0..13, 20..99] {
            assert!(!known.is_proven(&message, place));
        }
        message[20] ^= 1;
        assert!(!known.is_proven(&message, 0..12));
    }

    #[test]
    fn what_is_hidden_is_shown_again_with_the_same_clock_and_salt_only() {
        let known = user().known_to(b"engine");
        let hidden = known.hide((3, 70), 99, b"what nobody is to read");
        assert_ne!(hidden, b"what nobody is to read");
        let shown = |clock, salt: u64| known.show(clock, &salt.to_be_bytes(), &hidden).unwrap();
        assert_eq!(shown((3, 70), 99), b"what nobody is to read");
        assert_ne!(shown((3, 71), 99), shown((3, 70), 99));
        assert_ne!(shown((3, 70), 98), shown((3, 70), 99));
        assert_eq!(known.show((3, 70), b"short", &hidden), None);
    }

    #[test]
    fn half_a_user_is_none() {
        let bad = |name, auth, privacy| User::new(name, auth, privacy).err();
        let long = "x".repeat(33);
        let auth = Some((Auth::Sha256, "long-enough"));
        assert_eq!(bad("", None, None), Some(BadUser::Name));
        assert_eq!(bad(&long, None, None), Some(BadUser::Name));
        assert_eq!(bad("ward", Some((Auth::Sha1, "short")), None), Some(BadUser::Password));
        assert_eq!(bad("ward", auth, Some("short")), Some(BadUser::Password));
        assert_eq!(bad("ward", None, Some("long-enough")), Some(BadUser::PrivacyAlone));
        assert_eq!(User::new("ward", auth, None).map(|it| it.level()).ok(), Some(Level::Proven));
    }

    #[test]
    fn a_message_from_another_life_or_long_ago_is_not_recent() {
        let begun = Instant::now();
        let clock = Clock { boots: 4, begun };
        let now = begun + Duration::from_secs(1000);
        for (boots, time, recent) in
            [(4, 850, true), (4, 849, false), (4, 1150, true), (4, 1151, false), (3, 1000, false)]
        {
            assert_eq!(clock.is_recent(now, boots, time), recent, "{boots} {time}");
        }
        let worn = Clock { boots: BOOTS_MAX, begun };
        assert!(!worn.is_recent(now, BOOTS_MAX, 1000));
    }
}
