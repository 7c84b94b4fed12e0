//! Which server to try first (RFC 3263 clause 4.2, RFC 2782).
//!
//! Pure: the records come from the resolver, the chance from a generator. The
//! same rule orders SRV records and the proxies of the settings.

use crate::endpoint::{Proxy, Question, Target, Transport};
use machine::{Rng, Seeded};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What has a place in an order of preference.
pub trait Ranked {
    /// Lower is tried first.
    fn priority(&self) -> u16;
    /// Share among those of equal priority.
    fn weight(&self) -> u16;
}

impl Ranked for Target {
    fn priority(&self) -> u16 {
        self.priority
    }
    fn weight(&self) -> u16 {
        self.weight
    }
}

impl Ranked for Proxy {
    fn priority(&self) -> u16 {
        self.priority
    }
    fn weight(&self) -> u16 {
        self.weight
    }
}

/// The servers in the order in which to try them: by priority, and within one by chance and weight.
pub fn order<T: Ranked>(mut servers: Vec<T>, rng: &mut dyn Rng) -> Vec<T> {
    servers.sort_by_key(|server| (server.priority(), server.weight()));
    let mut ordered = Vec::with_capacity(servers.len());
    while let Some(first) = servers.first() {
        let priority = first.priority();
        let equals = servers.iter().take_while(|server| server.priority() == priority).count();
        let chosen = draw(servers.get(..equals).unwrap_or_default(), rng);
        ordered.push(servers.remove(chosen));
    }
    ordered
}

/// The order for one user agent: always the same, so that it stays with its registrar, but shared out
/// over all of them.
#[must_use]
pub fn order_for<T: Ranked>(agent: u32, servers: Vec<T>) -> Vec<T> {
    if servers.len() < 2 {
        return servers;
    }
    order(servers, &mut Seeded::new(u64::from(agent)))
}

/// Where a name is an address already, nobody needs to be asked.
#[must_use]
pub fn literal(question: &Question) -> Option<Target> {
    let bare = question.host.trim_start_matches('[').trim_end_matches(']');
    let address: IpAddr = bare.parse().ok()?;
    let port = question.port.unwrap_or(default_port(question.transport));
    let address = SocketAddr::new(address, port);
    Some(Target { address, ttl: Duration::MAX, priority: 0, weight: 0 })
}

/// The port where none is written (RFC 3261 clause 19.1.2).
#[must_use]
pub const fn default_port(transport: Transport) -> u16 {
    match transport {
        Transport::Udp | Transport::Tcp => 5060,
        Transport::Tls => 5061,
    }
}

/// One of these, all of the same priority, lightest first: each with its share (RFC 2782, page 3).
fn draw<T: Ranked>(equals: &[T], rng: &mut dyn Rng) -> usize {
    let whole: u32 = equals.iter().map(|server| u32::from(server.weight())).sum();
    let mut mark = rng.below(whole.saturating_add(1));
    for (place, server) in equals.iter().enumerate() {
        let weight = u32::from(server.weight());
        if mark <= weight {
            return place;
        }
        mark -= weight;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(host: &str, priority: u16, weight: u16) -> Proxy {
        Proxy { host: host.into(), port: None, priority, weight }
    }

    #[test]
    fn a_lower_priority_comes_first_and_weights_are_shares() {
        let servers = || vec![proxy("c", 2, 100), proxy("a", 1, 75), proxy("b", 1, 25)];
        let mut first = [0, 0];
        for agent in 0..10_000 {
            let ordered = order_for(agent, servers());
            assert_eq!(ordered[2].host, "c");
            first[usize::from(ordered[0].host == "b")] += 1;
        }
        assert!((7_200..7_800).contains(&first[0]), "{first:?}");
    }

    #[test]
    fn one_without_weight_has_a_small_chance_and_nobody_is_lost() {
        let servers = || vec![proxy("a", 1, 0), proxy("b", 1, 10), proxy("c", 1, 0)];
        let mut light = 0;
        for agent in 0..1_000 {
            let ordered = order_for(agent, servers());
            let mut names: Vec<&str> = ordered.iter().map(|proxy| proxy.host.as_str()).collect();
            light += usize::from(names[0] != "b");
            names.sort_unstable();
            assert_eq!(names, ["a", "b", "c"]);
        }
        assert!((20..250).contains(&light), "{light}");
    }

    #[test]
    fn an_agent_keeps_its_order() {
        let servers = || (0..5).map(|n| proxy(&n.to_string(), 1, 10)).collect::<Vec<_>>();
        assert_eq!(order_for(7, servers()), order_for(7, servers()));
    }

    #[test]
    fn an_address_is_its_own_answer() {
        let question = |host: &str, port, transport| Question {
            host: host.into(),
            port,
            transport,
            srv: true,
        };
        let address = |question: &Question| literal(question).map(|t| t.address.to_string());
        let v6 = question("[2001:db8::1]", None, Transport::Tls);
        assert_eq!(address(&v6).as_deref(), Some("[2001:db8::1]:5061"));
        let v4 = question("127.0.0.1", Some(5070), Transport::Udp);
        assert_eq!(address(&v4).as_deref(), Some("127.0.0.1:5070"));
        assert_eq!(address(&question("pbx.example", None, Transport::Udp)), None);
    }
}
