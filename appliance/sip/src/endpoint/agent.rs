//! The user agents and their registrations.

use super::face::{Output, Path, Transport};
use super::outgoing::{News, Outgoing, Sender, Towards};
use super::reason::reason;
use super::response::retry_after;
use super::{Cx, Deferred, Due, Endpoint};
use crate::auth::{Asked, Course, Keyring, Refused};
use crate::draft::{Draft, host_text};
use crate::primitive::{Account, AccountId, Event, NotRegistered};
use crate::register::{self, Action, Failure, Others, Out, Registration, State};
use crate::wire::writer::{Quoted, User};
use crate::wire::{Message, Method, Name};
use machine::Effect;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

/// All user agents.
#[derive(Default)]
pub(super) struct Agents {
    /// Boxed, since the nodes of the map are half empty.
    agents: BTreeMap<AccountId, Box<Agent>>,
    by_user: BTreeSet<(Box<str>, AccountId)>,
}

/// One user agent.
struct Agent {
    account: Account,
    registration: Registration,
    keyring: Keyring,
    /// The challenges that the REGISTER under way has met.
    course: Option<Box<Course>>,
    /// Call-ID and tag of its REGISTERs are made from this.
    mark: u64,
    cseq: u32,
    /// Who registered it, or was asked last.
    registrar: Option<SocketAddr>,
    /// The connection by which the registrar reaches it.
    flow: Option<Path>,
    /// It is forgotten as soon as its registration was taken back.
    leaves: bool,
}

impl Agents {
    pub(super) fn len(&self) -> usize {
        self.agents.len()
    }

    /// Adds a user agent, or gives an old one a new account.
    pub(super) fn put(&mut self, id: AccountId, account: Account) {
        self.by_user.insert((account.user.as_str().into(), id));
        if let Some(agent) = self.agents.get_mut(&id) {
            if agent.account.user != account.user {
                self.by_user.remove(&(agent.account.user.as_str().into(), id));
            }
            (agent.account, agent.leaves) = (account, false);
            agent.keyring = Keyring::default();
            return;
        }
        let agent = Agent {
            account,
            registration: Registration::new(),
            keyring: Keyring::default(),
            course: None,
            mark: 0,
            cseq: 0,
            registrar: None,
            flow: None,
            leaves: false,
        };
        self.agents.insert(id, Box::new(agent));
    }

    pub(super) fn domain(&self, id: AccountId) -> Option<&str> {
        self.agents.get(&id).map(|agent| agent.account.domain.as_str())
    }

    pub(super) fn account(&self, id: AccountId) -> Option<&Account> {
        self.agents.get(&id).map(|agent| &agent.account)
    }

    pub(super) fn registrar(&self, id: AccountId) -> Option<SocketAddr> {
        let agent = self.agents.get(&id)?;
        agent.registrar.filter(|_| agent.registration.state() == State::Registered)
    }

    /// Who has this user name, at this domain or at any.
    pub(super) fn find(&self, user: &str, domain: Option<&str>) -> Option<AccountId> {
        let from = (Box::from(user), AccountId(0));
        let named = self.by_user.range(from..).take_while(|(other, _)| **other == *user);
        let mut fitting = named.map(|(_, id)| *id).filter(|id| {
            let own = self.domain(*id).unwrap_or_default();
            let own = own.split(':').next().unwrap_or(own);
            domain.is_none_or(|domain| own.eq_ignore_ascii_case(domain))
        });
        fitting.next()
    }

    /// Takes a challenge in that a request has met.
    pub(super) fn challenged(
        &mut self,
        id: AccountId,
        course: &mut Course,
        response: &Message,
    ) -> Result<(), Refused> {
        let agent = self.agents.get_mut(&id).ok_or(Refused::NothingKnown)?;
        agent.keyring.challenged(course, response)
    }

    /// The answers to the challenges known, for this request.
    pub(super) fn proofs(
        &mut self,
        id: AccountId,
        draft: &Draft,
        cnonce: &str,
    ) -> Vec<(Name, String)> {
        let Some(agent) = self.agents.get_mut(&id) else { return Vec::new() };
        agent.keyring.prove(&Asked {
            user: &agent.account.auth_user,
            password: &agent.account.password,
            method: draft.method.as_str(),
            uri: &draft.uri,
            body: draft.body.as_ref().map_or(&[], |body| &body.octets),
            cnonce,
        })
    }
}

impl Endpoint {
    /// Something happened to a registration.
    pub(super) fn register_event(
        &mut self,
        cx: &mut Cx<'_>,
        id: AccountId,
        event: register::Event,
    ) {
        let Some(agent) = self.agents.agents.get_mut(&id) else {
            self.faults.counters.unexpected += 1;
            return;
        };
        let (mut out, before) = (Out::default(), agent.registration.state());
        agent.registration.handle(event, self.settings.registration_expire, &mut out);
        let (registration, user) = (agent.registration, agent.account.user.as_str());
        tracing::debug!(user, ?event, ?before, after = ?registration.state(), "SIP registration");
        let mut rest = None;
        for effect in out.drain() {
            match effect {
                Effect::Start(timer) => {
                    let wait = self.draw(registration.span(timer));
                    rest = Some(wait);
                    self.agenda.start(Due::Agent(id, timer), cx.now + wait);
                }
                Effect::Stop(timer) => self.agenda.stop(&Due::Agent(id, timer)),
                Effect::Act(action) => self.register_action(cx, id, action, rest),
            }
        }
    }

    /// The response to a REGISTER.
    pub(super) fn register_response(&mut self, cx: &mut Cx<'_>, news: &News, response: &Message) {
        let (id, status) = (news.account, response.status().unwrap_or_default());
        if let Some(agent) = self.agents.agents.get_mut(&id) {
            agent.registrar = Some(news.server);
            agent.flow = Some(news.path).filter(|path| matches!(path, Path::Conn(_)));
        }
        let event = match status {
            100..=199 => return,
            200..=299 => register::Event::Granted(self.granted(id, response)),
            401 | 407 => self.register_challenged(news, status, response),
            403 => register::Event::Failed(Failure::Credentials(status), Others::Gone),
            423 => {
                let least = response.number(Name::MinExpires).unwrap_or_default();
                register::Event::TooBrief(Duration::from_secs(least.into()))
            }
            408 | 500.. if status < 600 => {
                let failure = Failure::Unavailable(status, retry_after(response));
                self.register_failed(cx, news, failure);
                return;
            }
            _ => register::Event::Failed(Failure::Refused(status), Others::Gone),
        };
        self.register_event(cx, id, event);
    }

    fn register_challenged(
        &mut self,
        news: &News,
        status: u16,
        response: &Message,
    ) -> register::Event {
        let mut course = news.request.as_ref().map(|r| r.course.clone()).unwrap_or_default();
        let refused = self.agents.challenged(news.account, &mut course, response).err();
        if let Some(agent) = self.agents.agents.get_mut(&news.account) {
            // Where this attempt ends here, the next one begins anew: what it is asked first it may answer.
            agent.course = refused.is_none().then(|| Box::new(course));
        }
        match refused {
            None => register::Event::Challenged { status, fresh: true },
            Some(Refused::NothingKnown) => {
                register::Event::Failed(Failure::Refused(status), Others::Gone)
            }
            Some(_) => register::Event::Challenged { status, fresh: false },
        }
    }

    /// A REGISTER that its server did not take.
    pub(super) fn register_failed(&mut self, cx: &mut Cx<'_>, news: &News, failure: Failure) {
        let id = news.account;
        if let Some(agent) = self.agents.agents.get_mut(&id) {
            agent.registrar = Some(news.server);
        }
        let asked = self.agents.agents.get(&id).map_or(0, |agent| agent.registration.asked());
        let left = news.request.as_ref().is_some_and(|request| {
            let mut request = Outgoing::clone(request);
            request.tried = asked;
            self.others_left(cx, &request)
        });
        let others = if left { Others::Left } else { Others::Gone };
        self.register_event(cx, id, register::Event::Failed(failure, others));
    }

    /// Forgets a user agent: its calls end, and its registration is taken back first.
    pub(super) fn remove_account(&mut self, cx: &mut Cx<'_>, id: AccountId) {
        for call in self.calls.of_account(id) {
            self.call_request(cx, call, crate::ua::Request::Hangup);
        }
        if let Some(agent) = self.agents.agents.get_mut(&id) {
            agent.leaves = true;
            self.register_event(cx, id, register::Event::Deregister);
        }
    }

    /// Has every user agent of a kind that is or wants to be registered register anew.
    pub(super) fn register_all(&mut self, cx: &mut Cx<'_>, which: impl Fn(Option<Path>) -> bool) {
        let wants = |agent: &Agent| {
            let state = agent.registration.state();
            matches!(state, State::Registered | State::Resting) && which(agent.flow)
        };
        let agents = self.agents.agents.iter().filter(|(_, agent)| wants(agent));
        let ids: Vec<AccountId> = agents.map(|(id, _)| *id).collect();
        for id in ids {
            self.register_event(cx, id, register::Event::Register);
        }
    }

    /// A connection is gone by which registrars reach some of us.
    pub(super) fn flow_lost(&mut self, path: Path) {
        let by_it = |agent: &Agent| {
            agent.flow == Some(path) && agent.registration.state() == State::Registered
        };
        let agents = self.agents.agents.iter().filter(|(_, agent)| by_it(agent));
        let news = agents.map(|(id, _)| Deferred::Register(*id, register::Event::FlowLost));
        self.deferred.extend(news);
    }

    /// The address of record, as it stands in From.
    pub(super) fn address_of_record(&self, id: AccountId) -> String {
        let Some(account) = self.agents.account(id) else { return String::new() };
        let uri = format!("<sip:{}@{}>", User(&account.user), account.domain);
        if account.display_name.is_empty() {
            return uri;
        }
        format!("{} {uri}", Quoted(&account.display_name))
    }

    /// Where a user agent is reached, as it stands in Contact.
    pub(super) fn contact_of(&self, id: AccountId) -> String {
        let user = self.agents.account(id).map_or("", |account| account.user.as_str());
        self.contact(user)
    }

    /// Contact with this user part.
    pub(super) fn contact(&self, user: &str) -> String {
        let (host, port) = (host_text(self.settings.address), self.settings.port);
        let transport = match self.settings.transport {
            Transport::Udp => "",
            Transport::Tcp => ";transport=tcp",
            Transport::Tls => ";transport=tls",
        };
        let at = if user.is_empty() { "" } else { "@" };
        format!("<sip:{}{at}{host}:{port}{transport}>", User(user))
    }

    fn register_action(
        &mut self,
        cx: &mut Cx<'_>,
        id: AccountId,
        action: Action,
        rest: Option<Duration>,
    ) {
        match action {
            Action::Queue => self.turnstile.join(id),
            Action::Unqueue => self.turnstile.leave(id),
            Action::Send(expires) => self.send_register(cx, id, expires),
            Action::Registered(granted) => {
                cx.out.push(Output::Event(Event::Registered(id, granted)));
            }
            Action::NotRegistered(failure) => {
                let told = self.not_registered(id, failure, rest);
                cx.out.push(Output::Event(Event::NotRegistered(id, told)));
            }
            Action::Deregistered => {
                cx.out.push(Output::Event(Event::Deregistered(id)));
                if self.agents.agents.get(&id).is_some_and(|agent| agent.leaves) {
                    self.forget(id);
                }
            }
            Action::Unexpected => self.faults.counters.unexpected += 1,
        }
    }

    fn forget(&mut self, id: AccountId) {
        if let Some(agent) = self.agents.agents.remove(&id) {
            self.agents.by_user.remove(&(agent.account.user.into(), id));
        }
        for timer in [register::Timer::Refresh, register::Timer::Rest] {
            self.agenda.stop(&Due::Agent(id, timer));
        }
    }

    fn not_registered(
        &self,
        id: AccountId,
        failure: Failure,
        retry: Option<Duration>,
    ) -> NotRegistered {
        let status = match failure {
            Failure::Credentials(status)
            | Failure::Refused(status)
            | Failure::Unavailable(status, _) => Some(status),
            Failure::TooBrief => Some(423),
            Failure::Silent | Failure::Unreachable | Failure::Nameless => None,
        };
        let agent = self.agents.agents.get(&id);
        let user = agent.map_or("", |agent| agent.account.user.as_str());
        let proxy = self.settings.proxies.first().map(|proxy| proxy.host.as_str());
        let host = proxy.or(self.agents.domain(id)).unwrap_or_default();
        let server = agent.and_then(|agent| agent.registrar);
        NotRegistered { status, reason: reason(failure, user, host, server), retry }
    }

    fn send_register(&mut self, cx: &mut Cx<'_>, id: AccountId, expires: Duration) {
        let fresh = self.rng.u64();
        let (aor, contact) = (self.address_of_record(id), self.contact_of(id));
        let Some(agent) = self.agents.agents.get_mut(&id) else { return };
        if agent.mark == 0 {
            agent.mark = fresh | 1;
        }
        agent.cseq = agent.cseq.saturating_add(1);
        let mark = agent.mark;
        let course = agent.course.take().map(|course| *course).unwrap_or_default();
        let headers = vec![
            (Name::From, format!("{aor};tag={:x}", mark >> 32)),
            (Name::To, aor),
            (Name::CallId, format!("{mark:016x}")),
            (Name::Contact, contact),
            (Name::Expires, expires.as_secs().to_string()),
        ];
        let uri = format!("sip:{}", agent.account.domain);
        let (method, cseq) = (Method::Register, agent.cseq);
        let draft = Draft { method, uri, strict: false, cseq, headers, body: None };
        let (sender, towards) = (Sender::Register, Towards::Server(id));
        let request = Outgoing::new(sender, id, towards, Box::new(draft));
        self.dispatch(cx, Outgoing { course, ..request });
    }

    /// For how long our Contact is bound: its own `expires`, Expires, or what we asked for.
    fn granted(&self, id: AccountId, response: &Message) -> Duration {
        let user = self.agents.account(id).map_or("", |account| account.user.as_str());
        let own = response.contacts().filter_map(Result::ok).find_map(|contact| {
            let address = *contact.address()?;
            let uri = address.uri;
            let ours = uri.user_text() == user
                && uri.host.and_then(|host| host.address()) == Some(self.settings.address)
                && uri.port.unwrap_or(5060) == self.settings.port;
            address.params.token("expires").filter(|_| ours)?.parse::<u32>().ok()
        });
        let seconds = own.or(response.number(Name::Expires)).filter(|seconds| *seconds > 0);
        seconds.map_or(self.settings.registration_expire, |seconds| {
            Duration::from_secs(seconds.into())
        })
    }
}
