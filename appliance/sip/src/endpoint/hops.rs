//! Where a request goes next (RFC 3263 clause 4, RFC 3261 clause 8.1.2).

use super::face::{Output, Question, Settings, Target, Transport};
use super::outgoing::{Outgoing, Towards};
use super::{Cx, Endpoint};
use crate::locate;
use crate::primitive::AccountId;
use crate::wire::{Address, Name, Scheme, Uri};
use std::net::SocketAddr;

/// One server and the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hop {
    /// What carries the request.
    pub(super) transport: Transport,
    /// Where to.
    pub(super) address: SocketAddr,
    /// The name that a certificate must bear.
    pub(super) host: String,
}

/// What is known of the way.
pub(super) enum Way {
    /// The servers, best first; empty where the name has none.
    Hops(Vec<Hop>),
    /// It will be known when this was answered.
    Ask(Question),
}

impl Endpoint {
    /// The servers for a request, best first: those that failed lately come last.
    pub(super) fn way(&mut self, cx: &mut Cx<'_>, request: &Outgoing) -> Way {
        let questions = match request.towards {
            Towards::Server(account) => self.questions_of(account),
            Towards::Peer => self.question_for_peer(request).into_iter().collect(),
        };
        let agent = match request.towards {
            Towards::Server(account) => account.0,
            Towards::Peer => 0,
        };
        let mut hops = Vec::new();
        for question in questions {
            match self.targets(cx, &question) {
                None => return Way::Ask(question),
                Some(targets) => {
                    hops.extend(locate::order_for(agent, targets).into_iter().map(|target| Hop {
                        transport: question.transport,
                        address: target.address,
                        host: question.host.clone(),
                    }));
                }
            }
        }
        let registrar = match request.towards {
            Towards::Server(account) if !request.is_register() => self.agents.registrar(account),
            _ => None,
        };
        let now = cx.now;
        hops.sort_by_key(|hop| {
            (self.health.is_down(now, hop.address), Some(hop.address) != registrar)
        });
        Way::Hops(hops)
    }

    /// The addresses of a name; `None` while nothing is known. Asks for it where that is due.
    fn targets(&mut self, cx: &mut Cx<'_>, question: &Question) -> Option<Vec<Target>> {
        if let Some(target) = locate::literal(question) {
            return Some(vec![target]);
        }
        let known = self.names.look_up(cx.now, question);
        if known.ask {
            cx.out.push(Output::Resolve(question.clone()));
        }
        known.targets
    }

    /// The proxies of the settings in this user agent's order, or its domain.
    fn questions_of(&self, account: AccountId) -> Vec<Question> {
        let Settings { transport, srv, .. } = self.settings;
        let question = |host: &str, port| Question {
            host: host.to_owned(),
            port,
            transport,
            srv: srv && port.is_none(),
        };
        if self.settings.proxies.is_empty() {
            let domain = self.agents.domain(account);
            return domain.map(|domain| host_and_port(domain, question)).into_iter().collect();
        }
        let proxies = locate::order_for(account.0, self.settings.proxies.clone());
        proxies.iter().map(|proxy| question(&proxy.host, proxy.port)).collect()
    }

    /// The first Route, or the Request-URI (RFC 3261 clause 8.1.2).
    fn question_for_peer(&self, request: &Outgoing) -> Option<Question> {
        let route = request.draft.header(Name::Route).filter(|_| !request.draft.strict);
        let uri = match route {
            Some(route) => Address::parse(route.as_bytes()).ok()?.uri,
            None => Uri::parse(request.draft.uri.as_bytes()).ok()?,
        };
        let transport = match uri.params.token("transport").map(str::to_ascii_lowercase).as_deref()
        {
            _ if uri.scheme == Scheme::Sips => Transport::Tls,
            Some("tcp") => Transport::Tcp,
            Some("tls") => Transport::Tls,
            Some("udp") => Transport::Udp,
            // The standard says UDP; a peer behind a proxy that we reach otherwise is reached so too.
            _ => self.settings.transport,
        };
        let host = uri
            .params
            .token("maddr")
            .map_or_else(|| uri.host.map(|h| h.to_string()), |maddr| Some(maddr.to_owned()))?;
        Some(Question {
            host,
            port: uri.port,
            transport,
            srv: self.settings.srv && uri.port.is_none(),
        })
    }
}

/// A domain may be written with a port; it names a host then.
fn host_and_port(domain: &str, question: impl Fn(&str, Option<u16>) -> Question) -> Question {
    match domain.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
        Some((host, Ok(port))) if !host.contains(':') || host.ends_with(']') => {
            question(host, Some(port))
        }
        _ => question(domain, None),
    }
}
