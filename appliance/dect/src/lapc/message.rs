//! Network-layer messages cut into information fields, and put together again (clause 7.7.2).

use super::frame::INFORMATION_MAX;

/// The longest message that is put together again, in octets.
///
/// The longest one of EN 300 175-5, with every element at its greatest, stays below; a
/// handset that sends more is broken or hostile.
pub const MESSAGE_MAX: usize = 1024;

/// The information field of one I frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) information: Vec<u8>,
    pub(super) more: bool,
}

/// Cuts a message into full segments and a last one.
pub(super) fn segments(message: &[u8]) -> Vec<Segment> {
    let mut segments: Vec<Segment> = message
        .chunks(INFORMATION_MAX)
        .map(|chunk| Segment { information: chunk.to_vec(), more: true })
        .collect();
    match segments.last_mut() {
        Some(last) => last.more = false,
        None => segments.push(Segment { information: Vec::new(), more: false }),
    }
    segments
}

/// Puts segments together.
#[derive(Debug, Default)]
pub(super) struct Reassembly {
    octets: Vec<u8>,
    /// The message has become too long; what follows of it is dropped.
    overlong: bool,
}

/// What has come of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Assembled {
    /// More must come.
    Unfinished,
    /// Nothing; the first frame of a link may be empty.
    Empty,
    /// A whole message.
    Message(Vec<u8>),
    /// The end of a message that was longer than [`MESSAGE_MAX`].
    Overlong,
}

impl Reassembly {
    pub(super) fn append(&mut self, information: &[u8], more: bool) -> Assembled {
        if self.octets.len() + information.len() > MESSAGE_MAX {
            self.overlong = true;
        }
        if !self.overlong {
            self.octets.extend_from_slice(information);
        }
        if more {
            return Assembled::Unfinished;
        }
        let octets = std::mem::take(&mut self.octets);
        if std::mem::take(&mut self.overlong) {
            return Assembled::Overlong;
        }
        if octets.is_empty() { Assembled::Empty } else { Assembled::Message(octets) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_comes_out_as_it_went_in_up_to_the_bound() {
        for length in 0..=MESSAGE_MAX + 1 {
            let message = vec![7; length];
            let mut reassembly = Reassembly::default();
            let mut whole = Assembled::Empty;
            for segment in segments(&message) {
                assert!(segment.information.len() <= INFORMATION_MAX);
                whole = reassembly.append(&segment.information, segment.more);
            }
            match length {
                0 => assert_eq!(whole, Assembled::Empty),
                _ if length <= MESSAGE_MAX => assert_eq!(whole, Assembled::Message(message)),
                _ => assert_eq!(whole, Assembled::Overlong),
            }
            assert!(reassembly.octets.is_empty());
        }
    }

    #[test]
    fn a_message_that_never_ends_costs_no_more_than_the_bound() {
        let mut reassembly = Reassembly::default();
        for _ in 0..10_000 {
            reassembly.append(&[7; INFORMATION_MAX], true);
            assert!(reassembly.octets.len() <= MESSAGE_MAX);
        }
        assert_eq!(reassembly.append(&[], false), Assembled::Overlong);
        assert_eq!(reassembly.append(&[1], false), Assembled::Message(vec![1]));
    }
}
