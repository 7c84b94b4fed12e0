//! What an administrator asks, and the answers.

use super::Role;
use bus::dect1::{Ask, Base, Service, Status, User};
use bus::door::Door;
use bus::observed1;
use bus::streams::streams;
use dect::nwk;
use ident::{BadIpei, BadMac, Ipei, Mac};
use iwu::brain::Input;
use iwu::status::Registration;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

/// Serves callers on the control socket for ever; each until it hangs up.
pub(super) async fn serve(door: Arc<Door>, asks: Sender<Ask>, observers: Sender<observed1::Ask>) {
    let mut callers = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = door.accept(), if callers.len() < CALLERS_MAX => accepted,
            Some(_) = callers.join_next() => continue,
        };
        let (begun, running) = streams();
        let observed = observed1::Service::new(observers.clone(), begun);
        let (door, control) = (door.clone(), Service::new(asks.clone()));
        // In a task of its own: one that is silent must not hold up the others.
        callers.spawn(async move {
            let served = match accepted {
                Ok(stream) => door.serve_both(stream, control, observed).await,
                Err(refused) => Err(refused),
            };
            match served {
                Ok(connection) => running.until_gone(connection).await,
                Err(refused) => {
                    tracing::warn!(%refused, "a caller of the control socket was not served");
                }
            }
        });
    }
}

impl Role {
    /// Answers one question. Whoever has hung up meanwhile gets no answer.
    pub(super) fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::Status(answer) => drop(answer.send(self.status())),
            Ask::Approve(mac, answer) => {
                let done = mac.parse().map_err(bad_mac).and_then(|mac| self.welcome(mac));
                let _ = answer.send(done);
            }
            Ask::Remove(mac, answer) => {
                let done = mac.parse().map_err(bad_mac).and_then(|mac| self.send_away(mac));
                let _ = answer.send(done);
            }
            Ask::Unsubscribe(ipei, answer) => drop(answer.send(self.unsubscribe(&ipei))),
            Ask::Enrol(mac, answer) => {
                let mac = (!mac.is_empty()).then(|| mac.parse()).transpose().map_err(bad_mac);
                let _ = answer.send(mac.and_then(|mac| self.enrolment.token(mac)));
            }
        }
    }

    /// Approves a base station at both doors: nobody knows yet by which it will come.
    fn welcome(&mut self, mac: Mac) -> Result<(), String> {
        self.enrolment.approve(mac)?;
        self.tell(nwk::Input::ApproveRfp(mac));
        Ok(())
    }

    fn send_away(&mut self, mac: Mac) -> Result<(), String> {
        let heard_of = self.brain.status().rfps.iter().any(|rfp| rfp.mac == mac);
        if !heard_of && !self.enrolment.knows(mac) {
            return Err(format!("no base station {mac} is known; appliance base list shows them"));
        }
        self.enrolment.remove(mac)?;
        self.tell(nwk::Input::RemoveRfp(mac));
        let conn = self.guests.iter().find(|(_, guest)| guest.mac == Some(mac));
        if let Some(conn) = conn.map(|(conn, _)| *conn) {
            self.hang_up(conn);
            self.carry_out();
        }
        Ok(())
    }

    fn unsubscribe(&mut self, ipei: &str) -> Result<(), String> {
        let ipei: Ipei = ipei.parse().map_err(|error: BadIpei| error.to_string())?;
        let seen = self.brain.status();
        let users = seen.users.iter().filter(|user| user.subscribed).filter_map(|user| user.ipei);
        if !users.chain(seen.strangers.iter().copied()).any(|subscribed| subscribed == ipei) {
            return Err(format!(
                "handset {ipei} is not subscribed; appliance status lists those that are"
            ));
        }
        self.brain.input(Instant::now(), Input::Unsubscribe(ipei), &mut self.wanted);
        self.carry_out();
        Ok(())
    }

    fn tell(&mut self, input: nwk::Input) {
        self.brain.input(Instant::now(), Input::Dect(input), &mut self.wanted);
        self.carry_out();
    }

    fn status(&self) -> Status {
        let seen = self.brain.status();
        let mut bases: Vec<Base> = seen
            .rfps
            .into_iter()
            .map(|rfp| {
                let state = if rfp.down.is_none() { "up" } else { "down" };
                let detail = rfp.down.unwrap_or_default();
                Base { mac: rfp.mac.to_string(), state: state.into(), detail }
            })
            .collect();
        bases.extend(self.enrolment.pending().map(|(mac, detail)| Base {
            mac: mac.to_string(),
            state: "pending".into(),
            detail: bus::sendable(&detail),
        }));
        Status {
            users: seen.users.into_iter().map(user).collect(),
            bases,
            calls: u32::try_from(seen.calls).unwrap_or(u32::MAX),
            strangers: seen.strangers.iter().map(ToString::to_string).collect(),
        }
    }
}

fn user(seen: iwu::status::UserStatus) -> User {
    let (registration, detail) = match seen.registration {
        Registration::Off => ("off", String::new()),
        Registration::Trying => ("trying", String::new()),
        Registration::Registered(granted) => ("registered", granted.as_secs().to_string()),
        // In the words of the PBX.
        Registration::Failed(reason) => ("failed", bus::sendable(&reason)),
    };
    User {
        user: seen.user,
        ipei: seen.ipei.map(|ipei| ipei.to_string()).unwrap_or_default(),
        subscribed: seen.subscribed,
        located: seen.located.map(|mac| mac.to_string()).unwrap_or_default(),
        registration: registration.into(),
        detail,
        busy: seen.busy,
    }
}

fn bad_mac(error: BadMac) -> String {
    error.to_string()
}

/// An administrator, a page, a script.
const CALLERS_MAX: usize = 32;
