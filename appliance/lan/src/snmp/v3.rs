//! Messages of version 3: RFC 3412 6 with the security parameters of RFC 3414 2.4.

use super::ber::{self, Malformed, Reader};
use super::pdu::Pdu;
use std::ops::Range;

/// A message as it is on the wire: not yet believed, perhaps not yet readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// By which the answer is known.
    pub id: i32,
    /// Octets of the longest answer that its sender takes; at least 484.
    pub max_size: i32,
    /// It carries a proof of who sent it.
    pub authenticated: bool,
    /// What is asked is hidden.
    pub private: bool,
    /// Its sender wants to know why it was not understood.
    pub reportable: bool,
    /// The engine whose clock and keys count; empty where the sender does not know it yet.
    pub engine: Vec<u8>,
    /// How often that engine has begun.
    pub boots: i32,
    /// For how many seconds it has run.
    pub time: i32,
    /// Who has sent it.
    pub user: Vec<u8>,
    /// The proof.
    pub mac: Vec<u8>,
    /// What makes the hiding different each time.
    pub salt: Vec<u8>,
    /// What it is about.
    pub payload: Payload,
}

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// For everybody to read.
    Clear(Scoped),
    /// Hidden.
    Sealed(Vec<u8>),
}

/// What is asked, and of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scoped {
    /// The engine that has the variables.
    pub engine: Vec<u8>,
    /// Which of its views; empty is the usual one.
    pub context: Vec<u8>,
    /// What is asked.
    pub pdu: Pdu,
}

impl Envelope {
    /// From a datagram, with the place of the proof in it.
    ///
    /// # Errors
    /// [`Malformed`], also where it is another version or has another security model than that of users.
    pub fn read(octets: &[u8]) -> Result<(Self, Range<usize>), Malformed> {
        let mut outer = Reader::new(octets);
        let mut message = outer.inside(ber::SEQUENCE)?;
        if message.integer()? != VERSION {
            return Err(Malformed);
        }
        let mut header = message.inside(ber::SEQUENCE)?;
        let (id, max_size) = (header.integer()?, header.integer()?);
        let [flags] = *header.content(ber::OCTETS)? else { return Err(Malformed) };
        let (authenticated, private) = (flags & AUTHENTICATED != 0, flags & PRIVATE != 0);
        let model = header.integer()?;
        header.end()?;
        // RFC 3412 7.2 (3) and (5), and 6.3 for the sizes.
        if model != USERS || (private && !authenticated) || id < 0 || max_size < SIZE_MIN {
            return Err(Malformed);
        }
        let parameters = message.place(ber::OCTETS)?;
        let mut security = message.within(parameters).inside(ber::SEQUENCE)?;
        let engine = bounded(security.content(ber::OCTETS)?, ENGINE_MAX)?;
        let (boots, time) = (security.integer()?, security.integer()?);
        let user = bounded(security.content(ber::OCTETS)?, USER_MAX)?;
        let place = security.place(ber::OCTETS)?;
        let mac = bounded(security.at(place.clone()), MAC_MAX)?;
        let salt = bounded(security.content(ber::OCTETS)?, SALT_MAX)?;
        security.end()?;
        if boots < 0 || time < 0 {
            return Err(Malformed);
        }
        let payload = if private {
            Payload::Sealed(message.content(ber::OCTETS)?.to_vec())
        } else {
            Payload::Clear(Scoped::next(&mut message)?)
        };
        message.end()?;
        let reportable = flags & REPORTABLE != 0;
        let envelope = Self {
            id,
            max_size,
            authenticated,
            private,
            reportable,
            engine,
            boots,
            time,
            user,
            mac,
            salt,
            payload,
        };
        Ok((envelope, place))
    }

    /// As a datagram.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let flag = |is, flag| if is { flag } else { 0 };
        let flags = flag(self.authenticated, AUTHENTICATED)
            | flag(self.private, PRIVATE)
            | flag(self.reportable, REPORTABLE);
        let mut out = Vec::new();
        ber::nest(&mut out, ber::SEQUENCE, |out| {
            ber::put_integer(out, VERSION);
            ber::nest(out, ber::SEQUENCE, |out| {
                ber::put_integer(out, self.id);
                ber::put_integer(out, self.max_size);
                ber::put(out, ber::OCTETS, &[flags]);
                ber::put_integer(out, USERS);
            });
            ber::nest(out, ber::OCTETS, |out| self.put_security(out));
            match &self.payload {
                Payload::Clear(scoped) => scoped.put(out),
                Payload::Sealed(octets) => ber::put(out, ber::OCTETS, octets),
            }
        });
        out
    }

    fn put_security(&self, out: &mut Vec<u8>) {
        ber::nest(out, ber::SEQUENCE, |out| {
            ber::put(out, ber::OCTETS, &self.engine);
            ber::put_integer(out, self.boots);
            ber::put_integer(out, self.time);
            for octets in [&self.user, &self.mac, &self.salt] {
                ber::put(out, ber::OCTETS, octets);
            }
        });
    }
}

impl Scoped {
    /// From what was hidden; what a block cipher has filled up behind it does not count (RFC 3414 8.1.1.2).
    ///
    /// # Errors
    /// [`Malformed`].
    pub(super) fn read(octets: &[u8]) -> Result<Self, Malformed> {
        Self::next(&mut Reader::new(octets))
    }

    fn next(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut scoped = reader.inside(ber::SEQUENCE)?;
        let engine = bounded(scoped.content(ber::OCTETS)?, ENGINE_MAX)?;
        let context = bounded(scoped.content(ber::OCTETS)?, CONTEXT_MAX)?;
        let pdu = Pdu::read(&mut scoped)?;
        scoped.end()?;
        Ok(Self { engine, context, pdu })
    }

    /// Appends it as a BER element.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        ber::nest(out, ber::SEQUENCE, |out| {
            ber::put(out, ber::OCTETS, &self.engine);
            ber::put(out, ber::OCTETS, &self.context);
            self.pdu.put(out);
        });
    }
}

fn bounded(octets: &[u8], most: usize) -> Result<Vec<u8>, Malformed> {
    if octets.len() > most { Err(Malformed) } else { Ok(octets.to_vec()) }
}

const VERSION: i32 = 3;
/// The security model of users (RFC 3411 5, SnmpSecurityModel).
const USERS: i32 = 3;
/// RFC 3412 6.3.
const SIZE_MIN: i32 = 484;
const AUTHENTICATED: u8 = 1;
const PRIVATE: u8 = 2;
const REPORTABLE: u8 = 4;
/// RFC 3411 5, SnmpEngineID.
const ENGINE_MAX: usize = 32;
/// RFC 3414 5, usmUserName.
pub(super) const USER_MAX: usize = 32;
/// RFC 3411 5, SnmpAdminString; our own bound for a name of which we have but one.
const CONTEXT_MAX: usize = 255;
/// The longest of RFC 7860.
const MAC_MAX: usize = 48;
/// RFC 3826 3.1.2.1.
const SALT_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::super::pdu::tests::any_pdu;
    use super::*;
    use proptest::prelude::*;

    fn any_envelope() -> impl Strategy<Value = Envelope> {
        let octets = |most| prop::collection::vec(any::<u8>(), 0..=most);
        let scoped = (octets(32), octets(32), any_pdu())
            .prop_map(|(engine, context, pdu)| Scoped { engine, context, pdu });
        let payload =
            prop_oneof![scoped.prop_map(Payload::Clear), octets(64).prop_map(Payload::Sealed),];
        let numbers = (0..=i32::MAX, SIZE_MIN..=i32::MAX, 0..=i32::MAX, 0..=i32::MAX);
        let parts = (octets(32), octets(32), octets(48), octets(8));
        (numbers, any::<(bool, bool)>(), parts, payload).prop_map(
            |((id, max_size, boots, time), (authenticated, reportable), parts, payload)| {
                let (engine, user, mac, salt) = parts;
                let private = matches!(payload, Payload::Sealed(_));
                Envelope {
                    id,
                    max_size,
                    authenticated: authenticated || private,
                    private,
                    reportable,
                    engine,
                    boots,
                    time,
                    user,
                    mac,
                    salt,
                    payload,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn an_envelope_comes_back_and_the_place_of_its_proof_is_known(envelope in any_envelope()) {
            let octets = envelope.write();
            let (read, place) = Envelope::read(&octets).unwrap();
            prop_assert_eq!(&octets[place], &envelope.mac[..]);
            prop_assert_eq!(read, envelope);
        }

        #[test]
        fn nothing_makes_the_reader_panic(octets: Vec<u8>) {
            let _ = (Envelope::read(&octets), Scoped::read(&octets));
        }

        #[test]
        fn one_wrong_octet_makes_no_reader_panic(envelope in any_envelope(), at: prop::sample::Index, octet: u8) {
            let mut octets = envelope.write();
            let at = at.index(octets.len());
            octets[at] = octet;
            let _ = Envelope::read(&octets);
        }
    }

    #[test]
    fn what_is_hidden_without_a_proof_is_refused() {
        let envelope = Envelope {
            id: 1,
            max_size: 1400,
            authenticated: false,
            private: true,
            reportable: true,
            engine: vec![],
            boots: 0,
            time: 0,
            user: vec![],
            mac: vec![],
            salt: vec![],
            payload: Payload::Sealed(vec![1]),
        };
        assert_eq!(Envelope::read(&envelope.write()), Err(Malformed));
        let authenticated = Envelope { authenticated: true, ..envelope };
        assert!(Envelope::read(&authenticated.write()).is_ok());
        for wrong in [
            Envelope { max_size: 483, ..authenticated.clone() },
            Envelope { boots: -1, ..authenticated.clone() },
            Envelope { engine: vec![0; 33], ..authenticated.clone() },
        ] {
            assert_eq!(Envelope::read(&wrong.write()), Err(Malformed));
        }
    }
}
