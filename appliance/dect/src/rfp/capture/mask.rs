//! Takes keys out of messages before they are written down.
//!
//! Link and cipher keys are zeroed. Of a key allocation, RAND, RS and RES are
//! zeroed too: whoever sees them finds a short authentication code by trying.
//! Those messages may be cut into several frames, and frames may come twice, so
//! this follows the information of each data link octet by octet.

use crate::rfp::frame::{HEADER, header};
use crate::rfp::kind;
use crate::rfp::primitive::Mcei;
use std::collections::BTreeMap;

/// The mask of one connection.
#[derive(Default)]
pub struct Mask {
    streams: BTreeMap<(Mcei, u8, bool), Stream>,
    /// Radio links whose handset is being asked for a proof with its full-length key.
    with_uak: BTreeMap<Mcei, bool>,
}

/// One direction of one data link.
#[derive(Clone, Default)]
struct Stream {
    /// N(S) of the newest frame in order.
    last: Option<u8>,
    /// Where reading stood after the frame with this N(S).
    after: [Walk; 8],
}

/// Where reading stands within a message of the network layer.
#[derive(Clone, Copy, Default)]
struct Walk {
    at: At,
    /// Protocol discriminator and message type.
    message: (u8, u8),
    /// The first two octets of AUTH-TYPE name a user authentication key.
    uak: bool,
}

#[derive(Clone, Copy, Default)]
enum At {
    #[default]
    Transaction,
    ExtendedTransaction,
    Type,
    Element,
    /// The second octet of a two-octet element.
    Second,
    Length(u8),
    /// Within the content: which element, how many octets are through and left.
    Content(u8, u8, u8),
}

impl Mask {
    /// Zeroes what is secret in a whole message. `shown` tells the radio links whose secrets may be
    /// seen; keys of base stations never are.
    pub fn apply(&mut self, from_rfp: bool, octets: &mut [u8], shown: impl Fn(Mcei) -> bool) {
        let Some((code, _)) = header(octets) else { return };
        let payload = octets.get_mut(HEADER..).unwrap_or_default();
        match code {
            kind::AUTH_KEY | kind::RE_ENROLEMENT | kind::PASSWD => payload.fill(0),
            kind::DNM => self.radio(from_rfp, payload, shown),
            _ => {}
        }
    }

    fn radio(&mut self, from_rfp: bool, payload: &mut [u8], shown: impl Fn(Mcei) -> bool) {
        let [layer, primitive, mcei, body @ ..] = payload else { return };
        let mcei = Mcei(*mcei);
        match (*layer, *primitive) {
            // MAC_CON-ind, MAC_DIS-ind: what was under way is not.
            (0x7a, 0x01 | 0x03) => self.forget(mcei),
            // MAC_ENC_KEY-req, HO_IN_PROGRESS-res and the default cipher keys.
            (0x7a, 0x09 | 0x1e) if !shown(mcei) => zero(body, 0, 8),
            (0x7a, 0x0c) if !shown(mcei) => zero(body, 1, 9),
            (0x79, 0x05 | 0x06) => {
                let [_, length, frame @ ..] = body else { return };
                let length = usize::from(*length).min(frame.len());
                let mut kept = frame.to_vec();
                self.frame((mcei, from_rfp), &mut kept[..length]);
                if !shown(mcei) {
                    frame.copy_from_slice(&kept);
                }
            }
            _ => {}
        }
    }

    fn forget(&mut self, mcei: Mcei) {
        self.streams.retain(|(of, _, _), _| *of != mcei);
        self.with_uak.remove(&mcei);
    }

    /// Masks one DLC frame and remembers where it has left its message.
    fn frame(&mut self, (mcei, from_rfp): (Mcei, bool), frame: &mut [u8]) {
        let [address, control, length, rest @ ..] = frame else { return };
        let (lln, new_link) = (*address >> 4 & 7, *address & 0x80 != 0);
        if *control & 1 != 0 {
            return;
        }
        let more = *length & 2 != 0;
        let length = usize::from(*length >> 2).min(rest.len());
        let information = &mut rest[..length];
        let modulus = if lln == CLASS_A { 2 } else { 8 };
        let ns = *control >> 1 & 7 & (modulus - 1);
        let stream = self.streams.entry((mcei, lln, from_rfp)).or_default();
        if new_link {
            *stream = Stream::default();
        }
        let Some(before) = stream.before(ns, modulus) else {
            // A frame out of its turn: what it is a part of cannot be known.
            information.fill(0);
            return;
        };
        let with_uak = self.with_uak.entry(mcei).or_default();
        let mut walk = before;
        for octet in information {
            walk.step(octet, from_rfp, with_uak);
        }
        stream.after[usize::from(ns)] = if more { walk } else { Walk::default() };
    }
}

impl Stream {
    /// Where reading stood before the frame `ns`; `None` where that is not known. Takes `ns` as
    /// the newest frame if it is the next in order.
    fn before(&mut self, ns: u8, modulus: u8) -> Option<Walk> {
        let before = ns.wrapping_sub(1) & (modulus - 1);
        let behind = self.last.map(|last| last.wrapping_sub(ns) & (modulus - 1));
        match behind {
            None => {
                self.last = Some(ns);
                return Some(Walk::default());
            }
            Some(behind) if behind == modulus - 1 => self.last = Some(ns),
            // The window is 3 frames for class B, 1 for class A: older ones do not come again.
            Some(behind) if behind < modulus.div_ceil(3) => {}
            Some(_) => return None,
        }
        self.after.get(usize::from(before)).copied()
    }
}

impl Walk {
    /// Goes one octet on, and zeroes it where it is secret.
    fn step(&mut self, octet: &mut u8, from_rfp: bool, with_uak: &mut bool) {
        self.at = match self.at {
            At::Transaction => {
                self.message.0 = *octet & 0x0f;
                self.uak = false;
                if *octet & 0x70 == 0x70 { At::ExtendedTransaction } else { At::Type }
            }
            At::ExtendedTransaction => At::Type,
            At::Type => {
                self.message.1 = *octet;
                if self.message == AUTH_REQUEST && !from_rfp {
                    *with_uak = false;
                }
                At::Element
            }
            At::Element if *octet & 0xf0 == 0xe0 => At::Second,
            At::Element if *octet & 0x80 != 0 => At::Element,
            At::Element => At::Length(*octet),
            At::Length(element) if *octet > 0 => At::Content(element, 0, *octet),
            At::Second | At::Length(_) => At::Element,
            At::Content(element, through, left) => {
                if (element, through) == (AUTH_TYPE, 1) {
                    self.uak = *octet >> 4 == UAK;
                    if self.message == AUTH_REQUEST && !from_rfp {
                        *with_uak = self.uak;
                    }
                }
                if self.secret(element, from_rfp, *with_uak) {
                    *octet = 0;
                }
                if left > 1 { At::Content(element, through + 1, left - 1) } else { At::Element }
            }
        };
    }

    /// Whether the content of an element gives a code or a key away.
    const fn secret(self, element: u8, from_rfp: bool, with_uak: bool) -> bool {
        if element == KEY {
            return true;
        }
        let allocation = match (self.message, from_rfp) {
            (KEY_ALLOCATE, _) | (AUTH_REQUEST, true) | (AUTH_REPLY, false) => true,
            // The handset proves itself, here with a code instead of its key.
            (AUTH_REQUEST, false) => !self.uak,
            (AUTH_REPLY, true) => !with_uak,
            _ => false,
        };
        allocation && matches!(element, RAND | RES | RS)
    }
}

fn zero(octets: &mut [u8], from: usize, to: usize) {
    let to = to.min(octets.len());
    if let Some(secret) = octets.get_mut(from..to) {
        secret.fill(0);
    }
}

const CLASS_A: u8 = 1;
const AUTH_REQUEST: (u8, u8) = (5, 0x40);
const AUTH_REPLY: (u8, u8) = (5, 0x41);
const KEY_ALLOCATE: (u8, u8) = (5, 0x42);
const AUTH_TYPE: u8 = 0x0a;
const RAND: u8 = 0x0c;
const RES: u8 = 0x0d;
const RS: u8 = 0x0e;
const KEY: u8 = 0x56;

/// Type of an authentication key in the high nibble of AUTH-TYPE's second octet.
const UAK: u8 = 1;

#[cfg(test)]
mod tests;
