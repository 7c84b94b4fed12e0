//! RTCP: reports, the name of the source, and BYE. RFC 3550, clause 6.

use crate::reception::Block;
use rtcp_types::prelude::*;
use rtcp_types::{Bye, Compound, Packet, ReceiverReport, ReceiverReportBuilder, ReportBlock};
use rtcp_types::{RtcpWriteError, Sdes, SdesChunk, SdesItem, SenderReport, SenderReportBuilder};
use std::time::{Duration, Instant};

/// What the clock on the wall showed at an instant.
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    /// The instant.
    pub at: Instant,
    /// NTP time then: seconds since 1900 in the upper half (RFC 3550 4).
    pub ntp: u64,
}

impl Epoch {
    /// Made from the time since 1970.
    #[must_use]
    pub fn new(at: Instant, since_1970: Duration) -> Self {
        let seconds = since_1970.as_secs().wrapping_add(SECONDS_TO_1970);
        Self { at, ntp: (seconds << 32).wrapping_add(fraction(since_1970)) }
    }

    /// NTP time at `now`.
    #[must_use]
    pub fn ntp(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.at);
        self.ntp.wrapping_add(since.as_secs() << 32).wrapping_add(fraction(since))
    }
}

/// A compound packet that is to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Our source.
    pub ssrc: u32,
    /// Its name (SDES CNAME).
    pub name: &'a str,
    /// What was sent; `None` if nothing was of late: then it is a receiver report.
    pub sender: Option<Sender>,
    /// What was received, with the times of the other's last sender report.
    pub block: Option<(Block, LastReport)>,
    /// The source leaves.
    pub bye: bool,
}

/// What a sender report says of its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    /// NTP time of the report.
    pub ntp: u64,
    /// The same time in the stream's units.
    pub timestamp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Octets of payload sent.
    pub octets: u32,
}

/// LSR and DLSR of a report block; both 0 before a sender report came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastReport {
    /// Middle 32 bits of its NTP time.
    pub ntp: u32,
    /// How long ago it came, in 1/65536 s.
    pub delay: u32,
}

impl Report<'_> {
    /// The octets.
    ///
    /// # Errors
    /// Never with a name of at most 255 octets; the library checks all the same.
    pub fn write(&self) -> Result<Vec<u8>, RtcpWriteError> {
        let block = self.block.map(|(block, last)| {
            ReportBlock::builder(block.ssrc)
                .fraction_lost(block.fraction_lost)
                .cumulative_lost(block.lost)
                .extended_sequence_number(block.highest)
                .interarrival_jitter(block.jitter)
                .last_sender_report_timestamp(last.ntp)
                .delay_since_last_sender_report_timestamp(last.delay)
        });
        let name = SdesItem::builder(SdesItem::CNAME, self.name);
        let chunk = SdesChunk::builder(self.ssrc).add_item(name);
        let mut compound = Compound::builder();
        compound = if let Some(sender) = self.sender {
            let report = SenderReport::builder(self.ssrc)
                .ntp_timestamp(sender.ntp)
                .rtp_timestamp(sender.timestamp)
                .packet_count(sender.packets)
                .octet_count(sender.octets);
            compound
                .add_packet(block.into_iter().fold(report, SenderReportBuilder::add_report_block))
        } else {
            let report = ReceiverReport::builder(self.ssrc);
            compound
                .add_packet(block.into_iter().fold(report, ReceiverReportBuilder::add_report_block))
        };
        compound = compound.add_packet(Sdes::builder().add_chunk(chunk));
        if self.bye {
            compound = compound.add_packet(Bye::builder().add_source(self.ssrc));
        }
        let mut octets = vec![0; compound.calculate_size()?];
        compound.write_into(&mut octets)?;
        Ok(octets)
    }
}

/// What a compound packet of the other side says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// NTP time of its sender report.
    pub sender: Option<u64>,
    /// How our stream arrives there.
    pub of_ours: Option<OfOurs>,
    /// It leaves.
    pub bye: bool,
}

/// The other side's report block on our stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfOurs {
    /// Missing there of late, in 1/256.
    pub fraction_lost: u8,
    /// Missing there in all.
    pub lost: u32,
    /// Jitter there, in timestamp units.
    pub jitter: u32,
    /// LSR and DLSR as it echoes them.
    pub echo: LastReport,
}

impl OfOurs {
    /// How long a packet takes there and back (RFC 3550 6.4.1), as heard at NTP time `ntp`.
    #[must_use]
    pub fn round_trip(&self, ntp: u64) -> Option<Duration> {
        if self.echo.ntp == 0 {
            return None;
        }
        // The middle of the NTP time comes round every 18 hours.
        let units = middle(ntp).wrapping_sub(self.echo.ntp).wrapping_sub(self.echo.delay);
        let units = u32::try_from(units.cast_signed()).ok()?;
        Some(Duration::from_micros(u64::from(units) * 1_000_000 / 65_536))
    }
}

/// Reads a compound packet as far as it concerns the source `ours`; `None` if it is not RTCP.
#[must_use]
pub fn read(datagram: &[u8], ours: u32) -> Option<Heard> {
    let mut heard = Heard::default();
    for packet in Compound::parse(datagram).ok()? {
        match packet.ok()? {
            Packet::Sr(report) => {
                heard.sender = Some(report.ntp_timestamp());
                heard.of_ours = heard.of_ours.or_else(|| of_ours(report.report_blocks(), ours));
            }
            Packet::Rr(report) => {
                heard.of_ours = heard.of_ours.or_else(|| of_ours(report.report_blocks(), ours));
            }
            Packet::Bye(_) => heard.bye = true,
            _ => {}
        }
    }
    Some(heard)
}

/// The middle 32 bits of an NTP time.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the middle is what is wanted")]
pub const fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// A time in 1/65536 s, as in DLSR.
#[must_use]
pub fn units(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros() * 65_536 / 1_000_000).unwrap_or(u32::MAX)
}

fn of_ours<'a>(mut blocks: impl Iterator<Item = ReportBlock<'a>>, ours: u32) -> Option<OfOurs> {
    let block = blocks.find(|block| block.ssrc() == ours)?;
    Some(OfOurs {
        fraction_lost: block.fraction_lost(),
        lost: block.cumulative_lost(),
        jitter: block.interarrival_jitter(),
        echo: LastReport {
            ntp: block.last_sender_report_timestamp(),
            delay: block.delay_since_last_sender_report_timestamp(),
        },
    })
}

fn fraction(duration: Duration) -> u64 {
    (u64::from(duration.subsec_nanos()) << 32) / 1_000_000_000
}

/// From 1900 to 1970.
const SECONDS_TO_1970: u64 = 2_208_988_800;

/// Mean time between two reports of a side (RFC 3550 6.2); drawn anew from half to one and a half of it.
pub const INTERVAL: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block() -> Block {
        Block { ssrc: 7, fraction_lost: 3, lost: 12, highest: 0x1_0005, jitter: 40 }
    }

    #[test]
    fn a_report_is_read_by_the_other_side_as_it_was_written() {
        let sender = Sender { ntp: 0x1234_5678_9abc_def0, timestamp: 5, packets: 6, octets: 7 };
        let last = LastReport { ntp: 0xaaaa, delay: 65_536 };
        let report = |sender, bye| Report {
            ssrc: 1,
            name: "name",
            sender,
            block: Some((block(), last)),
            bye,
        };
        let of_ours = OfOurs { fraction_lost: 3, lost: 12, jitter: 40, echo: last };
        let octets = report(Some(sender), true).write().unwrap();
        let heard = Heard { sender: Some(sender.ntp), of_ours: Some(of_ours), bye: true };
        assert_eq!(read(&octets, 7), Some(heard));

        let octets = report(None, false).write().unwrap();
        assert_eq!(octets[1], 201, "a receiver report");
        assert_eq!(read(&octets, 7).unwrap().of_ours, Some(of_ours));
        assert_eq!(read(&octets, 8).unwrap().of_ours, None, "not of our stream");
    }

    #[test]
    fn the_round_trip_is_what_the_echo_leaves() {
        let sent = Epoch::new(Instant::now(), Duration::from_hours(500_000));
        let of_ours = OfOurs {
            fraction_lost: 0,
            lost: 0,
            jitter: 0,
            echo: LastReport { ntp: middle(sent.ntp), delay: units(Duration::from_secs(2)) },
        };
        let heard = sent.ntp(sent.at + Duration::from_millis(2_250));
        assert_eq!(of_ours.round_trip(heard).unwrap().as_millis(), 250);
    }

    #[test]
    fn a_name_longer_than_the_field_is_an_error_and_no_panic() {
        let name = "n".repeat(256);
        let report = Report { ssrc: 1, name: &name, sender: None, block: None, bye: false };
        assert!(report.write().is_err());
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(mut octets: Vec<u8>, kind in 200u8..208, count in 0u8..32) {
            let _ = read(&octets, 1);
            let words = u8::try_from((octets.len() / 4).saturating_sub(1)).unwrap_or(0);
            let head = [0x80 | count, kind, 0, words];
            octets.iter_mut().zip(head).for_each(|(octet, head)| *octet = head);
            let _ = read(&octets, 1);
        }
    }
}
