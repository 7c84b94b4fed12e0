//! Messages out of a stream of octets, and back; in clear or encrypted.

use super::blowfish::{BLOCK, Chain};
use super::frame::{HEADER, header};

/// Cuts what arrives into messages.
///
/// It holds at most one message, which the length field bounds to 65 539
/// octets, and what was pushed since the last call of [`Inbound::next`].
#[derive(Default)]
pub struct Inbound {
    buffer: Vec<u8>,
    chain: Option<Chain>,
    /// How many octets at the front of the buffer are in clear already.
    clear: usize,
}

impl Inbound {
    /// From here on, the other side encrypts. What is buffered counts as encrypted.
    pub fn encrypted(&mut self, chain: Chain) {
        self.chain = Some(chain);
        self.clear = 0;
    }

    /// Takes octets, cut anywhere.
    pub fn push(&mut self, octets: &[u8]) {
        self.buffer.extend(octets);
    }

    /// The next whole message in clear, with its header and without padding.
    pub fn next_message(&mut self) -> Option<Vec<u8>> {
        self.open(BLOCK);
        let (_, length) = header(self.visible())?;
        let message = HEADER + length;
        let whole = self.padded(message);
        self.open(whole);
        if self.visible().len() < message || self.buffer.len() < whole {
            return None;
        }
        let octets = self.buffer.get(..message)?.to_vec();
        self.buffer.drain(..whole);
        self.clear = self.clear.saturating_sub(whole);
        Some(octets)
    }

    /// How many octets wait for the rest of their message.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// What of the buffer can be read as clear text.
    fn visible(&self) -> &[u8] {
        let end = if self.chain.is_some() { self.clear } else { self.buffer.len() };
        self.buffer.get(..end).unwrap_or_default()
    }

    /// Decrypts up to the octet `end`, as far as it is there.
    fn open(&mut self, end: usize) {
        let Some(chain) = &mut self.chain else { return };
        let end = end.min(self.buffer.len());
        let end = end - end % BLOCK;
        if let Some(sealed) = self.buffer.get_mut(self.clear..end) {
            chain.decrypt(sealed);
            self.clear = end;
        }
    }

    fn padded(&self, message: usize) -> usize {
        if self.chain.is_some() { message.next_multiple_of(BLOCK) } else { message }
    }
}

/// Makes messages ready to be sent.
#[derive(Default)]
pub struct Outbound {
    chain: Option<Chain>,
}

impl Outbound {
    /// From here on, we encrypt.
    pub fn encrypted(&mut self, chain: Chain) {
        self.chain = Some(chain);
    }

    /// The octets to send for a whole message.
    pub fn seal(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        if let Some(chain) = &mut self.chain {
            message.resize(message.len().next_multiple_of(BLOCK), 0);
            chain.encrypt(&mut message);
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rfp::blowfish::Direction;
    use crate::subscription::LinkKey;
    use proptest::prelude::*;

    fn chain() -> Chain {
        Chain::new(&LinkKey::new([7; 64]), &[9; 32], Direction::FromRfp)
    }

    proptest! {
        #[test]
        fn messages_come_out_whole_however_the_stream_is_cut(
            payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..8),
            cut in 1..30_usize,
            encrypted: bool,
        ) {
            let (mut outbound, mut inbound) = (Outbound::default(), Inbound::default());
            if encrypted {
                outbound.encrypted(chain());
                inbound.encrypted(chain());
            }
            let sent: Vec<Vec<u8>> = payloads
                .into_iter()
                .map(|payload| crate::rfp::frame::Frame::new(0x0301, payload).encode())
                .collect();
            let stream: Vec<u8> =
                sent.iter().flat_map(|message| outbound.seal(message.clone())).collect();
            let mut received = Vec::new();
            for part in stream.chunks(cut) {
                inbound.push(part);
                received.extend(std::iter::from_fn(|| inbound.next_message()));
            }
            prop_assert_eq!(received, sent);
            prop_assert_eq!(inbound.waiting(), 0);
        }
    }

    #[test]
    fn encryption_can_begin_between_two_messages_of_one_segment() {
        let (mut outbound, mut inbound) = (Outbound::default(), Inbound::default());
        let mut stream = outbound.seal(vec![0x01, 0x20, 0, 1, 9]);
        outbound.encrypted(chain());
        stream.extend(outbound.seal(vec![0x01, 0x26, 0, 0]));
        inbound.push(&stream);
        assert_eq!(inbound.next_message(), Some(vec![0x01, 0x20, 0, 1, 9]));
        inbound.encrypted(chain());
        assert_eq!(inbound.next_message(), Some(vec![0x01, 0x26, 0, 0]));
        assert_eq!(inbound.next_message(), None);
    }
}
