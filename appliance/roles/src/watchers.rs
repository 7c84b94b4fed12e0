//! Those who are told what happens, each through a queue of its own that may run full.

use bus::observed1::Event;
use bus::streams::Told;
use lan::log::Timestamp;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Watchers that want items of the kind `T`, each with a wish `W`.
#[derive(Debug)]
pub(crate) struct Watchers<W, T> {
    watchers: Vec<Watcher<W, T>>,
}

#[derive(Debug)]
struct Watcher<W, T> {
    wish: W,
    queue: Sender<Told<T>>,
    /// What the queue may hold, in octets.
    room: Arc<Semaphore>,
    missed: u64,
}

impl<W, T> Default for Watchers<W, T> {
    fn default() -> Self {
        Self { watchers: Vec::new() }
    }
}

impl<W, T> Watchers<W, T> {
    /// One more watcher; a sentence if there are too many.
    pub(crate) fn add(&mut self, wish: W) -> Result<Receiver<Told<T>>, String> {
        self.watchers.retain(|watcher| !watcher.queue.is_closed());
        if self.watchers.len() >= WATCHERS_MAX {
            return Err(format!("{WATCHERS_MAX} others watch already; end one of them"));
        }
        let (queue, receiver) = channel(QUEUE_MAX);
        let room = Arc::new(Semaphore::new(QUEUE_OCTETS_MAX));
        self.watchers.push(Watcher { wish, queue, room, missed: 0 });
        Ok(receiver)
    }

    /// Tells an item of so many octets to those whose wish is met, with the number of items that the watcher has missed
    /// before it. Those whose queue is full miss it.
    pub(crate) fn tell(&mut self, wants: impl Fn(&W) -> bool, octets: usize, item: impl Fn() -> T) {
        let octets = u32::try_from(octets).unwrap_or(u32::MAX);
        for watcher in self.watchers.iter_mut().filter(|watcher| wants(&watcher.wish)) {
            let room = watcher.room.clone().try_acquire_many_owned(octets);
            match (watcher.queue.try_reserve(), room) {
                (Ok(place), Ok(room)) => {
                    let missed = std::mem::take(&mut watcher.missed);
                    place.send(Told { item: item(), missed, room });
                }
                // Whoever is gone is taken off the list when the next one comes.
                _ => watcher.missed = watcher.missed.saturating_add(1),
            }
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.watchers.iter().filter(|watcher| !watcher.queue.is_closed()).count()
    }
}

impl<W> Watchers<W, Event> {
    /// Tells everybody of an event.
    pub(crate) fn happened(&mut self, kind: &str, call: u32, text: &str) {
        let octets = size_of::<Event>() + kind.len() + text.len();
        self.tell(|_| true, octets, || event(kind, call, text));
    }
}

/// Something that has happened now.
fn event(kind: &str, call: u32, text: &str) -> Event {
    let time_us = Timestamp::now().as_microsecond();
    Event { time_us, kind: kind.to_owned(), call, text: bus::sendable(text) }
}

/// Watchers of one role: some terminals and pages.
const WATCHERS_MAX: usize = 16;

/// Items that wait for one watcher: a busy second, several times over.
const QUEUE_MAX: usize = 1024;

/// Octets of them, since a record may have some ten thousand: all watchers together cannot exhaust what the smallest
/// role that has some may use.
const QUEUE_OCTETS_MAX: usize = 1024 * 1024;

/// Holds what a role shows against what its readers are told.
#[cfg(test)]
pub(crate) fn assert_documented(observed: &bus::observed1::Observed) {
    let document = include_str!("../../../docs/observed.md");
    assert!(document.contains(&format!("| `{}` |", observed.role)), "{}", observed.role);
    for counter in &observed.counters {
        assert!(document.contains(&format!("`{}`", counter.name)), "{}", counter.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_watcher_misses_items_and_is_told_how_many() {
        let mut watchers = Watchers::default();
        let mut queue = watchers.add(()).unwrap();
        for number in 0..QUEUE_MAX + 5 {
            watchers.tell(|()| true, 1, || number);
        }
        let mut next = || queue.try_recv().ok().map(|told| (told.item, told.missed));
        assert_eq!(next(), Some((0, 0)));
        watchers.tell(|()| true, 1, || 9999);
        let rest: Vec<_> = std::iter::from_fn(next).collect();
        assert_eq!((rest.len(), rest.last()), (QUEUE_MAX, Some(&(9999, 5))));
    }

    #[test]
    fn a_few_large_items_fill_a_queue_as_many_small_ones_do() {
        let mut watchers = Watchers::default();
        let mut queue = watchers.add(()).unwrap();
        for number in 0..10 {
            watchers.tell(|()| true, QUEUE_OCTETS_MAX / 4, || number);
        }
        assert_eq!(queue.len(), 4);
        assert_eq!(queue.try_recv().map(|told| told.item).ok(), Some(0));
        watchers.tell(|()| true, QUEUE_OCTETS_MAX / 4, || 10);
        watchers.tell(|()| true, usize::MAX, || 11);
        let rest =
            std::iter::from_fn(|| queue.try_recv().ok().map(|told| (told.item, told.missed)));
        assert_eq!(rest.collect::<Vec<_>>(), [(1, 0), (2, 0), (3, 0), (10, 6)]);
    }

    #[test]
    fn a_watcher_that_is_gone_leaves_its_place_to_the_next() {
        let mut watchers: Watchers<bool, ()> = Watchers::default();
        let mut queues: Vec<_> = (0..WATCHERS_MAX).map(|_| watchers.add(true).unwrap()).collect();
        assert!(watchers.add(true).is_err());
        queues.pop();
        assert_eq!(watchers.count(), WATCHERS_MAX - 1);
        let mut queue = watchers.add(false).unwrap();
        watchers.tell(|wish| *wish, 1, || ());
        assert!(queue.try_recv().is_err() && queues[0].try_recv().is_ok());
    }
}
