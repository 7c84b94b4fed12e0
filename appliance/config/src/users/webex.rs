//! Credentials of Webex Calling: what Control Hub shows once when a customer
//! managed device was added, as its CSV or copied from the screen.
//!
//! Nothing that is public says which columns the CSV has, so that they are
//! known by the names that the screen has for them, in any order: across, with
//! a line for each device, or down, a name and its value in a line or in two.

use super::csv::{Line, Lines, folded};
use super::fields::{AUTHPASSWORD, AUTHUSER, DISPLAYNAME, DOMAIN, IPEI, USERNAME};
use super::read::Reading;
use super::unique::Places;
use super::{User, Users};
use crate::flaw::{Flaws, Notice, Place};
use crate::model::Model;
use std::collections::BTreeMap;

impl Users {
    /// Reads credentials of Webex Calling: the user name is what stands before the @ of the line ID and the domain
    /// what stands behind it, the SIP user name is for authentication, and the MAC address is the handset's IPEI.
    ///
    /// # Errors
    /// Everything that is wrong with the file, each with its place and what was expected.
    pub fn read_webex(model: &Model, file: &str, text: &str) -> Result<(Self, Vec<Notice>), Flaws> {
        let mut reading = Reading::new(file, model);
        match Lines::new(text) {
            Ok(lines) => cards(lines).into_iter().for_each(|card| user(&card, &mut reading)),
            Err((place, what)) => reading.flaw(place, what),
        }
        if reading.is_untouched() {
            let what = "no device is named; expected Line ID, SIP username, SIP password and \
                        MAC address, as Control Hub shows them";
            reading.flaw(Place { line: 1, column: 1 }, what.into());
        }
        reading.finish()
    }
}

/// Whether there is a line ID among what the lines name.
pub(super) fn recognises(lines: Lines<'_>) -> bool {
    lines.take(HEAD_MAX).any(|line| {
        line.0.iter().any(|(text, _)| named(text).is_some_and(|(label, _)| label == Label::Line))
    })
}

/// What Control Hub shows of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Person,
    Line,
    Proxy,
    Mac,
    SipUser,
    SipPassword,
    /// Shown, and of no use here.
    Other,
}

/// The texts of one device, each with its place.
type Card = BTreeMap<Label, (String, Place)>;

/// The label that a text is, or begins with before a colon, and what stands behind that.
fn named(text: &str) -> Option<(Label, &str)> {
    let (name, rest) = text.split_once(": ").unwrap_or((text.trim_end_matches(':'), ""));
    let label = match folded(name).as_str() {
        "username" | "displayname" => Label::Person,
        "lineid" | "lineidentifier" => Label::Line,
        "outboundproxy" => Label::Proxy,
        "macaddress" | "mac" => Label::Mac,
        "sipusername" => Label::SipUser,
        "sippassword" => Label::SipPassword,
        "devicevendor" | "devicetype" => Label::Other,
        _ => return None,
    };
    Some((label, rest.trim()))
}

fn cards(mut lines: Lines<'_>) -> Vec<Card> {
    let Some(first) = lines.next() else { return Vec::new() };
    let labels: Vec<Option<Label>> =
        first.0.iter().map(|(text, _)| named(text).map(|(label, _)| label)).collect();
    if labels.iter().flatten().count() < 2 {
        return down(std::iter::once(first).chain(lines));
    }
    let card = |line: Line| {
        let cells = line.0.into_iter().zip(&labels);
        cells.filter_map(|(cell, label)| Some(((*label)?, cell))).collect::<Card>()
    };
    lines.map(card).filter(|card| card.values().any(|(text, _)| !text.is_empty())).collect()
}

/// A name and its value in each line, or in two; a name that was there already begins the next device.
fn down(lines: impl Iterator<Item = Line>) -> Vec<Card> {
    let mut cards = vec![Card::new()];
    let mut waiting = None;
    for line in lines {
        let mut cells = line.0.into_iter().filter(|(text, _)| !text.is_empty());
        let Some((text, place)) = cells.next() else { continue };
        let (label, value) = match (waiting.take(), named(&text)) {
            (Some(label), _) => (label, Some((text, place))),
            (None, Some((label, ""))) => (label, cells.next()),
            (None, Some((label, rest))) => (label, Some((rest.to_owned(), place))),
            (None, None) => continue,
        };
        let Some(value) = value else {
            waiting = Some(label);
            continue;
        };
        if cards.last().is_none_or(|card| card.contains_key(&label)) {
            cards.push(Card::new());
        }
        if let Some(card) = cards.last_mut() {
            card.insert(label, value);
        }
    }
    cards.retain(|card| !card.is_empty());
    cards
}

fn user(card: &Card, reading: &mut Reading<'_>) {
    let place = card.values().map(|(_, place)| *place).min().unwrap_or_default();
    if !reading.begin(place) {
        return;
    }
    let (mut user, mut places) = (User::default(), Places::new(place));
    let text = |label| card.get(&label).filter(|(text, _)| !text.is_empty());
    let Some((line, at)) = text(Label::Line) else {
        return reading.flaw(place, "a device has no Line ID; expected one".into());
    };
    let (name, domain) = line.split_once('@').unwrap_or((line, ""));
    let mut found = vec![(USERNAME.spec, *at, name.to_owned()), (DOMAIN.spec, *at, domain.into())];
    for (label, spec) in [(Label::SipUser, AUTHUSER.spec), (Label::SipPassword, AUTHPASSWORD.spec)]
    {
        match text(label) {
            Some((text, at)) => found.push((spec, *at, text.clone())),
            None => reading.say(place, format!("no {} is given", spec.name)),
        }
    }
    if let Some((person, at)) = text(Label::Person) {
        if (DISPLAYNAME.spec.check)(person).is_ok() {
            found.push((DISPLAYNAME.spec, *at, person.clone()));
        } else {
            reading.say(*at, "the name is left out, since it is no display name".into());
        }
    }
    if let Some((mac, at)) = text(Label::Mac) {
        match ipei(mac) {
            Some(ipei) => found.push((IPEI.spec, *at, ipei)),
            None => reading.say(*at, "the MAC address is left out, since it is no IPEI".into()),
        }
    }
    if let Some((proxy, at)) = text(Label::Proxy) {
        let shown: String = proxy.chars().take(SHOWN_MAX).collect();
        reading.say(*at, format!("the outbound proxy {shown} is no user's; set sip.proxy.domain"));
    }
    for (spec, at, text) in found.iter().filter(|(_, _, text)| !text.is_empty()) {
        reading.field(spec, (*at, text), &mut user, &mut places);
    }
    reading.end(user, places);
}

/// The twelve digits of an IPEI, with or without what usually stands between those of a MAC address.
fn ipei(mac: &str) -> Option<String> {
    let digits: String = mac.chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
    let sound = digits.len() == 12 && digits.bytes().all(|digit| digit.is_ascii_digit());
    let (maker, serial) = digits.split_at_checked(5).filter(|_| sound)?;
    Some(format!("{maker} {serial}"))
}

/// A screen says less before it comes to the point.
const HEAD_MAX: usize = 40;
/// Of a foreign name in a message.
const SHOWN_MAX: usize = 60;
