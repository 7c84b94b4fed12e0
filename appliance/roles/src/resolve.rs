//! What names stand for: A, AAAA and SRV records (RFC 3263), by hickory.
//!
//! The answers go to the engine unordered; which server is tried first is
//! decided there. What the resolver does not remember, namely that a name has
//! no address, is remembered here for a while.

use hickory_resolver::TokioResolver;
use hickory_resolver::config::LookupIpStrategy;
use hickory_resolver::proto::rr::RData;
use sip::endpoint::{Question, Target, Transport};
use sip::locate;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// Which addresses our socket can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6, and IPv4 by mapped addresses where the system has them.
    V6,
}

/// Why names cannot be resolved at all.
#[derive(Debug, thiserror::Error)]
#[error("the settings of the resolver cannot be read: {0}; check /etc/resolv.conf")]
pub struct ResolveError(String);

/// Asks the name servers of the system.
pub struct Names {
    resolver: Option<Arc<TokioResolver>>,
    family: Family,
    /// Names without an address, and until when that is believed.
    nameless: BTreeMap<Question, Instant>,
}

/// Answers one question: without one it takes some seconds, and the answer is then empty.
pub struct Search {
    question: Question,
    resolver: Option<Arc<TokioResolver>>,
    family: Family,
}

impl Names {
    /// A resolver with the settings of the system; without any, only addresses are resolved.
    #[must_use]
    pub fn new(family: Family) -> Self {
        let resolver = match resolver(family) {
            Ok(resolver) => Some(Arc::new(resolver)),
            Err(error) => {
                tracing::warn!(%error, "names of SIP servers cannot be resolved");
                None
            }
        };
        Self { resolver, family, nameless: BTreeMap::new() }
    }

    /// What is known without asking: addresses, and names that had none a moment ago.
    pub fn known(&mut self, now: Instant, question: &Question) -> Option<Vec<Target>> {
        if let Some(target) = locate::literal(question) {
            return Some(vec![target]);
        }
        self.nameless.retain(|_, until| *until > now);
        self.nameless.contains_key(question).then(Vec::new)
    }

    /// A search that can run on its own.
    #[must_use]
    pub fn search(&self, question: Question) -> Search {
        Search { question, resolver: self.resolver.clone(), family: self.family }
    }

    /// Takes note of an answer.
    pub fn learn(&mut self, now: Instant, question: &Question, targets: &[Target]) {
        if targets.is_empty() && self.nameless.len() < NAMELESS_MAX {
            self.nameless.insert(question.clone(), now + NAMELESS);
        }
    }
}

impl Search {
    /// Searches, for a bounded time.
    pub async fn run(self) -> (Question, Vec<Target>) {
        let targets = timeout(PATIENCE, self.targets()).await.unwrap_or_default();
        (self.question, targets)
    }

    async fn targets(&self) -> Vec<Target> {
        let Some(resolver) = &self.resolver else { return Vec::new() };
        let question = &self.question;
        if question.srv && question.port.is_none() {
            let found = self.services(resolver).await;
            if !found.is_empty() {
                return found;
            }
        }
        let port = question.port.unwrap_or(locate::default_port(question.transport));
        self.addresses(resolver, &question.host, (port, 0, 0)).await
    }

    /// SRV, then the addresses of its targets (RFC 3263 clause 4.2).
    async fn services(&self, resolver: &TokioResolver) -> Vec<Target> {
        let service = match self.question.transport {
            Transport::Udp => "_sip._udp",
            Transport::Tcp => "_sip._tcp",
            Transport::Tls => "_sips._tcp",
        };
        let name = format!("{service}.{}.", self.question.host.trim_end_matches('.'));
        let Ok(lookup) = resolver.srv_lookup(name).await else { return Vec::new() };
        let mut targets = Vec::new();
        for record in lookup.answers().iter().take(SERVICES_MAX) {
            let RData::SRV(srv) = &record.data else { continue };
            // A target of "." says that the service does not exist here (RFC 2782).
            if srv.target.is_root() {
                continue;
            }
            let rank = (srv.port, srv.priority, srv.weight);
            targets.extend(self.addresses(resolver, &srv.target.to_utf8(), rank).await);
        }
        targets
    }

    async fn addresses(
        &self,
        resolver: &TokioResolver,
        host: &str,
        rank: (u16, u16, u16),
    ) -> Vec<Target> {
        let Ok(lookup) = resolver.lookup_ip(host).await else { return Vec::new() };
        let ttl = lookup.valid_until().saturating_duration_since(Instant::now());
        let (port, priority, weight) = rank;
        let fits = |address: &IpAddr| address.is_ipv4() == (self.family == Family::V4);
        let addresses = lookup.iter().filter(fits).take(ADDRESSES_MAX);
        addresses
            .map(|address| {
                let address = SocketAddr::new(address, port);
                Target { address, ttl, priority, weight }
            })
            .collect()
    }
}

/// The addresses of a host, those of IPv4 first; empty where it has none, or where nobody says so in some seconds.
///
/// The settings of the system are read anew: other servers for names come with another network.
pub(crate) async fn addresses(host: &str) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for family in [Family::V4, Family::V6] {
        let Ok(resolver) = resolver(family) else { return addresses };
        if let Ok(Ok(lookup)) = timeout(PATIENCE, resolver.lookup_ip(host)).await {
            addresses.extend(lookup.iter().take(ADDRESSES_MAX));
        }
    }
    addresses
}

fn resolver(family: Family) -> Result<TokioResolver, ResolveError> {
    let failed = |error: &dyn std::fmt::Display| ResolveError(error.to_string());
    let mut builder = TokioResolver::builder_tokio().map_err(|error| failed(&error))?;
    let options = builder.options_mut();
    options.timeout = Duration::from_secs(2);
    options.attempts = 2;
    options.ip_strategy = match family {
        Family::V4 => LookupIpStrategy::Ipv4Only,
        Family::V6 => LookupIpStrategy::Ipv6Only,
    };
    builder.build().map_err(|error| failed(&error))
}

/// A search is given up after this, whatever the name servers do.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a name is believed to have no address.
const NAMELESS: Duration = Duration::from_secs(20);

/// Names remembered to have none.
const NAMELESS_MAX: usize = 256;

/// Servers of one SRV answer.
const SERVICES_MAX: usize = 16;

/// Addresses of one server.
const ADDRESSES_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn question(host: &str) -> Question {
        Question { host: host.into(), port: None, transport: Transport::Udp, srv: false }
    }

    #[test]
    fn an_address_is_known_and_a_failure_is_remembered_for_a_while() {
        let (now, unknown) = (Instant::now(), question("pbx.invalid"));
        let mut names = Names { resolver: None, family: Family::V4, nameless: BTreeMap::new() };
        let known = names.known(now, &question("127.0.0.1")).unwrap();
        assert_eq!(known[0].address.to_string(), "127.0.0.1:5060");

        assert_eq!(names.known(now, &unknown), None);
        names.learn(now, &unknown, &[]);
        assert_eq!(names.known(now, &unknown), Some(vec![]));
        assert_eq!(names.known(now + NAMELESS, &unknown), None);
    }
}
