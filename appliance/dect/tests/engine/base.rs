//! A base station as the engine sees it: answers what real ones were seen to answer.

use dect::rfp::dnm::{Dnm, Lc};
use dect::rfp::frame::Frame;
use dect::rfp::init::{Init, OLDEST_PROTOCOL};
use dect::rfp::media::Media;
use dect::rfp::message::Message;
use dect::rfp::primitive::Mcei;
use dect::rfp::rfpc::Rfpc;
use dect::rfp::stream::Inbound;
use dect::rfp::sync::Sync;
use ident::Mac;

/// The base station's end of a connection.
pub(crate) struct FakeBase {
    pub(crate) mac: Mac,
    inbound: Inbound,
}

/// What a message of the engine means to those around the base station.
pub(crate) enum Heard {
    /// The base station answers so.
    Answer(Message),
    /// A frame for a handset, and the buffer it came in.
    Frame(Mcei, u8, Vec<u8>),
    /// A page.
    Page(Vec<u8>),
    /// A radio link is released.
    Release(Mcei),
    /// A radio link is to be ciphered.
    Cipher(Mcei),
    /// What a link that moves is told.
    Handover(Mcei, &'static str),
    /// Something of a speech channel, in words, and the answer to it.
    Media(String, Option<Message>),
}

impl FakeBase {
    pub(crate) fn new(mac: Mac) -> Self {
        Self { mac, inbound: Inbound::default() }
    }

    /// What the base station says first.
    pub(crate) fn login(&self) -> [Message; 3] {
        let init = Init {
            model: 0x0d,
            word: 0x0008_0100,
            mac: self.mac,
            zero: [0; 6],
            capabilities: 0x0001_ef3c,
            blob: [0; 64],
            protocol: OLDEST_PROTOCOL,
            unknown: vec![0; 20],
            software: [b"SIP-DECT 8.1".as_slice(), &[0; 132]].concat(),
            signature: [0; 16],
        };
        let ready = Rfpc::new(READY_IND, &[(NUMBER_OF_UPN, &[1])]);
        [
            Message::Init(Box::new(init)),
            Message::EncryptionConf(Vec::new()),
            Message::Dnm(Dnm::Rfpc(ready)),
        ]
    }

    pub(crate) fn hear(&mut self, octets: &[u8]) -> Vec<Heard> {
        self.inbound.push(octets);
        let mut heard = Vec::new();
        while let Some(octets) = self.inbound.next_message() {
            let frame = Frame::decode(&octets).expect("the engine sends whole frames");
            let message = Message::decode(&frame).expect("the engine sends sound messages");
            heard.extend(meaning(message));
        }
        heard
    }
}

fn meaning(message: Message) -> Option<Heard> {
    use dect::rfp::dnm::Mac as Radio;
    Some(match message {
        Message::Dnm(Dnm::Lc(mcei, Lc::DataReq(data))) => {
            Heard::Frame(mcei, data.place & 0xf0, data.frame)
        }
        Message::Dnm(Dnm::Page(octets)) => Heard::Page(octets),
        Message::Dnm(Dnm::Mac(mcei, Radio::DisReq(_))) => Heard::Release(mcei),
        Message::Dnm(Dnm::Mac(mcei, Radio::EncKeyReq { .. })) => Heard::Cipher(mcei),
        Message::Dnm(Dnm::Mac(mcei, Radio::HoInProgressRes { id: 0xff, .. })) => {
            Heard::Handover(mcei, "in clear")
        }
        Message::Dnm(Dnm::Mac(mcei, Radio::HoInProgressRes { .. })) => {
            Heard::Handover(mcei, "ciphered")
        }
        Message::Dnm(Dnm::Mac(mcei, Radio::HoFailedReq { .. })) => Heard::Handover(mcei, "refused"),
        Message::Media(media) => media_answer(&media),
        other => Heard::Answer(answer(&other)?),
    })
}

fn media_answer(media: &Media) -> Heard {
    let ack = |of, id| Some(Message::ack(of, id));
    match media {
        Media::Open { handle, .. } => Heard::Media("opened".into(), ack(MEDIA_OPEN, handle.0)),
        Media::Conf(conf) => {
            let text = format!("mcei {} sends to {}", conf.mcei.0, conf.send_to.0);
            Heard::Media(text, ack(MEDIA_CONF, conf.handle.0))
        }
        Media::Start { handle, .. } => Heard::Media("started".into(), ack(MEDIA_START, handle.0)),
        Media::Stop { handle, .. } => Heard::Media("stopped".into(), ack(MEDIA_STOP, handle.0)),
        Media::Close { .. } => Heard::Media("closed".into(), None),
        _ => Heard::Media("other".into(), None),
    }
}

fn answer(message: &Message) -> Option<Message> {
    match message {
        Message::Dnm(Dnm::Rfpc(asked)) => {
            let (_, answer) = RFPC.iter().find(|(primitive, _)| *primitive == asked.primitive)?;
            Some(Message::Dnm(Dnm::Rfpc(Rfpc::new(*answer, &[]))))
        }
        Message::Sync(asked) => {
            let (_, answer) = SYNC.iter().find(|(code, _)| *code == asked.code)?;
            Some(Message::Sync(Sync::new(*answer, [])))
        }
        _ => None,
    }
}

const READY_IND: u8 = 0x01;
const NUMBER_OF_UPN: u8 = 0x01;
/// INIT, ACTIVATE, STATISTICS_DATA: request and confirmation.
const RFPC: [(u8, u8); 3] = [(0x02, 0x03), (0x0f, 0x10), (0x16, 0x17)];
/// GET_REQ_RSSI_COMP, RESET_MAC, SYSTEM_SEARCH, START_MAC_MASTER, FREQ_CTRL_MODE.
const SYNC: [(u8, u8); 5] = [(0x0e, 0x0f), (0x1b, 0x21), (0x1e, 0x1f), (0x1c, 0x22), (0x15, 0x16)];

const MEDIA_OPEN: u16 = 0x0200;
const MEDIA_CONF: u16 = 0x0201;
const MEDIA_START: u16 = 0x0203;
const MEDIA_STOP: u16 = 0x0204;
