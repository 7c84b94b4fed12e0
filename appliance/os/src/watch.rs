//! Waits for many sockets at once (epoll(7)), and wakes whoever waits (eventfd(2)).

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

/// Sockets that are watched, each under a number.
#[derive(Debug)]
pub struct Watch {
    epoll: Epoll,
    ready: Vec<EpollEvent>,
    bell: Arc<EventFd>,
}

/// Wakes the [`Watch`] it belongs to, from any thread.
#[derive(Clone, Debug)]
pub struct Bell(Arc<EventFd>);

impl Watch {
    /// Watches nothing yet; at most `size` sockets are told of at a time.
    ///
    /// # Errors
    /// If the kernel has no descriptor left.
    pub fn new(size: usize) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let bell = Arc::new(EventFd::from_flags(flags)?);
        epoll.add(&*bell, EpollEvent::new(EpollFlags::EPOLLIN, BELL))?;
        Ok(Self { epoll, ready: vec![EpollEvent::empty(); size.max(1)], bell })
    }

    /// Rings here.
    #[must_use]
    pub fn bell(&self) -> Bell {
        Bell(self.bell.clone())
    }

    /// Watches `socket` under `number` until it is closed; [`BELL`] is taken.
    ///
    /// It is told once for what has come (edge triggered), so whoever is told takes everything:
    /// the kernel then need not look again whether anything is left.
    ///
    /// # Errors
    /// If the kernel refuses, or `socket` is watched already.
    pub fn add(&self, socket: impl AsFd, number: u64) -> io::Result<()> {
        Ok(self
            .epoll
            .add(socket, EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, number))?)
    }

    /// Waits until something has come, the bell rings or `limit` is over, rounded up to
    /// milliseconds; gives the numbers of what is ready. `None` waits for ever.
    ///
    /// # Errors
    /// Only what means that the kernel is at its end.
    pub fn wait(&mut self, limit: Option<Duration>) -> io::Result<impl Iterator<Item = u64>> {
        let timeout = limit.map_or(EpollTimeout::NONE, |limit| {
            let milliseconds = limit.as_nanos().div_ceil(1_000_000);
            EpollTimeout::try_from(milliseconds).unwrap_or(EpollTimeout::MAX)
        });
        let count = match self.epoll.wait(&mut self.ready, timeout) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(error) => return Err(error.into()),
        };
        let ready = self.ready.get(..count).unwrap_or_default();
        if ready.iter().any(|event| event.data() == BELL) {
            // Only to silence it; it may have been silenced already.
            let _ = self.bell.read();
        }
        Ok(ready.iter().map(EpollEvent::data))
    }
}

impl Bell {
    /// Wakes the watcher; ringing twice before it looks is ringing once.
    pub fn ring(&self) {
        // Fails only when it has been rung 2^64 - 2 times without being heard.
        let _ = self.0.write(1);
    }
}

/// The number under which the bell is told.
pub const BELL: u64 = u64::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn what_has_come_is_told_once_by_its_number() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut watch = Watch::new(4).unwrap();
        watch.add(&socket, 17).unwrap();
        assert_eq!(watch.wait(Some(Duration::ZERO)).unwrap().count(), 0);

        for _ in 0..2 {
            socket.send_to(b"x", socket.local_addr().unwrap()).unwrap();
            assert_eq!(watch.wait(None).unwrap().collect::<Vec<_>>(), [17]);
            assert_eq!(watch.wait(Some(Duration::ZERO)).unwrap().count(), 0);
        }
        drop(socket);
        assert_eq!(watch.wait(Some(Duration::ZERO)).unwrap().count(), 0);
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn the_bell_wakes_once_however_often_it_was_rung() {
        let mut watch = Watch::new(4).unwrap();
        let bell = watch.bell();
        std::thread::spawn(move || {
            bell.ring();
            bell.ring();
        })
        .join()
        .unwrap();
        assert_eq!(watch.wait(None).unwrap().collect::<Vec<_>>(), [BELL]);
        assert_eq!(watch.wait(Some(Duration::ZERO)).unwrap().count(), 0);
    }
}
