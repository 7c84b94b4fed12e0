//! The screen: facts, then what can be chosen. At most [`ROWS`] lines of [`COLUMNS`] letters.

use crate::PROMPT;
use crate::view::{Interface, Link, View};
use supervise::boot::Slot;
use supervise::control::{Cause, Mode, Standing};

/// The screen, with the prompt at its end.
#[must_use]
pub fn screen(view: &View) -> String {
    let mut lines = vec![format!("Fixpart {}", plain(&view.version, VERSION_MAX))];
    let (state, remedy) = state(view.standing);
    fact(&mut lines, "State", &state, STATE_ROWS);
    if let Some(remedy) = remedy {
        fact(&mut lines, "Remedy", remedy, STATE_ROWS);
    }
    fact(&mut lines, "Name", &view.name, 1);
    network(&mut lines, &view.interfaces);
    fact(&mut lines, "Address", &view.address, 2);
    match &view.page {
        None => fact(&mut lines, "Page", "not in this version", 1),
        Some(page) => {
            fact(&mut lines, "Page", &page.url, 1);
            if let Some(fingerprint) = &page.fingerprint {
                fact(&mut lines, "Certificate", fingerprint, 1);
            }
        }
    }
    alerts(&mut lines, &view.alerts);
    lines.push(String::new());
    for (left, right) in MENU {
        lines.push(format!("  {left:<32}{right}"));
    }
    lines.push("Type a number and press Enter. Enter alone shows this again.".into());
    lines.join("\n") + "\n" + PROMPT
}

fn state(standing: Option<Standing>) -> (String, Option<&'static str>) {
    let Some(Standing { slot, mode, .. }) = standing else {
        return ("unknown: the supervisor does not answer".into(), None);
    };
    let place = match slot {
        Some(Slot::A) => "slot A",
        Some(Slot::B) => "slot B",
        Some(Slot::Recovery) => "recovery slot",
        None => "no disk",
    };
    match mode {
        Mode::Normal if slot == Some(Slot::Recovery) => (
            "recovery: neither slot A nor slot B could be started".into(),
            Some("restart (7) to try them again, or write a new image to the disk"),
        ),
        Mode::Normal => (format!("normal, {place}"), None),
        Mode::Trial => {
            let how = "it stays once it was healthy for a minute, else the other slot comes back";
            (format!("trial, {place}: {how}"), None)
        }
        Mode::Ending => (format!("going down, {place}"), None),
        Mode::Safe(cause) => safe(place, cause),
    }
}

fn safe(place: &str, cause: Cause) -> (String, Option<&'static str>) {
    let settings =
        Some("reset the settings (6), boot the other slot (5) or install another version");
    let cannot = |name: &str| format!("the role {} cannot be kept alive", plain(name, 16));
    let (why, remedy) = match cause {
        // It would have to reset the settings itself; the scope `full` does without it.
        Cause::Role(name) if name.as_str() == KEEPER => (
            cannot(name.as_str()),
            Some("boot the other slot (5), else factory reset, scope full (6): users are lost"),
        ),
        Cause::Role(name) => (cannot(name.as_str()), settings),
        Cause::Deadline => ("the system was not healthy in time".to_owned(), settings),
        Cause::State => (
            "what survives a restart cannot be used".to_owned(),
            Some("factory reset, scope full (6): it makes the file systems anew"),
        ),
    };
    (format!("safe mode, {place}: {why}"), remedy)
}

/// One line for each interface, and one for addresses that have no room in it.
fn network(lines: &mut Vec<String>, interfaces: &[Interface]) {
    if interfaces.is_empty() {
        return fact(lines, "Network", "there is no network interface", 1);
    }
    let mut rows = Vec::new();
    for interface in interfaces {
        let link = match interface.link {
            Link::Up => "up",
            Link::NoCarrier => "no cable",
            Link::Down => "off",
        };
        let mac = interface.mac.map(|octet| format!("{octet:02x}")).join(":");
        let mut row = format!("{}  {link}  {mac}", plain(&interface.name, NAME_MAX));
        let addresses = &interface.addresses;
        for (address, prefix) in addresses.iter().take(ADDRESSES_MAX) {
            let address = format!("{address}/{prefix}");
            if row.len() + 2 + address.len() > COLUMNS - LABEL {
                rows.push(std::mem::take(&mut row));
            }
            row = format!("{row}  {address}");
        }
        rows.push(row);
    }
    let more = rows.len().saturating_sub(NETWORK_ROWS);
    if more > 0 {
        rows.truncate(NETWORK_ROWS - 1);
        rows.push("... and more".into());
    }
    for (index, row) in rows.iter().enumerate() {
        fact(lines, if index == 0 { "Network" } else { "" }, row, 1);
    }
}

fn alerts(lines: &mut Vec<String>, alerts: &[String]) {
    if alerts.is_empty() {
        return fact(lines, "Alerts", "none", 1);
    }
    let shown = if alerts.len() > ALERTS_MAX { ALERTS_MAX - 1 } else { alerts.len() };
    for (index, alert) in alerts.iter().take(shown).enumerate() {
        fact(lines, if index == 0 { "Alerts" } else { "" }, alert, 1);
    }
    if alerts.len() > shown {
        fact(lines, "", &format!("... and {} more", alerts.len() - shown), 1);
    }
}

/// A label and a text behind it, in at most so many lines.
fn fact(lines: &mut Vec<String>, label: &str, text: &str, rows: usize) {
    let text = plain(text, TEXT_MAX);
    for (index, row) in rows_of(&text, COLUMNS - LABEL).into_iter().take(rows).enumerate() {
        let label = if index == 0 { label } else { "" };
        lines.push(format!("{label:<LABEL$}{row}").trim_end().to_owned());
    }
}

/// The text in lines that fit the screen, each with its end.
pub(crate) fn wrapped(text: &str) -> String {
    let rows = text.lines().flat_map(|line| rows_of(line, COLUMNS));
    rows.fold(String::new(), |text, row| text + &row + "\n")
}

/// Broken at blanks where that is possible; blanks at the beginning of a text and within it stay.
fn rows_of(text: &str, width: usize) -> Vec<String> {
    let (mut rows, mut row) = (Vec::new(), String::new());
    for word in text.split(' ') {
        if !row.is_empty() && row.len() + 1 + word.len() > width {
            rows.push(std::mem::take(&mut row));
        } else if !row.is_empty() {
            row.push(' ');
        }
        for letter in word.chars() {
            if row.len() == width {
                rows.push(std::mem::take(&mut row));
            }
            row.push(letter);
        }
    }
    rows.push(row);
    rows
}

/// Only letters that every terminal has; what comes from elsewhere may hold anything.
fn plain(text: &str, most: usize) -> String {
    let is_plain = |letter: char| letter.is_ascii_graphic() || letter == ' ';
    text.chars().take(most).map(|letter| if is_plain(letter) { letter } else { '?' }).collect()
}

const MENU: [(&str, &str); 4] = [
    ("1  Address and VLAN", "5  Boot the other slot"),
    ("2  Address as it was before", "6  Factory reset"),
    ("3  Ping", "7  Restart"),
    ("4  Reset the password", "8  Power off"),
];

/// One less than a terminal has, since some begin a new line at the last letter.
pub const COLUMNS: usize = 79;
/// Lines of a terminal, the one for typing among them.
pub const ROWS: usize = 24;
/// Columns of a label.
const LABEL: usize = 13;
const STATE_ROWS: usize = 2;
const NETWORK_ROWS: usize = 4;
const ALERTS_MAX: usize = 3;
/// Of one interface.
const ADDRESSES_MAX: usize = 4;
/// The kernel's limit for the name of an interface.
const NAME_MAX: usize = 15;
const VERSION_MAX: usize = 40;
/// Of a fact; more has no room.
const TEXT_MAX: usize = 240;
/// The role that keeps the settings.
const KEEPER: &str = "conf";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Page;
    use proptest::prelude::*;
    use supervise::control::{Name, Other};

    fn any_view() -> impl Strategy<Value = View> {
        let interface =
            (".{0,30}", any::<[u8; 6]>(), prop::collection::vec(any::<(u128, u8)>(), 0..9));
        let interface = interface.prop_map(|(name, mac, addresses)| Interface {
            name,
            mac,
            link: Link::NoCarrier,
            addresses: addresses
                .into_iter()
                .map(|(address, prefix)| (std::net::Ipv6Addr::from(address).into(), prefix))
                .collect(),
        });
        let text = || ".{0,300}";
        (
            (text(), text(), text(), prop::option::of((text(), prop::option::of(text())))),
            prop::collection::vec(interface, 0..9),
            prop::collection::vec(text(), 0..9),
            0usize..6,
        )
            .prop_map(|((version, name, address, page), interfaces, alerts, mode)| {
                let role = Name::new("sixteenoctets-16").unwrap();
                let modes = [
                    Mode::Normal,
                    Mode::Trial,
                    Mode::Ending,
                    Mode::Safe(Cause::Role(role)),
                    Mode::Safe(Cause::Deadline),
                    Mode::Safe(Cause::State),
                ];
                View {
                    version,
                    name,
                    standing: Some(Standing {
                        slot: Some(Slot::Recovery),
                        other: Other::None,
                        mode: modes[mode],
                        address_fixed: false,
                    }),
                    interfaces,
                    address,
                    page: page.map(|(url, fingerprint)| Page { url, fingerprint }),
                    alerts,
                }
            })
    }

    proptest! {
        #[test]
        fn whatever_is_shown_fits_a_terminal_and_is_plain(view in any_view()) {
            let screen = screen(&view);
            prop_assert!(screen.lines().count() <= ROWS, "{} lines:\n{screen}", screen.lines().count());
            for line in screen.lines() {
                prop_assert!(line.len() <= COLUMNS, "{line}");
                prop_assert!(line.bytes().all(|it| it.is_ascii_graphic() || it == b' '), "{line:?}");
            }
            prop_assert!(screen.ends_with("\n> "));
        }

        #[test]
        fn no_word_gets_lost_where_lines_are_broken(text in "[a-z ]{0,200}", width in 5usize..80) {
            let rows = rows_of(&text, width);
            prop_assert!(rows.iter().all(|row| row.len() <= width));
            let letters = |text: &str| text.replace(' ', "");
            prop_assert_eq!(letters(&rows.concat()), letters(&text));
        }
    }
}
