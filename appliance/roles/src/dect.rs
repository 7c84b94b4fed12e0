//! The role `dect`: the brain, and everything it hears and says.
//!
//! One thread waits for base stations, SIP, the roles `media` and `conf`, an
//! administrator and the clock, calls [`iwu::Brain`], and carries out what it
//! wants. Nothing is decided here.

mod control;
mod daytime;
mod enrolment;
mod keeper;
mod mirror;
mod observe;

use crate::ca::{Ca, CaError};
use crate::conf_client::{Conf, ConfClient, Follows, Heard as Changed, waiting};
use crate::door::{DoorError, Doors, Knock};
use crate::kept::Kept;
use crate::media_client::{Heard, MediaClient};
use crate::random::OsRandom;
use crate::settings::{self, Live};
use crate::sip::{OpenError, SipSockets};
use bus::dect1::Ask;
use bus::door::Door as BusDoor;
use bus::observed1;
use config::Config;
use daytime::Daytime;
use dect::nwk::{self, ConnId, Door};
use dect::subscription::{Change, RfpRecord, Subscription, Subscriptions as _};
use enrolment::Enrolment;
use ident::{Ipei, Mac};
use iwu::brain::{Brain, Input, Output};
use keeper::Keeper;
use mirror::Mirror;
use observe::Observation;
use sd_notify::NotifyState;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{DirSubscriptions, StoreError};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

/// What the role is given.
#[derive(Clone, Debug)]
pub struct Options {
    /// The state directory.
    pub state: PathBuf,
    /// Where settings, users and subscriptions are kept.
    pub conf: Conf,
    /// Where the media role listens.
    pub media: PathBuf,
    /// Which user has made that socket.
    pub media_user: u32,
    /// What was written at manufacture, where there is such a thing.
    pub identity: Option<PathBuf>,
    /// Users that may ask on the control socket.
    pub callers: Vec<u32>,
}

/// Why the role cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum DectError {
    /// The state directory cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The authority for base stations cannot be used.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// A door for base stations cannot be opened.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// The SIP port cannot be opened.
    #[error(transparent)]
    Sip(#[from] OpenError),
    /// The control socket cannot be used.
    #[error("the control socket cannot be used")]
    Control(#[source] io::Error),
    /// Something in the state directory cannot be used.
    #[error("cannot use {0}; check its rights and the free space")]
    State(PathBuf, #[source] io::Error),
}

impl DectError {
    /// Whether there is no use in trying again before somebody has mended something.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        !matches!(self, Self::Control(_))
    }
}

/// Runs the role until `stop`; its sockets may be those of an earlier process.
///
/// # Errors
/// [`DectError`].
pub async fn run(
    options: Options,
    control: UnixListener,
    kept: Kept,
    stop: impl Future<Output = ()>,
) -> Result<(), DectError> {
    let (asks_in, asks) = mpsc::channel(ASKS_MAX);
    let (observers_in, observers) = mpsc::channel(ASKS_MAX);
    let bus = BusDoor::new(control, options.callers.clone()).map_err(DectError::Control)?;
    let mut stop = pin!(stop);
    let mut conf = ConfClient::follow(options.conf.clone(), Follows::Users);
    let store = DirSubscriptions::open(&options.state)?;
    let Some(known) = first(&options, &mut conf, store, stop.as_mut()).await? else {
        return Ok(());
    };
    let mut role = Role::begin(&options, kept, (conf, known))?;
    // Without a parent that listens there is nobody to tell.
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    tokio::select! {
        () = role.serve(asks, observers, stop) => {}
        () = control::serve(Arc::new(bus), asks_in, observers_in) => {}
    }
    role.take_leave().await;
    Ok(())
}

/// What the role must know before it begins.
struct Known {
    live: Live,
    subscribed: (Vec<Subscription>, Vec<RfpRecord>),
    store: DirSubscriptions,
}

/// Waits for the role `conf`; `None` where `stop` came first.
async fn first(
    options: &Options,
    conf: &mut ConfClient,
    mut store: DirSubscriptions,
    mut stop: Pin<&mut impl Future<Output = ()>>,
) -> Result<Option<Known>, DectError> {
    let Some(config) = conf.first_settings(stop.as_mut()).await else { return Ok(None) };
    let Some(users) = conf.first_users(stop.as_mut()).await else { return Ok(None) };
    let moving = move_in(options, &mut store);
    match waiting(stop.as_mut(), moving).await {
        None => return Ok(None),
        Some(moved) => moved?,
    }
    let Some(subscribed) = waiting(stop, keeper::load(options.conf.clone())).await else {
        return Ok(None);
    };
    let live = Live::begin(*config, users, options.identity.as_deref());
    Ok(Some(Known { live, subscribed, store }))
}

/// Hands what an earlier version has kept in files of this role's own to the role `conf`; a file goes when it is kept
/// there.
async fn move_in(options: &Options, store: &mut DirSubscriptions) -> Result<(), DectError> {
    let (subscriptions, rfps) = store.load()?;
    if subscriptions.is_empty() && rfps.is_empty() {
        return Ok(());
    }
    let (known, known_rfps) = keeper::load(options.conf.clone()).await;
    let known: BTreeSet<Ipei> = known.iter().map(|it| it.ipei).collect();
    let known_rfps: BTreeSet<Mac> = known_rfps.iter().map(|it| it.mac).collect();
    let gone: Vec<Change> = subscriptions.iter().map(|it| Change::Remove(it.ipei)).collect();
    let gone_rfps: Vec<Change> = rfps.iter().map(|it| Change::RemoveRfp(it.mac)).collect();
    let new = subscriptions.into_iter().filter(|it| !known.contains(&it.ipei));
    let new_rfps = rfps.into_iter().filter(|it| !known_rfps.contains(&it.mac));
    let changes: Vec<Change> = new
        .map(|it| Change::Put(Box::new(it)))
        .chain(new_rfps.map(|it| Change::PutRfp(Box::new(it))))
        .collect();
    let count = changes.len();
    let refused = keeper::keep_now(options.conf.clone(), changes).await;
    if !refused.is_empty() {
        tracing::error!(
            "{} of {count} subscriptions and base stations of an earlier version could not be taken over; they are \
             tried again with the next start of this role",
            refused.len()
        );
        return Ok(());
    }
    for change in gone.iter().chain(&gone_rfps) {
        store.apply(change)?;
    }
    tracing::info!("{count} subscriptions and base stations of an earlier version were taken over");
    Ok(())
}

/// Everything the role holds.
struct Role {
    brain: Brain,
    /// What the brain wants and was not carried out yet.
    wanted: Vec<Output>,
    doors: Doors,
    enrolment: Enrolment,
    guests: BTreeMap<ConnId, Guest>,
    sip: SipSockets,
    media: MediaClient,
    conf: ConfClient,
    live: Live,
    keeper: Keeper,
    mirror: Option<Mirror>,
    daytime: Daytime,
    observed: Observation,
}

/// A base station that is connected.
struct Guest {
    outbox: mpsc::Sender<Vec<u8>>,
    /// Who its certificate says it is.
    mac: Option<Mac>,
}

impl Role {
    fn begin(
        options: &Options,
        mut kept: Kept,
        (conf, known): (ConfClient, Known),
    ) -> Result<Self, DectError> {
        let Known { live, subscribed, store } = known;
        let config = live.config();
        let ca = Ca::open(&options.state, store.sealer())?;
        let brain_settings = live.brain();
        let doors = open_doors(config, &ca, &mut kept)?;
        let state = |error| DectError::State(options.state.clone(), error);
        let enrolment = Enrolment::open(&options.state, ca, brain_settings.dect.allow_new_rfp)
            .map_err(state)?;
        let mirror = settings::mirror(config, &options.state);
        let mirror = mirror.map(|path| Mirror::open(&path)).transpose().map_err(state)?;
        let alerts = live.alerts();
        warn(&brain_settings.dect, &alerts);
        let sip = SipSockets::open_kept(&settings::sip_sockets(config), &mut kept)?;
        kept.close_the_rest();
        let media = MediaClient::connect_to(&options.media, options.media_user);
        let mut wanted = Vec::new();
        let random = || Box::new(OsRandom) as Box<dyn machine::Rng + Send>;
        let now = Instant::now();
        let brain = Brain::new(now, brain_settings, live.users(), subscribed, random, &mut wanted);
        let mut role = Self {
            brain,
            wanted,
            doors,
            enrolment,
            guests: BTreeMap::new(),
            sip,
            media,
            conf,
            live,
            keeper: Keeper::start(options.conf.clone()),
            mirror,
            daytime: Daytime::begin(options.identity.is_some()),
            observed: Observation::begin(&options.media, options.media_user, alerts),
        };
        role.carry_out();
        Ok(role)
    }

    /// Serves until `stop`.
    async fn serve(
        &mut self,
        mut asks: mpsc::Receiver<Ask>,
        mut observers: mpsc::Receiver<observed1::Ask>,
        stop: impl Future<Output = ()>,
    ) {
        let watchdog = sd_notify::watchdog_enabled().map_or(BEAT, |limit| limit / 2).min(BEAT);
        let mut beat = interval(watchdog);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                Some(ask) = asks.recv() => self.asked(ask),
                Some(ask) = observers.recv() => {
                    self.observed.asked(ask, &self.brain, self.keeper.waiting());
                }
                () = self.step() => {}
                _ = beat.tick() => self.beat(),
            }
        }
    }

    /// The administrator has changed something.
    fn changed(&mut self, changed: Changed) {
        let now = Instant::now();
        let users = match changed {
            Changed::Users(news) => self.live.news(&news),
            Changed::Settings(config) => {
                let (before, users) = (self.live.alerts(), self.live.set(&config));
                let (settings, alerts) = (self.live.brain(), self.live.alerts());
                for alert in alerts.iter().filter(|alert| !before.contains(alert)) {
                    tracing::warn!("{alert}");
                }
                self.observed.alert(alerts);
                self.enrolment.allow_new(settings.dect.allow_new_rfp);
                self.brain.input(now, Input::Settings(Box::new(settings)), &mut self.wanted);
                users
            }
        };
        self.brain.input(now, Input::UserChanges(users), &mut self.wanted);
        self.carry_out();
    }

    /// Waits for the next thing that happens to the brain, and does what follows.
    async fn step(&mut self) {
        let deadline = self.brain.deadline();
        let due = async {
            match deadline {
                Some(at) => sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        let input = tokio::select! {
            knock = self.doors.next() => self.knocked(knock),
            input = self.sip.next() => Some(Input::Sip(input)),
            heard = self.media.next() => Some(match heard {
                Heard::Report(report) => Input::Media(report),
                Heard::Lost => Input::MediaLost,
            }),
            changed = self.conf.next() => return self.changed(changed),
            (ticket, kept) = self.keeper.next() => Some(Input::Dect(nwk::Input::Stored(ticket, kept))),
            () = due => None,
        };
        let now = Instant::now();
        match input {
            Some(input) => self.brain.input(now, input, &mut self.wanted),
            None => self.brain.expire(now, &mut self.wanted),
        }
        self.carry_out();
    }

    /// Ends the calls and takes the registrations back, as far as the others answer in time.
    async fn take_leave(&mut self) {
        self.brain.input(Instant::now(), Input::Stop, &mut self.wanted);
        self.carry_out();
        let patience = tokio::time::Instant::now() + LEAVE_MAX;
        while self.brain.calls() > 0 || self.brain.is_leaving() || self.keeper.waiting() > 0 {
            tokio::select! {
                () = self.step() => {}
                () = sleep_until(patience) => {
                    let unkept = self.keeper.waiting();
                    tracing::warn!(unkept, "not every registration was taken back in time");
                    break;
                }
            }
        }
        self.beat();
    }

    fn knocked(&mut self, knock: Knock) -> Option<Input> {
        match knock {
            Knock::Connected { conn, door, certificate, peer, outbox } => {
                if let Door::Tls(mac) = door
                    && !self.enrolment.accepts(mac, certificate.as_ref())
                {
                    tracing::warn!(%mac, %peer, "refused: its certificate is not the one in force");
                    return None; // Dropping the outbox closes the connection.
                }
                let mac = match door {
                    Door::Tls(mac) => Some(mac),
                    Door::Blowfish => None,
                };
                self.guests.insert(conn, Guest { outbox, mac });
                Some(Input::Dect(nwk::Input::Connected { conn, door, peer }))
            }
            Knock::Received(conn, octets) => {
                let known = self.guests.contains_key(&conn);
                known.then_some(Input::Dect(nwk::Input::Received(conn, octets)))
            }
            Knock::Disconnected(conn) => {
                if let Some(mirror) = &mut self.mirror {
                    let _ = mirror.closed(conn);
                }
                // One that we have closed was forgotten by the brain when it asked for it.
                self.guests.remove(&conn)?;
                Some(Input::Dect(nwk::Input::Disconnected(conn)))
            }
            Knock::Enrol { mac, token, csr, peer, answer } => {
                // A base station that has hung up meanwhile asks again.
                let _ = answer.send(self.enrolment.answer(mac, token.as_ref(), &csr, peer));
                None
            }
        }
    }

    /// Does what the brain wants, until it wants nothing more.
    fn carry_out(&mut self) {
        self.observed.look(&self.brain);
        while !self.wanted.is_empty() {
            for output in std::mem::take(&mut self.wanted) {
                match output {
                    Output::Dect(output) => self.carry_out_dect(output),
                    Output::Sip(output) => {
                        // Events stay with the brain.
                        let _ = self.sip.carry_out(output);
                    }
                    Output::Media(command) => self.media.send(command),
                    Output::Note(text) => {
                        tracing::info!("{text}");
                        self.observed.note(&text);
                    }
                    Output::Occurred(what) => self.observed.occurred(&what),
                }
            }
        }
    }

    fn carry_out_dect(&mut self, output: nwk::Output) {
        match output {
            nwk::Output::Send(conn, octets) => {
                let sent = self.guests.get(&conn).map(|guest| guest.outbox.try_send(octets));
                if let Some(Err(error)) = sent {
                    tracing::warn!(conn = conn.0, %error, "a base station does not take its messages");
                    self.hang_up(conn);
                }
            }
            nwk::Output::Close(conn, why) => {
                tracing::info!(conn = conn.0, "connection closed: {why}");
                self.guests.remove(&conn);
            }
            nwk::Output::Store(ticket, change) => {
                if !self.keeper.keep(ticket, change) {
                    tracing::error!("too many changes wait for the role conf; one was not kept");
                    let input = Input::Dect(nwk::Input::Stored(ticket, false));
                    self.brain.input(Instant::now(), input, &mut self.wanted);
                }
            }
            nwk::Output::Mirror(mirrored) => {
                if let Some(Err(error)) =
                    self.mirror.as_mut().map(|mirror| mirror.message(&mirrored))
                {
                    tracing::error!(%error, "the mirror file cannot be written; mirroring ends");
                    self.mirror = None;
                }
            }
            // The brain keeps these for itself.
            nwk::Output::Indicate(_) => {}
        }
    }

    /// Gives a base station up that has gone deaf.
    fn hang_up(&mut self, conn: ConnId) {
        if self.guests.remove(&conn).is_some() {
            let input = Input::Dect(nwk::Input::Disconnected(conn));
            self.brain.input(Instant::now(), input, &mut self.wanted);
        }
    }

    fn beat(&mut self) {
        let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        if let Some(mirror) = &mut self.mirror {
            let _ = mirror.flush();
        }
        if let Some(daytime::Shown(clock)) = self.daytime.look(self.live.config()) {
            let clock = Input::Dect(nwk::Input::Clock(clock));
            self.brain.input(Instant::now(), clock, &mut self.wanted);
            self.carry_out();
        }
    }
}

/// Opens the doors for base stations that the settings want.
fn open_doors(config: &Config, ca: &Ca, kept: &mut Kept) -> Result<Doors, DectError> {
    let mut doors = Doors::default();
    let ports = settings::doors(config);
    let listen = settings::listen(config);
    if let Some(port) = ports.tls {
        let at = doors.open_tls(SocketAddr::new(listen, port), ca.server_config()?, kept)?;
        tracing::info!("base stations come in by TLS at {at}");
    }
    if let Some(port) = ports.blowfish {
        let at = doors.open_blowfish(SocketAddr::new(listen, port), kept)?;
        tracing::warn!("base stations come in by the experimental Blowfish door at {at}");
    }
    Ok(doors)
}

/// Says once, at the start, what an administrator should know of.
fn warn(settings: &nwk::Settings, alerts: &[String]) {
    for alert in alerts {
        tracing::error!("{alert}");
    }
    if let Some(ipei) = settings.unmasked.filter(|_| settings.mirror) {
        tracing::warn!("the mirror shows the keys of {ipei}; for a test subscription only");
    }
}

/// An administrator has patience; a program that asks without end has to wait.
const ASKS_MAX: usize = 16;

/// How often the mirror reaches the disk and the parent hears that we live.
const BEAT: Duration = Duration::from_secs(1);

/// How long a stop may take.
const LEAVE_MAX: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests;
