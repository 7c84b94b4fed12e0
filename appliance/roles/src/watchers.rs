//! Those who are told what happens, each through a queue of its own that may run full.

use bus::observed1::Event;
use lan::log::Timestamp;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Watchers that want items of the kind `T`, each with a wish `W`.
#[derive(Debug)]
pub(crate) struct Watchers<W, T> {
    watchers: Vec<Watcher<W, T>>,
}

#[derive(Debug)]
struct Watcher<W, T> {
    wish: W,
    queue: Sender<(T, u64)>,
    missed: u64,
}

impl<W, T> Default for Watchers<W, T> {
    fn default() -> Self {
        Self { watchers: Vec::new() }
    }
}

impl<W, T> Watchers<W, T> {
    /// One more watcher; a sentence if there are too many.
    pub(crate) fn add(&mut self, wish: W) -> Result<Receiver<(T, u64)>, String> {
        self.watchers.retain(|watcher| !watcher.queue.is_closed());
        if self.watchers.len() >= WATCHERS_MAX {
            return Err(format!("{WATCHERS_MAX} others watch already; end one of them"));
        }
        let (queue, receiver) = channel(QUEUE_MAX);
        self.watchers.push(Watcher { wish, queue, missed: 0 });
        Ok(receiver)
    }

    /// Tells `item` to those whose wish is met, with the number of items that the watcher has missed before it.
    /// Those whose queue is full miss it.
    pub(crate) fn tell(&mut self, wants: impl Fn(&W) -> bool, item: impl Fn() -> T) {
        for watcher in self.watchers.iter_mut().filter(|watcher| wants(&watcher.wish)) {
            match watcher.queue.try_reserve() {
                Ok(place) => place.send((item(), std::mem::take(&mut watcher.missed))),
                // Whoever is gone is taken off the list when the next one comes.
                Err(_) => watcher.missed = watcher.missed.saturating_add(1),
            }
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.watchers.iter().filter(|watcher| !watcher.queue.is_closed()).count()
    }
}

/// Something that has happened now.
pub(crate) fn event(kind: &str, call: u32, text: &str) -> Event {
    let time_us = Timestamp::now().as_microsecond();
    Event { time_us, kind: kind.to_owned(), call, text: text.to_owned() }
}

/// Watchers of one role: some terminals and pages.
const WATCHERS_MAX: usize = 16;

/// Items that wait for one watcher: a busy second, several times over.
const QUEUE_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_watcher_misses_items_and_is_told_how_many() {
        let mut watchers = Watchers::default();
        let mut queue = watchers.add(()).unwrap();
        for number in 0..QUEUE_MAX + 5 {
            watchers.tell(|()| true, || number);
        }
        assert_eq!(queue.try_recv(), Ok((0, 0)));
        watchers.tell(|()| true, || 9999);
        let rest: Vec<_> = std::iter::from_fn(|| queue.try_recv().ok()).collect();
        assert_eq!((rest.len(), rest.last()), (QUEUE_MAX, Some(&(9999, 5))));
    }

    #[test]
    fn a_watcher_that_is_gone_leaves_its_place_to_the_next() {
        let mut watchers: Watchers<bool, ()> = Watchers::default();
        let mut queues: Vec<_> = (0..WATCHERS_MAX).map(|_| watchers.add(true).unwrap()).collect();
        assert!(watchers.add(true).is_err());
        queues.pop();
        assert_eq!(watchers.count(), WATCHERS_MAX - 1);
        let mut queue = watchers.add(false).unwrap();
        watchers.tell(|wish| *wish, || ());
        assert!(queue.try_recv().is_err() && queues[0].try_recv().is_ok());
    }
}
