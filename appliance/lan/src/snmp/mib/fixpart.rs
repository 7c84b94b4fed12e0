//! Our own variables and notifications, as docs/mibs/FIXPART-MIB.txt has them.

use super::Facts;
use crate::snmp::oid::Oid;
use crate::snmp::pdu::Binding;
use crate::snmp::tree::Tree;
use crate::snmp::value::Value;

/// What is ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fixpart {
    /// The version of the software.
    pub version: String,
    /// The serial number of the box; empty where it has none.
    pub serial: String,
    /// The ARI in force, in hexadecimal; empty without one.
    pub ari: String,
    /// What is counted; `None` while nobody tells.
    pub figures: Option<Figures>,
    /// What a person has to see to.
    pub issues: Vec<Issue>,
}

/// What the role for calls counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Users.
    pub users: u64,
    /// Those whose handset has a key.
    pub subscribed: u64,
    /// Those whom the PBX knows.
    pub registered: u64,
    /// Calls now.
    pub calls: u64,
    /// The most at a time since the role began.
    pub calls_max: u64,
    /// Calls that were begun since then.
    pub attempts: u64,
    /// Those that ended as nobody wanted.
    pub abnormal: u64,
    /// Base stations.
    pub bases: u64,
    /// Those that are up.
    pub bases_up: u64,
}

/// What a person has to see to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Issue {
    /// The role that says so.
    pub role: String,
    /// A sentence, with the remedy.
    pub text: String,
}

/// Below our root.
///
/// We have no number of our own among the enterprises; this is the place that net-snmp keeps for trials
/// (`netSnmpPlaypen`), and a number in it (docs/decisions/087-own-snmp.md).
pub(super) fn mib(arcs: &[u32]) -> Oid {
    Oid::new(&[1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 7347]).child(arcs)
}

/// What `sysObjectID` says.
pub(super) fn product() -> Oid {
    mib(&[3, 1])
}

pub(super) fn put(tree: &mut Tree, facts: &Facts) {
    let Fixpart { version, serial, ari, figures, issues } = &facts.fixpart;
    for (object, value) in [(1, version), (2, serial), (3, ari)] {
        tree.put(&mib(&[1, 1, object]), Value::text(value));
    }
    for (object, value) in figures.iter().flat_map(counted) {
        tree.put(&mib(&object), value);
    }
    tree.put(&mib(&[1, 5, 1]), Value::gauge(issues.len() as u64));
    for (row, issue) in (1..).zip(issues.iter().take(ISSUES_MAX)) {
        for (column, text) in [(2, &issue.role), (3, &issue.text)] {
            tree.put_at(&mib(&[1, 5, 2, 1, column]), &[row], Value::Octets(cut(text)));
        }
    }
    tree.put(&mib(&[1, 6, 1]), Value::counter(facts.lost));
}

fn counted(figures: &Figures) -> [([u32; 3], Value); 10] {
    [
        ([1, 2, 1], Value::gauge(figures.users)),
        ([1, 2, 2], Value::gauge(figures.subscribed)),
        ([1, 2, 3], Value::gauge(figures.registered)),
        ([1, 3, 1], Value::gauge(figures.calls)),
        ([1, 3, 2], Value::gauge(figures.calls_max)),
        ([1, 3, 3], Value::counter(figures.attempts)),
        ([1, 3, 4], Value::counter(figures.abnormal)),
        ([1, 4, 1], Value::gauge(figures.bases)),
        ([1, 4, 2], Value::gauge(figures.bases_up)),
        ([1, 4, 3], Value::gauge(figures.bases.saturating_sub(figures.bases_up))),
    ]
}

/// At most as many octets as a DisplayString has, and no half characters.
fn cut(text: &str) -> Vec<u8> {
    let end = (0..=TEXT_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.as_bytes().get(..end.unwrap_or(0)).unwrap_or_default().to_vec()
}

/// The notifications, each with its name and its variables.
pub mod notification {
    use super::{Binding, Issue, Oid, Value, cut, mib};

    /// The agent has begun (RFC 3418, `coldStart`).
    #[must_use]
    pub fn cold_start() -> (Oid, Vec<Binding>) {
        (Oid::new(&[1, 3, 6, 1, 6, 3, 1, 1, 5, 1]), Vec::new())
    }

    /// There is something new that a person has to see to.
    #[must_use]
    pub fn issue_raised(issue: &Issue) -> (Oid, Vec<Binding>) {
        (mib(&[0, 1]), of_issue(issue))
    }

    /// Somebody has seen to it.
    #[must_use]
    pub fn issue_cleared(issue: &Issue) -> (Oid, Vec<Binding>) {
        (mib(&[0, 2]), of_issue(issue))
    }

    /// A base station is gone, for this reason.
    #[must_use]
    pub fn base_station_lost(name: &str, reason: &str) -> (Oid, Vec<Binding>) {
        (mib(&[0, 3]), vec![told(3, name), told(4, reason)])
    }

    /// A base station is up.
    #[must_use]
    pub fn base_station_up(name: &str) -> (Oid, Vec<Binding>) {
        (mib(&[0, 4]), vec![told(3, name)])
    }

    /// The PBX does not know a user any more, for this reason.
    #[must_use]
    pub fn registration_lost(user: &str, reason: &str) -> (Oid, Vec<Binding>) {
        (mib(&[0, 5]), vec![told(5, user), told(4, reason)])
    }

    /// The PBX knows a user again.
    #[must_use]
    pub fn registration_back(user: &str) -> (Oid, Vec<Binding>) {
        (mib(&[0, 6]), vec![told(5, user)])
    }

    fn of_issue(issue: &Issue) -> Vec<Binding> {
        vec![told(1, &issue.role), told(2, &issue.text)]
    }

    /// A variable that notifications have and nobody can ask for.
    fn told(object: u32, text: &str) -> Binding {
        Binding::new(mib(&[1, 7, object, 0]), Value::Octets(cut(text)))
    }
}

/// Rows of issues: more than a person sees to in a day.
const ISSUES_MAX: usize = 64;
/// RFC 2579, DisplayString; text may be that of UTF-8, so ours is an SnmpAdminString of the same length.
const TEXT_MAX: usize = 255;
