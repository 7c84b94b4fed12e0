//! What can happen and what can be expected in a story.

use super::World;
use super::story::{Step, What, mood_of, time_of, weather_of};
use crate::pbx::PhoneCommand;
use crate::pp::{CallState, Command, Seen};
use dect::clock::WallClock;
use dect::primitive::AccessCode;
use iwu::brain::Input;
use lan::log::Timestamp;
use lan::zone::Zone;
use media::session::Codec;
use std::time::Instant;

impl World {
    /// Plays one line.
    pub(super) fn perform(&mut self, step: &Step) -> Result<(), String> {
        let words: Vec<&str> = step.words.iter().map(String::as_str).collect();
        match step.what {
            What::At(at) => {
                let wait = at.checked_sub(self.time());
                self.run_for(wait.ok_or("it is later than that already")?);
                self.happen(&words).ok_or_else(|| format!("not understood: {}", words.join(" ")))
            }
            What::Expect(limit) => {
                let known = self.holds(&words);
                known.ok_or_else(|| format!("not understood: {}", words.join(" ")))?;
                let met = self.run_until(limit, |world| world.holds(&words) == Some(true));
                if !met {
                    return Err(format!("did not come true: {}", words.join(" ")));
                }
                self.tell(format_args!("expected: {}", words.join(" ")));
                Ok(())
            }
        }
    }

    fn happen(&mut self, words: &[&str]) -> Option<()> {
        match words {
            ["server", deed @ ..] => self.server_does(deed)?,
            ["pbx", "restarts"] => self.pbx.restart(),
            ["pbx", "is", mood @ ..] => self.set_mood(mood_of(mood)?),
            ["radio", "is", weather @ ..] | ["radio", weather @ ..] => {
                self.set_weather(weather_of(weather)?);
            }
            ["rfp", base, "loses", "its", "connection"] => self.cut(place(base)?),
            ["rfp", base, "is", "unplugged"] => self.plug(place(base)?, false),
            ["rfp", base, "is", "plugged", "in"] => self.plug(place(base)?, true),
            ["disk", "is", "full"] => self.store.fails = true,
            ["disk", "is", "empty"] => self.store.fails = false,
            ["media", "has", "no", "ports"] => self.media.full = true,
            ["media", "dies"] => {
                self.media.die();
                self.brain_input(Input::MediaLost);
            }
            ["nothing", "happens"] => {}
            [number, deed @ ..] => match self.handset(number) {
                Some(handset) => self.handset_does(handset, deed)?,
                None => self.phone(number, &phone_command(deed)?),
            },
            [] => return None,
        }
        Some(())
    }

    fn server_does(&mut self, deed: &[&str]) -> Option<()> {
        match deed {
            ["dies"] => self.kill_server(),
            ["stops"] => self.stop_server(),
            ["starts"] => self.start_server(),
            ["opens" | "closes", "subscription"] => {
                let open = deed[0] == "opens";
                self.change_settings(|settings| settings.dect.subscription_allowed = open);
            }
            ["prefers", "mu-law"] => {
                self.change_settings(|settings| settings.codecs = vec![Codec::Pcmu, Codec::Pcma]);
            }
            ["keeps" | "ends", "registrations", "of", "those", "switched", "off"] => {
                let end = deed[0] == "ends";
                self.change_settings(|settings| settings.deregister_on_detach = end);
            }
            ["registers", "for", time] => {
                let time = time_of(time)?;
                self.change_settings(|settings| settings.sip.registration_expire = time);
            }
            ["has", "no", "clock"] => self.set_clock(None),
            ["has", "a", "clock", "at", time, "in", zone] => {
                let clock = clock_at(self.now, time, zone)?;
                self.tell(format_args!("the clock shows {time} in {zone}"));
                self.set_clock(Some(clock));
            }
            ["tells" | "keeps", "the", "time"] => {
                let tells = deed[0] == "tells";
                self.change_settings(|settings| settings.dect.send_date_time = tells);
            }
            [deed, number, rest @ ..] => {
                let handset = self.handset(number)?;
                self.tell(format_args!("user {number}: {deed} {}", rest.join(" ")));
                self.user_becomes(handset, deed, rest)?;
            }
            _ => return None,
        }
        Some(())
    }

    /// The administrator changes a user while everything runs.
    fn user_becomes(&mut self, handset: usize, deed: &str, rest: &[&str]) -> Option<()> {
        match (deed, rest) {
            ("adds", []) => self.change_user(handset, |person| person.unlisted = false),
            ("removes", []) => self.change_user(handset, |person| person.unlisted = true),
            ("disables", []) => self.change_user(handset, |person| person.disabled = true),
            ("enables", []) => self.change_user(handset, |person| person.disabled = false),
            ("names", name) => self.change_user(handset, |person| person.name = name.join(" ")),
            ("gives", ["the", "right", "password"]) => self.change_user(handset, |person| {
                person.pbx_password.clone_into(&mut person.password);
            }),
            ("gives", ["a", "wrong", "password"]) => {
                self.change_user(handset, |person| "wrong".clone_into(&mut person.password));
            }
            _ => return None,
        }
        Some(())
    }

    fn handset_does(&mut self, handset: usize, deed: &[&str]) -> Option<()> {
        let command = match deed {
            ["dials", number] => Command::Dial((*number).to_owned()),
            ["goes", "off-hook"] => Command::Dial(String::new()),
            ["presses", keys] => Command::Keys((*keys).to_owned()),
            ["answers"] => Command::Answer,
            ["rejects"] => Command::Reject,
            ["hangs", "up"] => Command::HangUp,
            ["asks", "for", "the", "time"] => Command::AskTime,
            ["switches", "on"] => Command::SwitchOn,
            ["switches", "off"] => Command::SwitchOff,
            ["subscribes", "with", code] => Command::Subscribe(AccessCode::new(code)?),
            ["walks", "to", "rfp", base] => {
                self.walk(handset, Some(place(base)?));
                return Some(());
            }
            ["walks", "away"] => {
                self.walk(handset, None);
                return Some(());
            }
            ["from", "now", "on", fault @ ..] => return self.misbehave(handset, fault),
            _ => return None,
        };
        self.user(handset, command);
        Some(())
    }

    fn misbehave(&mut self, handset: usize, fault: &[&str]) -> Option<()> {
        let faults = &mut self.handsets[handset].pp.model_mut().faults;
        match fault {
            ["hears", "no", "pages"] => faults.deaf_to_pages = true,
            ["has", "a", "wrong", "key"] => faults.wrong_uak = true,
            ["is", "silent"] => faults.silent = true,
            ["repeats", "messages"] => faults.repeats_messages = true,
            ["acknowledges", "nothing"] => faults.acknowledges_nothing = true,
            ["releases", "too"] => faults.releases_too = true,
            ["refuses", "to", "cipher"] => faults.refuses_cipher = true,
            ["answers", "late", time] => faults.answers_late = Some(time_of(time)?),
            ["is", "well"] => *faults = crate::pp::Faults::default(),
            _ => return None,
        }
        Some(())
    }

    /// Whether it is so; `None` where nobody knows what that means.
    fn holds(&self, words: &[&str]) -> Option<bool> {
        match words {
            ["all", "idle"] => return Some(self.is_idle()),
            ["nothing", "but", "silence"] => return Some(self.server.calls() == 0),
            ["rfp", base, "on", "air"] => return Some(self.bases[place(base)?].rfp.on_air()),
            _ => {}
        }
        let (number, state) = words.split_first()?;
        let Some(handset) = self.handset(number) else {
            return match state {
                ["rings"] => Some(self.pbx.is_busy(number) && !self.pbx.talks(number)),
                ["talks"] => Some(self.pbx.talks(number)),
                ["is", "free"] => Some(!self.pbx.is_busy(number)),
                _ => None,
            };
        };
        let it = &self.handsets[handset];
        let seen = |wanted: &dyn Fn(&Seen) -> bool| it.seen.iter().any(|(_, seen)| wanted(seen));
        Some(match state {
            ["rings"] => it.pp.call() == Some(CallState::Received),
            ["talks"] => it.pp.talks() && it.pp.call() == Some(CallState::Active),
            ["hears", "something"] => it.pp.talks(),
            ["hears", signal] => {
                seen(&|it| matches!(it, Seen::Signal(heard) if format!("{heard:?}") == *signal))
            }
            ["is", "free"] => it.pp.call().is_none(),
            ["is", "released", reason] => {
                seen(&|it| matches!(it, Seen::Released(given) if format!("{given:?}") == *reason))
            }
            ["shows", "the", "time", time @ ..] => {
                let last = it.seen.iter().rev().find_map(|(_, seen)| match seen {
                    Seen::Time(shown) => Some(shown),
                    _ => None,
                });
                last.is_some_and(|shown| *shown == time.join(" "))
            }
            ["shows", text @ ..] => it.pp.display().contains(&text.join(" ")),
            ["is", "called", "by", name @ ..] => seen(
                &|it| matches!(it, Seen::Ringing { name: Some(given), .. } if *given == name.join(" ")),
            ),
            ["is", "in", "service"] => self.is_in_service(handset),
            ["is", "not", "located"] => !it.pp.is_located(),
            ["is", "located"] => it.pp.is_located(),
            ["is", "registered"] => self.pbx.is_registered(number),
            ["is", "not", "registered"] => !self.pbx.is_registered(number),
            ["is", "subscribed"] => it.pp.subscription().is_some(),
            ["is", "not", "subscribed"] => it.pp.subscription().is_none(),
            ["is", "ciphered"] => it.pp.is_ciphered(),
            _ => return None,
        })
    }

    fn handset(&self, number: &str) -> Option<usize> {
        self.handsets.iter().position(|handset| handset.number == number)
    }
}

/// A clock that shows a time of UTC in a time zone.
fn clock_at(now: Instant, time: &str, zone: &str) -> Option<WallClock> {
    let time: Timestamp = time.parse().ok()?;
    let offset = Zone::read(zone).ok()?.local(time).offset;
    let seconds = time.as_second() + i64::from(offset);
    Some(WallClock { at: now, seconds, quarters: i8::try_from(offset / 900).ok()? })
}

fn phone_command(deed: &[&str]) -> Option<PhoneCommand> {
    Some(match deed {
        ["calls", number] => PhoneCommand::Call((*number).to_owned()),
        ["calls", number, "without", "offer"] => {
            PhoneCommand::CallWithoutOffer((*number).to_owned())
        }
        ["answers"] => PhoneCommand::Answer,
        ["hangs", "up"] => PhoneCommand::HangUp,
        ["holds"] => PhoneCommand::Reinvite("sendonly"),
        ["resumes"] => PhoneCommand::Reinvite("sendrecv"),
        ["asks", "for", "an", "offer"] => PhoneCommand::ReinviteWithoutOffer,
        ["updates"] => PhoneCommand::Update,
        ["presses", key] => PhoneCommand::InfoKey(key.chars().next()?),
        _ => return None,
    })
}

/// `1` is the first.
fn place(word: &str) -> Option<usize> {
    word.parse::<usize>().ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_read_in_four_units_and_in_no_other() {
        for (text, milliseconds) in
            [("3s", 3000), ("250ms", 250), ("2min", 120_000), ("1h", 3_600_000)]
        {
            assert_eq!(time_of(text), Some(Duration::from_millis(milliseconds)));
        }
        for text in ["", "3", "s", "-1s", "3 s", "3d"] {
            assert_eq!(time_of(text), None, "{text}");
        }
    }
}
