//! The search for one handset that has no link (14.2.3, 8.2.1).

use ident::{Ipui, Tpui};
use machine::TimerSpec;
use std::collections::VecDeque;
use std::time::Duration;

/// What the link is for, as the page says it (8.2.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Signalling only.
    None,
    /// Speech in a full slot.
    Voice,
}

/// The short page for a handset: three octets (8.2.1).
#[must_use]
pub fn short_page(ipui: &Ipui, tpui: Option<Tpui>, service: Service) -> [u8; 3] {
    let header = match service {
        Service::None => 0b000,
        Service::Voice => 0b100,
    };
    let (assigned, low_16) = match tpui {
        Some(tpui) => (ASSIGNED, tpui.low_16()),
        None => (0, ipui.low_16()),
    };
    let [high, low] = low_16.to_be_bytes();
    [assigned | header, high, low]
}

/// The only timer of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PageTimer {
    /// <LCE.03>
    Resubmission,
}

impl PageTimer {
    /// The timer as the standard defines it.
    #[must_use]
    pub const fn spec(self) -> TimerSpec {
        let Self::Resubmission = self;
        TimerSpec {
            name: "<LCE.03>",
            default: Duration::from_secs(3),
            guards: "a link of the handset that is paged",
        }
    }
}

/// Everything that can happen to a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageEvent {
    /// A link is wanted for this service.
    Want(Service),
    /// This message waits for the link.
    Queue(Vec<u8>),
    /// The handset has a link now.
    Found,
    /// Nobody waits for the link any more.
    Cancel,
    /// <LCE.03> ran out.
    Expired,
}

/// Everything a search can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageAction {
    /// Broadcast the page, for this service.
    Page(Service),
    /// Send this message over the link that was found.
    Send(Vec<u8>),
    /// The handset does not answer; what waited is dropped.
    Failed,
    /// A message is dropped: too many wait.
    Dropped,
}

/// This machine's effects.
pub type PageOut = machine::Out<PageAction, PageTimer>;

/// The search for one handset.
#[derive(Debug, Default)]
pub struct Page {
    search: Option<Search>,
}

#[derive(Debug)]
struct Search {
    service: Service,
    /// How often the page was sent again.
    resubmitted: u8,
    queue: VecDeque<Vec<u8>>,
}

impl Page {
    /// Whether the handset is being searched.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.search.is_some()
    }

    /// Whether messages wait for the handset.
    #[must_use]
    pub fn has_messages(&self) -> bool {
        self.search.as_ref().is_some_and(|search| !search.queue.is_empty())
    }

    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: PageEvent, out: &mut PageOut) {
        match event {
            PageEvent::Want(service) => self.want(service, out),
            PageEvent::Queue(message) => {
                self.want(Service::None, out);
                self.queue(message, out);
            }
            PageEvent::Found => {
                out.stop(PageTimer::Resubmission);
                for message in self.search.take().into_iter().flat_map(|search| search.queue) {
                    out.act(PageAction::Send(message));
                }
            }
            PageEvent::Cancel => {
                out.stop(PageTimer::Resubmission);
                self.search = None;
            }
            PageEvent::Expired => self.expired(out),
        }
    }

    /// A search that runs serves a second wish as well (14.2.3), speech included.
    fn want(&mut self, service: Service, out: &mut PageOut) {
        if let Some(search) = &mut self.search {
            search.service = search.service.max(service);
            return;
        }
        self.search = Some(Search { service, resubmitted: 0, queue: VecDeque::new() });
        out.act(PageAction::Page(service));
        out.start(PageTimer::Resubmission);
    }

    fn queue(&mut self, message: Vec<u8>, out: &mut PageOut) {
        match &mut self.search {
            Some(search) if search.queue.len() < QUEUE_MAX => search.queue.push_back(message),
            _ => out.act(PageAction::Dropped),
        }
    }

    fn expired(&mut self, out: &mut PageOut) {
        match &mut self.search {
            Some(search) if search.resubmitted < N300 => {
                search.resubmitted += 1;
                out.act(PageAction::Page(search.service));
                out.start(PageTimer::Resubmission);
            }
            Some(_) => {
                self.search = None;
                out.act(PageAction::Failed);
            }
            None => {}
        }
    }
}

/// W: the address is an assigned TPUI.
const ASSIGNED: u8 = 0x08;

/// How often a page is sent again; the standard's advice for voice (A.7).
const N300: u8 = 3;

/// Messages that wait for a link: each entity above begins one procedure at a time, and
/// repeats its message at most once while the search lasts.
const QUEUE_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use machine::Effect;

    /// What a search does, timers left out.
    fn actions(page: &mut Page, event: PageEvent) -> Vec<PageAction> {
        let mut out = PageOut::default();
        page.handle(event, &mut out);
        let acts = out.drain().into_iter();
        acts.filter_map(|effect| match effect {
            Effect::Act(action) => Some(action),
            Effect::Start(_) | Effect::Stop(_) => None,
        })
        .collect()
    }

    #[test]
    fn a_page_has_the_form_that_a_real_system_was_seen_to_send() {
        let ipui = Ipui::private(36, 0x2_8699_6517).expect("a valid identity");
        let tpui = Tpui::new(0x27b);
        assert_eq!(short_page(&ipui, tpui, Service::Voice), [0x0c, 0x02, 0x7b]);
        assert_eq!(short_page(&ipui, tpui, Service::None), [0x08, 0x02, 0x7b]);
        assert_eq!(short_page(&ipui, None, Service::Voice), [0x04, 0x65, 0x17]);
    }

    #[test]
    fn a_handset_is_paged_four_times_and_then_given_up_with_what_waits() {
        let mut page = Page::default();
        let paged = [PageAction::Page(Service::None)];
        assert_eq!(actions(&mut page, PageEvent::Queue(vec![1])), paged);
        assert_eq!(actions(&mut page, PageEvent::Queue(vec![2])), []);
        assert_eq!(actions(&mut page, PageEvent::Want(Service::Voice)), []);
        for _ in 0..3 {
            let again = [PageAction::Page(Service::Voice)];
            assert_eq!(actions(&mut page, PageEvent::Expired), again);
        }
        assert_eq!(actions(&mut page, PageEvent::Expired), [PageAction::Failed]);
        assert!(!page.is_running());
        assert_eq!(actions(&mut page, PageEvent::Found), []);
    }

    #[test]
    fn what_waits_is_sent_in_order_when_the_handset_is_found() {
        let mut page = Page::default();
        for number in 0..20 {
            let dropped = actions(&mut page, PageEvent::Queue(vec![number]));
            assert_eq!(dropped.contains(&PageAction::Dropped), number >= 8);
        }
        let sent: Vec<_> = (0..8).map(|number| PageAction::Send(vec![number])).collect();
        assert_eq!(actions(&mut page, PageEvent::Found), sent);
        assert!(!page.is_running());
    }
}
