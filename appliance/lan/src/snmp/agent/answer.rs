//! What is answered to a question, and how much of it fits (RFC 3416 4.2).

use crate::snmp::message::Version;
use crate::snmp::oid::Oid;
use crate::snmp::pdu::{BINDINGS_MAX, Binding, Kind, Pdu, Status};
use crate::snmp::tree::Tree;
use crate::snmp::value::Value;

/// The answer to `question`, whose variables take at most `room` octets; `None` where it is none.
pub(super) fn answer(version: Version, question: &Pdu, tree: &Tree, room: usize) -> Option<Pdu> {
    let found = match (question.kind, version) {
        (Kind::Get, _) => get(version, question, tree),
        (Kind::GetNext, _) => get_next(version, question, tree),
        (Kind::GetBulk, Version::V2c) => return Some(get_bulk(question, tree, room)),
        // Nothing can be changed by SNMP.
        (Kind::Set, Version::V2c) => Err((Status::NO_ACCESS, 0)),
        (Kind::Set, Version::V1) => Err((Status::NO_SUCH_NAME, 0)),
        _ => return None,
    };
    Some(match found {
        Ok(bindings) if fits(&bindings, room) => response(question, bindings),
        Ok(_) => failure(version, question, (Status::TOO_BIG, None), room),
        Err((status, at)) => failure(version, question, (status, Some(at)), room),
    })
}

/// Why there is no answer, and because of which variable, counted from 0.
type Failed = (Status, usize);

fn get(version: Version, question: &Pdu, tree: &Tree) -> Result<Vec<Binding>, Failed> {
    let found = question.bindings.iter().enumerate().map(|(at, asked)| {
        let value = tree.get(&asked.name);
        if version == Version::V1 && !is_known_to_v1(&value) {
            return Err((Status::NO_SUCH_NAME, at));
        }
        Ok(Binding::new(asked.name.clone(), value))
    });
    found.collect()
}

fn get_next(version: Version, question: &Pdu, tree: &Tree) -> Result<Vec<Binding>, Failed> {
    let found = question.bindings.iter().enumerate().map(|(at, asked)| {
        let mut behind = tree.behind(&asked.name);
        let next = match version {
            // What version 1 cannot say is not there for it (RFC 3584 4.2.2.1).
            Version::V1 => behind.find(|(_, value)| is_known_to_v1(value)),
            Version::V2c => behind.next(),
        };
        match (next, version) {
            (Some((name, value)), _) => Ok(Binding::new(name.clone(), value.clone())),
            (None, Version::V2c) => Ok(end(&asked.name)),
            (None, Version::V1) => Err((Status::NO_SUCH_NAME, at)),
        }
    });
    found.collect()
}

/// As many as fit, in rounds (RFC 3416 4.2.3).
fn get_bulk(question: &Pdu, tree: &Tree, room: usize) -> Pdu {
    let once = usize::try_from(question.status.0).unwrap_or(0).min(question.bindings.len());
    let rounds = usize::try_from(question.index).unwrap_or(0);
    let (once, again) = question.bindings.split_at(once);
    let next = |name: &Oid| match tree.behind(name).next() {
        Some((name, value)) => Binding::new(name.clone(), value.clone()),
        None => end(name),
    };
    let mut filling = Filling { bindings: Vec::new(), room };
    let mut full = !once.iter().all(|asked| filling.put(next(&asked.name)));
    let mut names: Vec<Oid> = again.iter().map(|asked| asked.name.clone()).collect();
    for _ in 0..rounds {
        let mut ended = true;
        for name in &mut names {
            if full {
                break;
            }
            let found = next(name);
            ended &= found.value == Value::EndOfMibView;
            name.clone_from(&found.name);
            full = !filling.put(found);
        }
        if full || ended {
            break;
        }
    }
    response(question, filling.bindings)
}

/// Variables, and how many octets are left for more of them.
struct Filling {
    bindings: Vec<Binding>,
    room: usize,
}

impl Filling {
    /// Adds one; false if it does not fit.
    fn put(&mut self, binding: Binding) -> bool {
        let left = self.room.checked_sub(binding.size());
        let Some(left) = left.filter(|_| self.bindings.len() < BINDINGS_MAX) else { return false };
        self.room = left;
        self.bindings.push(binding);
        true
    }
}

fn fits(bindings: &[Binding], room: usize) -> bool {
    bindings.iter().map(Binding::size).sum::<usize>() <= room
}

fn end(name: &Oid) -> Binding {
    Binding::new(name.clone(), Value::EndOfMibView)
}

const fn is_known_to_v1(value: &Value) -> bool {
    use Value::{Counter64, EndOfMibView, NoSuchInstance, NoSuchObject};
    !matches!(value, Counter64(_) | NoSuchObject | NoSuchInstance | EndOfMibView)
}

fn response(question: &Pdu, bindings: Vec<Binding>) -> Pdu {
    Pdu::new(Kind::Response, question.request, bindings)
}

/// An answer that says why there is none, with what was asked where that fits and is wanted.
fn failure(
    version: Version,
    question: &Pdu,
    (status, at): (Status, Option<usize>),
    room: usize,
) -> Pdu {
    let empty = status == Status::TOO_BIG && version == Version::V2c;
    let shown = !empty && fits(&question.bindings, room);
    let bindings = if shown { question.bindings.clone() } else { Vec::new() };
    let index = at.and_then(|at| i32::try_from(at + 1).ok()).unwrap_or(0);
    Pdu { status, index, ..response(question, bindings) }
}
