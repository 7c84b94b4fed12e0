//! A message: transaction identifier, type, elements (EN 300 175-5 7.1 to 7.5).

use super::element::{Element, Id, Repeat};
use super::ie::Contents;
use super::kind::{Kind, Pd};
use super::table;

/// Which side opened the transaction, told by the flag of the transaction identifier (7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The sender of this message (flag 0).
    Sender,
    /// The receiver of this message (flag 1).
    Receiver,
}

/// Transaction identifier, as it stands in a message (7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ti {
    /// Which side opened the transaction.
    pub origin: Origin,
    /// Transaction value, 0 to 6; 7 to 255 and beyond never, see `extended`.
    value: u8,
    /// Extended transaction value.
    extended: Option<u8>,
}

impl Ti {
    /// A transaction that the sender opened; values above 6 need [`Ti::extended`] and become 6 here.
    #[must_use]
    pub const fn opened(value: u8) -> Self {
        Self { origin: Origin::Sender, value: if value > 6 { 6 } else { value }, extended: None }
    }

    /// A transaction with an extended value that the sender opened.
    #[must_use]
    pub const fn extended(value: u8) -> Self {
        Self { origin: Origin::Sender, value: EXTENDED, extended: Some(value) }
    }

    /// The same transaction as the other side writes it.
    #[must_use]
    pub const fn answer(self) -> Self {
        let origin = match self.origin {
            Origin::Sender => Origin::Receiver,
            Origin::Receiver => Origin::Sender,
        };
        Self { origin, ..self }
    }

    /// Transaction value, 0 to 6; 7 where an extended value follows.
    #[must_use]
    pub const fn value(self) -> u8 {
        self.value
    }

    /// Extended transaction value, if there is one.
    #[must_use]
    pub const fn extended_value(self) -> Option<u8> {
        self.extended
    }

    const fn nibble(self) -> u8 {
        match self.origin {
            Origin::Sender => self.value,
            Origin::Receiver => self.value | FLAG,
        }
    }
}

/// A message of the network layer in S-format.
///
/// Elements stand in the order in which they came or will be sent, shifts and
/// repeat indicators among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The transaction it belongs to.
    pub ti: Ti,
    /// Which message it is.
    pub kind: Kind,
    elements: Vec<Element>,
}

/// The octets are no message; the receiver ignores them (17.1 to 17.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Too short for a message type.
    #[error("the message is too short: {0} octets, at least 2 are needed")]
    TooShort(usize),
    /// Longer than [`MESSAGE_MAX`].
    #[error("the message is too long: {0} octets, at most {MESSAGE_MAX} are read")]
    TooLong(usize),
    /// A protocol discriminator that is not of DECT's network layer.
    #[error("octet 1: the protocol discriminator {0} is none of the network layer's")]
    Protocol(u8),
    /// An element ends after the message.
    #[error("octet {at}: {id} is cut off")]
    Cut {
        /// Where the element begins, counted from 1.
        at: usize,
        /// Which element it is.
        id: Id,
    },
}

/// The longest message that is read, in octets: far above what a handset can send, far below what hurts.
pub const MESSAGE_MAX: usize = 4096;

impl Message {
    /// A message without elements.
    #[must_use]
    pub const fn new(ti: Ti, kind: Kind) -> Self {
        Self { ti, kind, elements: Vec::new() }
    }

    /// The message with these contents in it, at the place that the standard's order gives them (6.3.1, 7.5.1).
    #[must_use]
    pub fn with(mut self, contents: &impl Contents) -> Self {
        self.add(contents);
        self
    }

    /// The same, where there is something to put in.
    #[must_use]
    pub fn with_option<T: Contents>(mut self, contents: Option<&T>) -> Self {
        if let Some(contents) = contents {
            self.add(contents);
        }
        self
    }

    /// The message with an element that has no contents: SENDING-COMPLETE, or `id 00` ("zero length contents").
    #[must_use]
    pub fn with_empty(mut self, id: Id) -> Self {
        if let Some(element) = Element::bare(id) {
            self.add_element(element);
        }
        self
    }

    /// The message with a list of elements of one type, behind a repeat indicator where it is a real list (7.5.6).
    #[must_use]
    pub fn with_list<T: Contents>(mut self, repeat: Repeat, list: &[T]) -> Self {
        let place = self.place(T::ID);
        let indicator = (list.len() > 1).then(|| Element::repeat(repeat));
        let elements = indicator.into_iter().chain(list.iter().map(Element::of));
        self.elements.splice(place..place, elements);
        self
    }

    /// Puts these contents in, at the place that the standard's order gives them.
    pub fn add(&mut self, contents: &impl Contents) {
        self.add_element(Element::of(contents));
    }

    /// Puts an element in, at the place that the standard's order gives it.
    pub fn add_element(&mut self, element: Element) {
        let place = self.place(element.id());
        self.elements.insert(place, element);
    }

    fn place(&self, id: Id) -> usize {
        let mut place = self.elements.len();
        while let Some(before) = place.checked_sub(1) {
            let other = &self.elements[before];
            if other.codeset() != 0 || !table::stands_before(self.kind, id, other.id()) {
                break;
            }
            place = before;
        }
        // Between a repeat indicator and its list there is no room.
        let previous = place.checked_sub(1).and_then(|before| self.elements.get(before));
        place - usize::from(previous.is_some_and(|element| element.is(Id::REPEAT_INDICATOR)))
    }

    /// Reads a message.
    ///
    /// Elements of which nothing is known, and contents that make no sense, are
    /// no error here: they are kept, and [`Message::check`] judges them.
    ///
    /// # Errors
    /// When the octets are not framed as a message.
    pub fn decode(octets: &[u8]) -> Result<Self, DecodeError> {
        if octets.len() > MESSAGE_MAX {
            return Err(DecodeError::TooLong(octets.len()));
        }
        let short = DecodeError::TooShort(octets.len());
        let (first, rest) = octets.split_first().ok_or(short)?;
        let pd = Pd::from_nibble(first & 0x0f).ok_or(DecodeError::Protocol(first & 0x0f))?;
        let origin = if first >> 4 & FLAG == 0 { Origin::Sender } else { Origin::Receiver };
        let value = first >> 4 & EXTENDED;
        let (extended, rest) = match rest.split_first() {
            Some((extended, rest)) if value == EXTENDED => (Some(*extended), rest),
            _ => (None, rest),
        };
        let (kind, rest) = rest.split_first().ok_or(short)?;
        let ti = Ti { origin, value, extended };
        let elements = elements(rest, octets.len())?;
        Ok(Self { ti, kind: Kind::new(pd, *kind), elements })
    }

    /// Writes the message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut octets = vec![self.ti.nibble() << 4 | self.kind.pd().nibble()];
        octets.extend(self.ti.extended);
        octets.push(self.kind.octet());
        self.elements.iter().for_each(|element| element.write(&mut octets));
        octets
    }

    /// All elements, shifts and repeat indicators included, in order.
    #[must_use]
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// The first element with this identifier, empty or not.
    #[must_use]
    pub fn element(&self, id: Id) -> Option<&Element> {
        self.elements.iter().find(|element| element.is(id))
    }

    /// Whether the element is there, empty or not.
    #[must_use]
    pub fn has(&self, id: Id) -> bool {
        self.element(id).is_some()
    }

    /// The contents of the first element of this type; `None` also where it is
    /// empty or makes no sense, as 7.5.1 and 17.7.2 want it.
    #[must_use]
    pub fn get<T: Contents>(&self) -> Option<T> {
        self.element(T::ID).filter(|element| !element.contents().is_empty()).and_then(read)
    }

    /// The contents of all elements of this type that make sense, in order.
    pub fn all<T: Contents>(&self) -> impl Iterator<Item = T> {
        self.elements.iter().filter(|element| element.is(T::ID)).filter_map(read)
    }
}

fn read<T: Contents>(element: &Element) -> Option<T> {
    T::read(element.contents()).ok()
}

/// Reads elements up to the end and finds out the codeset of each (7.5.2 to 7.5.4).
fn elements(mut rest: &[u8], total: usize) -> Result<Vec<Element>, DecodeError> {
    let (mut elements, mut locked, mut once) = (Vec::new(), 0, None);
    while let Some(&first) = rest.first() {
        let id = Id::of_first_octet(first);
        let cut = DecodeError::Cut { at: total - rest.len() + 1, id };
        let (element, after) = Element::read(rest).ok_or(cut)?;
        rest = after;
        if id == Id::SHIFT {
            // A locking shift right after a non-locking one counts alone (7.5.4).
            (locked, once) = match first & 0x0f {
                codeset @ 0..=7 => (codeset, None),
                codeset => (locked, Some(codeset & 7)),
            };
            elements.push(element);
        } else {
            elements.push(element.in_codeset(once.take().unwrap_or(locked)));
        }
    }
    Ok(elements)
}

/// The flag, in the upper half of the first octet.
const FLAG: u8 = 0x8;
/// The transaction value that announces an extended one.
const EXTENDED: u8 = 0x7;
