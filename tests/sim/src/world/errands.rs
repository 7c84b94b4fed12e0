//! What arrives where, and what comes of it.

use super::{Errand, Who, World, pp_id};
use crate::air::{Downlink, PpId, Uplink};
use crate::{pbx, pp, rfp};
use dect::lapc::{Control, Frame, Side};
use dect::wire::{Kind, Pd};
use iwu::brain::Input;
use std::time::Duration;

impl World {
    pub(super) fn carry_out(&mut self, errand: Errand) {
        match errand {
            Errand::ToServer(conn, octets) => {
                if self.base_of(conn).is_some() {
                    self.brain_input(Input::Dect(dect::nwk::Input::Received(conn, octets)));
                }
            }
            Errand::ToBase(conn, octets) => {
                if let Some(base) = self.base_of(conn) {
                    self.base_input(base, rfp::Input::Received(octets));
                }
            }
            Errand::Plug(base) => self.connect(base),
            Errand::Up(handset, base, uplink) => {
                self.tell_air(
                    '>',
                    handset,
                    match &uplink {
                        Uplink::Frame(frame) => Some(frame),
                        _ => None,
                    },
                );
                self.base_input(base, rfp::Input::Radio(pp_id(handset), uplink));
            }
            Errand::Down(base, handset, downlink) => {
                if self.handsets[handset].at != Some(base) {
                    return;
                }
                self.tell_air(
                    '<',
                    handset,
                    match &downlink {
                        Downlink::Frame(frame) => Some(frame),
                        _ => None,
                    },
                );
                self.pp_input(handset, pp::Input::Air(downlink));
            }
            Errand::ToPbx(datagram) => {
                let mut out = Vec::new();
                self.pbx.received(self.now, super::SERVER, datagram, &mut out);
                self.pbx_wants(out);
            }
            Errand::FromPbx(datagram) => self.sip_arrives(self.server.config.pbx, datagram),
            Errand::Loop(datagram) => self.sip_arrives(super::SERVER, datagram),
            Errand::Stored(ticket, durable) => {
                self.brain_input(Input::Dect(dect::nwk::Input::Stored(ticket, durable)));
            }
            Errand::Media(report) => self.brain_input(Input::Media(report)),
            Errand::Bound(base, handle) => self.base_input(base, rfp::Input::Bound(handle, true)),
            Errand::Resolved(question) => self.resolve(question),
        }
    }

    fn sip_arrives(&mut self, from: std::net::SocketAddr, datagram: Vec<u8>) {
        self.tell_sip('<', &datagram);
        let path = sip::endpoint::Path::Udp(from);
        self.brain_input(Input::Sip(sip::endpoint::Input::Received(path, datagram)));
    }

    /// There is one name in this world, and it is an address.
    fn resolve(&mut self, question: sip::endpoint::Question) {
        let address = question.host.parse().ok();
        let targets = address.map(|address| sip::endpoint::Target {
            address: std::net::SocketAddr::new(address, question.port.unwrap_or(5060)),
            ttl: Duration::from_hours(1),
            priority: 0,
            weight: 0,
        });
        let targets = targets.into_iter().collect();
        self.brain_input(Input::Sip(sip::endpoint::Input::Resolved(question, targets)));
    }

    pub(super) fn base_input(&mut self, base: usize, input: rfp::Input) {
        let mut out = Vec::new();
        self.bases[base].rfp.input(self.now, input, &mut out);
        self.base_wants(base, out);
    }

    pub(super) fn base_wants(&mut self, base: usize, out: Vec<rfp::Output>) {
        for output in out {
            match output {
                rfp::Output::Send(octets) => {
                    if let Some(conn) = self.bases[base].conn {
                        self.send(LAN, Errand::ToServer(conn, octets));
                    }
                }
                rfp::Output::Close(reason) => {
                    self.tell(format_args!("rfp {} closes its link: {reason}", base + 1));
                    self.cut(base);
                }
                rfp::Output::Radio(PpId(pp), downlink) => {
                    if let Ok(handset) = usize::try_from(pp) {
                        self.radio_down(base, handset, &downlink);
                    }
                }
                rfp::Output::Broadcast(downlink) => self.broadcast(base, &downlink),
                rfp::Output::Bind(handle, _) => self.send(LAN, Errand::Bound(base, handle)),
                rfp::Output::KeyChanged(_) | rfp::Output::Unbind(_) | rfp::Output::Datagram(..) => {
                }
                rfp::Output::Fault(what) => {
                    panic!("rfp {}: {what}:\n{}", base + 1, self.trace());
                }
            }
        }
        let deadline = self.bases[base].rfp.deadline();
        self.attend(Who::Base(base), deadline);
    }

    fn broadcast(&mut self, base: usize, downlink: &Downlink) {
        let near = &self.bases[base].near;
        let hear: Vec<usize> = match downlink {
            // Who is not meant does not listen on; with ten thousand handsets that matters.
            Downlink::Page([_, high, low]) => {
                let meant = self.paged_by.get(&u16::from_be_bytes([*high, *low]));
                meant.into_iter().flatten().filter(|it| near.contains(it)).copied().collect()
            }
            _ => near.iter().copied().collect(),
        };
        for handset in hear {
            if self.handsets[handset].pp.is_on() {
                self.radio_down(base, handset, downlink);
            }
        }
    }

    pub(super) fn pp_input(&mut self, handset: usize, input: pp::Input) {
        if let pp::Input::User(command) = &input {
            let number = self.handsets[handset].number.clone();
            self.tell(format_args!("{number} {}", in_words(command)));
        }
        let mut out = Vec::new();
        self.handsets[handset].pp.input(self.now, input, &mut out);
        self.pp_wants(handset, out);
    }

    pub(super) fn pp_wants(&mut self, handset: usize, out: Vec<pp::Output>) {
        for output in out {
            match output {
                pp::Output::Air(uplink) => {
                    if let Some(base) = self.handsets[handset].at {
                        self.radio_up(handset, base, &uplink);
                    }
                }
                pp::Output::Seen(seen) => {
                    let number = self.handsets[handset].number.clone();
                    self.tell(format_args!("{number} sees {seen:?}"));
                    if matches!(seen, pp::Seen::Subscribed(..) | pp::Seen::Located(_)) {
                        self.listen_for_pages(handset);
                    }
                    let noticed = &mut self.handsets[handset].seen;
                    noticed.push((self.now, seen));
                    if noticed.len() > SEEN_MAX {
                        noticed.remove(0);
                    }
                }
            }
        }
        let deadline = self.handsets[handset].pp.deadline();
        self.attend(Who::Handset(handset), deadline);
    }

    /// Notes the addresses under which a handset may be paged from now on (EN 300 175-5 8.2).
    fn listen_for_pages(&mut self, handset: usize) {
        let Some(kept) = self.handsets[handset].pp.subscription() else { return };
        let addresses = [Some(kept.ipui.low_16()), kept.tpui.map(ident::Tpui::low_16)];
        for address in addresses.into_iter().flatten() {
            self.paged_by.entry(address).or_default().insert(handset);
        }
    }

    pub(super) fn pbx_wants(&mut self, out: Vec<pbx::Output>) {
        for output in out {
            match output {
                pbx::Output::Send(_, datagram) => self.send(LAN, Errand::FromPbx(datagram)),
                pbx::Output::Seen(number, seen) => {
                    self.tell(format_args!("{number} sees {seen:?}"));
                }
            }
        }
        let deadline = self.pbx.deadline();
        self.attend(Who::Pbx, deadline);
    }

    /// Tells of the first frame of each message of the network layer.
    fn tell_air(&mut self, way: char, handset: usize, frame: Option<&Vec<u8>>) {
        let side = if way == '>' { Side::Portable } else { Side::Fixed };
        let Some(Ok(frame)) = frame.map(|octets| Frame::decode(octets, side)) else { return };
        let Control::I { .. } = frame.control else { return };
        if let [first, kind, ..] = frame.information[..]
            && let Some(pd) = Pd::from_nibble(first & 0x0f)
            && let Some(name) = Kind::new(pd, kind).name()
        {
            let number = self.handsets[handset].number.clone();
            self.tell(format_args!("air {way} {number} {name}"));
        }
    }
}

fn in_words(command: &pp::Command) -> String {
    match command {
        pp::Command::SwitchOn => "switches on".to_owned(),
        pp::Command::SwitchOff => "switches off".to_owned(),
        pp::Command::Subscribe(_) => "subscribes".to_owned(),
        pp::Command::Dial(number) => format!("dials {number}"),
        pp::Command::Keys(keys) => format!("presses {keys}"),
        pp::Command::Answer => "answers".to_owned(),
        pp::Command::Reject => "rejects".to_owned(),
        pp::Command::HangUp => "hangs up".to_owned(),
        pp::Command::AskTime => "asks for the time".to_owned(),
    }
}

/// One way over the cable.
const LAN: Duration = Duration::from_millis(1);
/// So much of what a user noticed is remembered.
const SEEN_MAX: usize = 32;
