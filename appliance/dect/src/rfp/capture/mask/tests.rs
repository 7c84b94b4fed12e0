//! What the mirror may show.

use super::*;
use crate::rfp::dnm::{Data, Dnm, Lc};
use crate::rfp::hex;
use crate::rfp::message::Message;
use proptest::prelude::*;

fn masked(mask: &mut Mask, from_rfp: bool, text: &str) -> String {
    let mut octets = hex::decode(text).unwrap();
    let length = u8::try_from(octets.len() - 4).unwrap();
    assert_eq!(octets[3], length, "the test's own message");
    mask.apply(from_rfp, &mut octets, |mcei| mcei == Mcei(9));
    hex::encode(&octets)
}

#[test]
fn cipher_keys_are_zeroed_unless_their_handset_is_named() {
    let mut mask = Mask::default();
    assert_eq!(
        masked(&mut mask, false, "0301000c7a09036623c872e3ef825701"),
        "0301000c7a0903000000000000000001"
    );
    let named = "0301000c7a09096623c872e3ef825701";
    assert_eq!(masked(&mut mask, false, named), named);
    assert_eq!(
        masked(&mut mask, false, "0301000e7a0c05006948547d6b1611590101"),
        "0301000e7a0c050000000000000000000101"
    );
}

#[test]
fn keys_of_base_stations_are_zeroed_always() {
    let mut mask = Mask::default();
    let mut octets = [&[0x01, 0x24, 0, 64], [7; 64].as_slice()].concat();
    mask.apply(false, &mut octets, |_| true);
    assert_eq!(octets, [&[0x01, 0x24, 0, 64], [0; 64].as_slice()].concat());
}

/// The Annex K transcript, the handset's answer cut into two frames of which the first comes twice.
#[test]
fn a_key_allocation_is_zeroed_across_frames_and_repetitions() {
    let mut mask = Mask::default();
    assert_eq!(
        masked(
            &mut mask,
            false,
            "0301 0022 7905 0600 1d 132069 0542 0b020188 0c08d01ff9e211680421 0e081111111111111111"
        ),
        "0301002279050600".to_owned()
            + "1d13206905420b0201880c0800000000000000000e080000000000000000"
    );
    let first = "0301 0017 7906 0600 12 21003e 8540 0a03014800 0c08a03ff2c523d0";
    let first_masked = "03010017790606001221003e85400a030148000c08000000000000";
    assert_eq!(masked(&mut mask, true, first), first_masked);
    assert_eq!(masked(&mut mask, true, first), first_masked);
    assert_eq!(
        masked(&mut mask, true, "0301 0010 7906 0600 0b 210221 0842 0d04f28cf911"),
        "0301001079060600".to_owned() + "0b21022100000d0400000000"
    );
    assert_eq!(
        masked(&mut mask, false, "0301 0010 7905 0600 0b 112221 05410d04eeba4db9"),
        "03010010790506000b11222105410d0400000000"
    );
}

#[test]
fn a_proof_with_the_full_key_stays_and_one_with_a_code_does_not() {
    let ask = |kind: &str| {
        format!(
            "0301 0022 7905 0100 1d 230069 0540 0a0301{kind}18 0c08{} 0e08{}",
            "11".repeat(8),
            "22".repeat(8)
        )
    };
    let answer = "0301 0010 7906 0100 0b 210021 8541 0d04961b3a9f";
    for (kind, kept) in [("18", true), ("48", false), ("38", false)] {
        let mut mask = Mask::default();
        let long = ask(kind).replace("0301 0022", "0301 0023").replace("1d 230069", "1e 23006d");
        assert_eq!(masked(&mut mask, false, &long).contains("1111"), kept);
        assert_eq!(masked(&mut mask, true, answer).contains("961b3a9f"), kept);
    }
}

#[test]
fn a_frame_out_of_its_turn_is_zeroed_whole() {
    let mut mask = Mask::default();
    masked(&mut mask, true, "0301 000a 7906 0100 05 210009 0544");
    assert_eq!(
        masked(&mut mask, true, "0301 000a 7906 0100 05 210409 8541"),
        "0301000a790601000521040900 00".replace(' ', "")
    );
}

/// KEY-ALLOCATE, the handset's AUTH-REQUEST and the AUTH-REPLY to it, with who sends each, its lead up to
/// the first secret, and the secrets.
const ALLOCATION: [(bool, &str, &[&str]); 3] = [
    (false, "0542 0b020188", &["0c08 d01ff9e211680421", "0e08 a1a2a3a4a5a6a7a8"]),
    (true, "8540 0a03014800", &["0c08 a03ff2c523d00842", "0d04 f28cf911"]),
    (false, "0541", &["0d04 eeba4db9"]),
];

/// A frame of class B.
fn frame(ns: u8, information: &[u8], more: bool) -> Vec<u8> {
    let length = u8::try_from(information.len()).unwrap() << 2 | u8::from(more) << 1 | 1;
    [&[0x21, ns << 1, length], information].concat()
}

fn link_data(from_rfp: bool, frame: Vec<u8>) -> Vec<u8> {
    let data = Data::new(0, frame);
    let lc = if from_rfp { Lc::DataInd(data) } else { Lc::DataReq(data) };
    Message::Dnm(Dnm::Lc(Mcei(1), lc)).encode().encode()
}

proptest! {
    /// However a key allocation is cut into frames and however often frames come again: each octet of
    /// its secrets is zero, and all others are as they were.
    #[test]
    fn no_cutting_and_no_repetition_shows_a_secret(
        first in 0..8_u8,
        cuts in prop::collection::vec(1..6_usize, 40),
        again in prop::collection::vec(0..3_usize, 40),
    ) {
        let (mut mask, mut cut, mut again) = (Mask::default(), cuts.iter(), again.iter().cycle());
        let mut ns = [first; 2];
        for (from_rfp, lead, secrets) in ALLOCATION {
            let (mut clear, mut expected) = (hex::decode(lead).unwrap(), hex::decode(lead).unwrap());
            for secret in secrets {
                let octets = hex::decode(secret).unwrap();
                expected.extend([octets[0], octets[1]]);
                expected.resize(expected.len() + octets.len() - 2, 0);
                clear.extend(octets);
            }
            let (mut at, mut seen, mut window) = (0, Vec::new(), Vec::new());
            while at < clear.len() {
                let end = (at + cut.next().copied().unwrap_or(9)).min(clear.len());
                let ns = &mut ns[usize::from(from_rfp)];
                window.push(link_data(from_rfp, frame(*ns, &clear[at..end], end < clear.len())));
                *ns = (*ns + 1) % 8;
                // The newest frame, and up to two before it once more, as go-back-N repeats them.
                for back in (0..=*again.next().unwrap()).rev() {
                    let Some(index) = window.len().checked_sub(1 + back) else { continue };
                    let mut octets = window[index].clone();
                    mask.apply(from_rfp, &mut octets, |_| false);
                    let information = octets[12..].to_vec();
                    if let Some(earlier) = seen.get(index) {
                        prop_assert_eq!(&information, earlier);
                    } else {
                        seen.push(information);
                    }
                }
                at = end;
            }
            prop_assert_eq!(seen.concat(), expected);
        }
    }

    #[test]
    fn whatever_comes_keeps_its_length_and_header(
        messages in prop::collection::vec(
            (any::<bool>(), 0x78..0x7b_u8, 0..0x20_u8, prop::collection::vec(any::<u8>(), 0..40)),
            0..30,
        ),
    ) {
        let mut mask = Mask::default();
        for (from_rfp, layer, primitive, rest) in messages {
            let payload = [&[layer, primitive], rest.as_slice()].concat();
            let before = crate::rfp::frame::Frame::new(kind::DNM, payload).encode();
            let mut after = before.clone();
            mask.apply(from_rfp, &mut after, |_| false);
            prop_assert_eq!(after.len(), before.len());
            prop_assert_eq!(&after[..6], &before[..6]);
        }
    }
}
