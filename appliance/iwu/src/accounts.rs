//! Which user belongs to which handset, and what becomes of their registrations.

use crate::call::Action;
use crate::iwu::Iwu;
use crate::status::Registration;
use crate::users::{Subscriber, User};
use ::dect::primitive::{AccessAnswer, AccessCode, SubscriptionFailure};
use ::sip::primitive::{self as sip, AccountId};
use ident::{Ipei, Mac};
use std::collections::BTreeMap;

impl Iwu {
    /// Whether a handset may subscribe, and with which code.
    pub(super) fn access(&self, pp: Ipei, out: &mut Vec<Action>) -> AccessAnswer {
        let user = self.account_of_pp.get(&pp).and_then(|account| self.users.get(account));
        let (false, true, Some(Subscriber { user, .. })) =
            (self.stopping, self.settings.dect.subscription_allowed, user)
        else {
            let why = match user {
                Some(_) => "subscription is not allowed (dect.subscription_allowed)",
                None => "no user has this IPEI",
            };
            out.push(Action::Note(format!("{pp} wants to subscribe and was refused: {why}")));
            return AccessAnswer::Refused;
        };
        let code = user.access_code.clone().or_else(|| self.settings.access_code.clone());
        // Where the administrator has set no code at all, the handset needs none: it is listed by its IPEI.
        code.or_else(|| AccessCode::new("")).map_or(AccessAnswer::Refused, AccessAnswer::Allowed)
    }

    pub(super) fn located(&mut self, pp: Ipei, rfp: Mac, out: &mut Vec<Action>) {
        let before = self.located.insert(pp, rfp);
        let Some(account) = self.account_of_pp.get(&pp).copied() else {
            out.push(Action::Note(format!("{pp} is at base station {rfp} and belongs to no user")));
            return;
        };
        if before != Some(rfp) {
            out.push(Action::Note(format!("{pp} is at base station {rfp}")));
        }
        self.register(account, out);
    }

    pub(super) fn detached(&mut self, pp: Ipei, out: &mut Vec<Action>) {
        self.located.remove(&pp);
        out.push(Action::Note(format!("{pp} was switched off")));
        if let (true, Some(account)) =
            (self.settings.deregister_on_detach, self.account_of_pp.get(&pp).copied())
        {
            self.deregister(account, out);
        }
    }

    pub(super) fn gone(&mut self, pp: Ipei, out: &mut Vec<Action>) {
        self.subscribed.remove(&pp);
        self.located.remove(&pp);
        out.push(Action::Note(format!("the subscription of {pp} has ended")));
        if let Some(account) = self.account_of_pp.get(&pp).copied() {
            self.deregister(account, out);
        }
    }

    pub(super) fn register(&mut self, account: AccountId, out: &mut Vec<Action>) {
        let Some(subscriber) = self.users.get_mut(&account) else { return };
        if self.stopping || !matches!(subscriber.registration, Registration::Off) {
            return;
        }
        subscriber.registration = Registration::Trying;
        out.push(Action::Sip(sip::Request::Register(account)));
    }

    pub(super) fn deregister(&mut self, account: AccountId, out: &mut Vec<Action>) {
        let Some(subscriber) = self.users.get_mut(&account) else { return };
        if !matches!(subscriber.registration, Registration::Off) {
            subscriber.registration = Registration::Off;
            self.leaving.insert(account);
            out.push(Action::Sip(sip::Request::Deregister(account)));
        }
    }

    /// The SIP engine has told how a registration went; the story is told when it changes.
    pub(super) fn registered(
        &mut self,
        account: AccountId,
        registration: Registration,
        out: &mut Vec<Action>,
    ) {
        let Some(subscriber) = self.users.get_mut(&account) else { return };
        // An answer that crossed our taking it back says nothing any more.
        if matches!(subscriber.registration, Registration::Off) {
            return;
        }
        let user = &subscriber.user.account.user;
        match (&registration, &subscriber.registration) {
            (Registration::Registered(_), Registration::Registered(_)) => {}
            (Registration::Registered(granted), _) => {
                out.push(Action::Note(format!("{user} is registered for {} s", granted.as_secs())));
            }
            (Registration::Failed(reason), before) if *before != registration => {
                out.push(Action::Note(format!("{user} is not registered: {reason}")));
            }
            _ => {}
        }
        subscriber.registration = registration;
    }

    /// These are the users from now on: accounts come, change and go; the rest is left in peace.
    pub(super) fn replace_users(&mut self, users: Vec<User>, out: &mut Vec<Action>) {
        let mut gone = std::mem::take(&mut self.account_of_user);
        self.account_of_pp.clear();
        for user in users {
            let name = user.account.user.clone();
            let account = gone.remove(&name).unwrap_or_else(|| {
                self.next_account = self.next_account.wrapping_add(1);
                AccountId(self.next_account)
            });
            self.account_of_user.insert(name, account);
            if let Some(pp) = user.ipei {
                self.account_of_pp.insert(pp, account);
            }
            self.put_user(account, user, out);
        }
        self.remove_accounts(gone, out);
        let accounts: Vec<AccountId> = self.users.keys().copied().collect();
        for account in accounts {
            self.suit_registration(account, out);
        }
    }

    fn put_user(&mut self, account: AccountId, user: User, out: &mut Vec<Action>) {
        let before = self.users.get(&account);
        if before.is_none_or(|before| before.user.account != user.account) {
            out.push(Action::Sip(sip::Request::PutAccount(
                account,
                Box::new(user.account.clone()),
            )));
        }
        let registration = match before {
            // With another password or domain it has to prove itself again.
            Some(before) if before.user.account == user.account => before.registration.clone(),
            _ => Registration::Off,
        };
        self.users.insert(account, Subscriber { user, registration });
    }

    fn remove_accounts(&mut self, gone: BTreeMap<String, AccountId>, out: &mut Vec<Action>) {
        for account in gone.into_values() {
            self.users.remove(&account);
            out.push(Action::Sip(sip::Request::RemoveAccount(account)));
        }
    }

    /// Registers a user whose handset is there, and takes back the registration of one that has none any more.
    fn suit_registration(&mut self, account: AccountId, out: &mut Vec<Action>) {
        let pp = self.users.get(&account).and_then(|subscriber| subscriber.user.ipei);
        match pp {
            Some(pp) if self.located.contains_key(&pp) => self.register(account, out),
            // A handset that is switched off keeps its registration unless the settings say otherwise.
            Some(pp) if self.subscribed.contains(&pp) && !self.settings.deregister_on_detach => {}
            _ => self.deregister(account, out),
        }
    }
}

/// Why a handset was not subscribed, and what to do.
pub(crate) const fn in_words(why: SubscriptionFailure) -> &'static str {
    match why {
        SubscriptionFailure::WrongAccessCode => "the access code entered at the handset is wrong",
        SubscriptionFailure::Refused => "it was refused",
        SubscriptionFailure::LockedOut => {
            "too many wrong access codes were entered; wait a quarter of an hour, or close \
             dect.subscription_allowed and open it again"
        }
        SubscriptionFailure::NotStored => {
            "the subscription could not be written to the state directory; free space or check its rights"
        }
        SubscriptionFailure::Broken => "the handset broke off; try again nearer to a base station",
    }
}
