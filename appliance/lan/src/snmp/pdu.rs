//! What is asked and answered (RFC 3416 3).

use super::ber::{self, Malformed, Reader};
use super::oid::Oid;
use super::value::Value;

/// What is wanted of the receiver, or told to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// These variables.
    Get,
    /// Those that come behind these.
    GetNext,
    /// An answer.
    Response,
    /// Variables are to be changed.
    Set,
    /// Many that come behind these. Not in version 1.
    GetBulk,
    /// An event, of which the receiver is to say that it was heard. Not in version 1.
    Inform,
    /// An event. Not in version 1, which has another form for it.
    Trap,
    /// Why a message of version 3 was not understood.
    Report,
}

/// Why there is no answer (RFC 3416 3); by number, since others may use more of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub i32);

impl Status {
    /// There is one.
    pub const NO_ERROR: Self = Self(0);
    /// It would not fit into a message.
    pub const TOO_BIG: Self = Self(1);
    /// There is no such variable. Version 1 only.
    pub const NO_SUCH_NAME: Self = Self(2);
    /// Nobody may change anything here.
    pub const NO_ACCESS: Self = Self(6);
}

/// A variable and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Its name.
    pub name: Oid,
    /// Its value; [`Value::Null`] in a question.
    pub value: Value,
}

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdu {
    /// What it is.
    pub kind: Kind,
    /// By which the answer is known.
    pub request: i32,
    /// Why there is no answer; of [`Kind::GetBulk`] how many names are asked for once only.
    pub status: Status,
    /// Which of the variables is the reason, from 1 on; of [`Kind::GetBulk`] how often the others are.
    pub index: i32,
    /// The variables.
    pub bindings: Vec<Binding>,
}

impl Pdu {
    /// Without an error.
    #[must_use]
    pub const fn new(kind: Kind, request: i32, bindings: Vec<Binding>) -> Self {
        Self { kind, request, status: Status::NO_ERROR, index: 0, bindings }
    }

    /// The next element.
    ///
    /// # Errors
    /// [`Malformed`], also where there are more than [`BINDINGS_MAX`] variables.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (tag, place) = reader.next()?;
        let kind = Kind::read(tag)?;
        let mut pdu = reader.within(place);
        let (request, status, index) = (pdu.integer()?, Status(pdu.integer()?), pdu.integer()?);
        let mut list = pdu.inside(ber::SEQUENCE)?;
        pdu.end()?;
        let mut bindings = Vec::new();
        while !list.is_empty() {
            let mut binding = list.inside(ber::SEQUENCE)?;
            let name = Oid::read(binding.content(ber::OID)?)?;
            let (tag, place) = binding.next()?;
            let value = Value::read(tag, binding.at(place))?;
            binding.end()?;
            if bindings.len() >= BINDINGS_MAX {
                return Err(Malformed);
            }
            bindings.push(Binding { name, value });
        }
        Ok(Self { kind, request, status, index, bindings })
    }

    /// Appends it as a BER element.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        ber::nest(out, self.kind.tag(), |out| {
            ber::put_integer(out, self.request);
            ber::put_integer(out, self.status.0);
            ber::put_integer(out, self.index);
            ber::nest(out, ber::SEQUENCE, |out| {
                for binding in &self.bindings {
                    binding.put(out);
                }
            });
        });
    }
}

impl Binding {
    /// A variable with its value.
    #[must_use]
    pub const fn new(name: Oid, value: Value) -> Self {
        Self { name, value }
    }

    fn put(&self, out: &mut Vec<u8>) {
        ber::nest(out, ber::SEQUENCE, |out| {
            self.name.put(out);
            self.value.put(out);
        });
    }

    /// How many octets it takes in a message.
    pub(super) fn size(&self) -> usize {
        let mut out = Vec::new();
        self.put(&mut out);
        out.len()
    }
}

const KINDS: [(u8, Kind); 8] = [
    (0xA0, Kind::Get),
    (0xA1, Kind::GetNext),
    (0xA2, Kind::Response),
    (0xA3, Kind::Set),
    (0xA5, Kind::GetBulk),
    (0xA6, Kind::Inform),
    (0xA7, Kind::Trap),
    (0xA8, Kind::Report),
];

impl Kind {
    fn read(tag: u8) -> Result<Self, Malformed> {
        KINDS.iter().find(|it| it.0 == tag).map(|it| it.1).ok_or(Malformed)
    }

    fn tag(self) -> u8 {
        KINDS.iter().find(|it| it.1 == self).map_or(0, |it| it.0)
    }
}

/// Variables of one message: as many as fit into one of [`super::MESSAGE_MAX`] octets with the shortest names.
pub(super) const BINDINGS_MAX: usize = 128;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(in super::super) fn any_pdu() -> impl Strategy<Value = Pdu> {
        let name = prop::collection::vec(any::<u32>(), 0..12)
            .prop_map(|rest| Oid::new(&[1, 3]).child(&rest));
        let value = prop_oneof![
            any::<i32>().prop_map(Value::Integer),
            any::<Vec<u8>>().prop_map(Value::Octets),
            any::<u64>().prop_map(Value::Counter64),
            any::<u32>().prop_map(Value::TimeTicks),
            Just(Value::Null),
            Just(Value::EndOfMibView),
        ];
        let binding = (name, value).prop_map(|(name, value)| Binding { name, value });
        let bindings = prop::collection::vec(binding, 0..8);
        let kind = prop::sample::select(KINDS.map(|it| it.1).to_vec());
        (kind, any::<i32>(), any::<i32>(), any::<i32>(), bindings).prop_map(
            |(kind, request, status, index, bindings)| Pdu {
                kind,
                request,
                status: Status(status),
                index,
                bindings,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(pdu in any_pdu()) {
            let mut out = Vec::new();
            pdu.put(&mut out);
            prop_assert_eq!(Pdu::read(&mut Reader::new(&out)), Ok(pdu));
        }
    }

    #[test]
    fn no_question_names_more_variables_than_fit() {
        let binding = Binding::new(Oid::new(&[1, 3]), Value::Null);
        for (count, read) in [(BINDINGS_MAX, true), (BINDINGS_MAX + 1, false)] {
            let mut out = Vec::new();
            Pdu::new(Kind::Get, 1, vec![binding.clone(); count]).put(&mut out);
            assert_eq!(Pdu::read(&mut Reader::new(&out)).is_ok(), read);
        }
        // The trap of version 1 has a form of its own, which nobody sends to us.
        assert_eq!(Pdu::read(&mut Reader::new(&[0xA4, 0])), Err(Malformed));
    }
}
