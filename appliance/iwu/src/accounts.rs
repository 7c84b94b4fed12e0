//! Which user belongs to which handset, and what becomes of their registrations.

use crate::call::Action;
use crate::iwu::Iwu;
use crate::status::Registration;
use crate::tally::Occurrence;
use crate::users::{Subscriber, User, UserChange};
use ::dect::primitive::{AccessAnswer, AccessCode, SubscriptionFailure};
use ::sip::primitive::{self as sip, Account, AccountId};
use ident::{Ipei, Mac};
use std::collections::{BTreeMap, BTreeSet};

/// Accounts without a user: their registrations are being taken back, or their last calls go on.
///
/// A user who comes back meanwhile has the old account: two of one name would overtake each other at the registrar.
#[derive(Default)]
pub(crate) struct Departures {
    by_account: BTreeMap<AccountId, Address>,
    by_address: BTreeMap<Address, AccountId>,
}

/// User and domain of an account.
type Address = (String, String);

fn address(account: &Account) -> Address {
    (account.user.clone(), account.domain.clone())
}

impl Departures {
    fn begin(&mut self, id: AccountId, account: &Account) {
        self.by_account.insert(id, address(account));
        self.by_address.insert(address(account), id);
    }

    /// The account of this address comes back.
    fn returned(&mut self, account: &Account) -> Option<AccountId> {
        let id = self.by_address.remove(&address(account))?;
        self.by_account.remove(&id);
        Some(id)
    }

    fn end(&mut self, id: AccountId) -> bool {
        let address = self.by_account.remove(&id);
        address.is_some_and(|address| self.by_address.remove(&address).is_some())
    }
}

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
        // Wanted again before the taking back had begun: that will not come to an end of its own.
        self.leaving.remove(&account);
        let user = &subscriber.user.account.user;
        match (&registration, &subscriber.registration) {
            (Registration::Registered(_), Registration::Registered(_)) => {}
            (Registration::Registered(granted), _) => {
                out.push(Action::Note(format!("{user} is registered for {} s", granted.as_secs())));
                if matches!(subscriber.registration, Registration::Failed(_)) {
                    out.push(Action::Occurred(Occurrence::RegistrationBack(user.clone())));
                }
            }
            (Registration::Failed(reason), before) if *before != registration => {
                out.push(Action::Note(format!("{user} is not registered: {reason}")));
                if !matches!(before, Registration::Failed(_)) {
                    let lost = Occurrence::RegistrationLost(user.clone(), reason.clone());
                    out.push(Action::Occurred(lost));
                }
            }
            _ => {}
        }
        subscriber.registration = registration;
    }

    /// These are the users from now on: accounts come, change and go; the rest is left in peace.
    pub(super) fn replace_users(&mut self, users: Vec<User>, out: &mut Vec<Action>) {
        let kept: BTreeSet<&str> = users.iter().map(|user| user.account.user.as_str()).collect();
        let mut gone: Vec<String> = self.account_of_user.keys().cloned().collect();
        gone.retain(|name| !kept.contains(name.as_str()));
        for name in gone {
            self.remove_user(&name, out);
        }
        for user in users {
            self.put_user(user, out);
        }
    }

    /// One user comes, changes or goes.
    pub(super) fn change_user(&mut self, change: UserChange, out: &mut Vec<Action>) {
        match change {
            UserChange::Put(user) => self.put_user(*user, out),
            UserChange::Remove(name) => self.remove_user(&name, out),
        }
    }

    fn put_user(&mut self, user: User, out: &mut Vec<Action>) {
        let known = self.account_of_user.get(&user.account.user).copied();
        let before = known.and_then(|account| Some((account, self.users.get(&account)?)));
        match before {
            Some((_, before)) if before.user == user => {}
            Some((account, before)) if before.user.account.domain == user.account.domain => {
                self.alter_user(account, user, out);
            }
            // At another domain it is another address of record, with a registration of its own.
            Some(_) => {
                self.remove_user(&user.account.user, out);
                self.add_user(user, out);
            }
            None => self.add_user(user, out),
        }
    }

    fn add_user(&mut self, user: User, out: &mut Vec<Action>) {
        let account = self.departures.returned(&user.account).unwrap_or_else(|| {
            self.next_account = self.next_account.wrapping_add(1);
            AccountId(self.next_account)
        });
        self.account_of_user.insert(user.account.user.clone(), account);
        self.give_handset(account, user.ipei);
        out.push(put(account, &user));
        self.users.insert(account, Subscriber { user, registration: Registration::Off });
        self.suit_registration(account, out);
    }

    fn alter_user(&mut self, account: AccountId, user: User, out: &mut Vec<Action>) {
        let Some(Subscriber { user: before, registration }) = self.users.remove(&account) else {
            return;
        };
        if before.ipei != user.ipei {
            self.take_handset(account, before.ipei);
            self.give_handset(account, user.ipei);
        }
        if before.account != user.account {
            out.push(put(account, &user));
        }
        // Another display name is told with the next registration and the next call; who it is has to be proved at once.
        let proof = |user: &User| (user.account.auth_user.clone(), user.account.password.clone());
        let was_asked_for = !matches!(registration, Registration::Off);
        let proves = proof(&before) != proof(&user) && was_asked_for;
        self.users.insert(account, Subscriber { user, registration });
        self.suit_registration(account, out);
        if proves {
            self.register_anew(account, out);
        }
    }

    /// Whoever is called by this name is a user no more. A call goes on to its end; its account stays as long.
    fn remove_user(&mut self, name: &str, out: &mut Vec<Action>) {
        let Some(account) = self.account_of_user.remove(name) else { return };
        self.deregister(account, out);
        let Some(Subscriber { user, .. }) = self.users.remove(&account) else { return };
        self.take_handset(account, user.ipei);
        self.departures.begin(account, &user.account);
        self.part(account, out);
    }

    /// Forgets an account without a user, once its registration is taken back and its last call is over.
    pub(super) fn part(&mut self, account: AccountId, out: &mut Vec<Action>) {
        if self.leaving.contains(&account) || self.has_call(account) {
            return;
        }
        if self.departures.end(account) {
            out.push(Action::Sip(sip::Request::RemoveAccount(account)));
        }
    }

    fn give_handset(&mut self, account: AccountId, pp: Option<Ipei>) {
        if let Some(pp) = pp {
            self.account_of_pp.insert(pp, account);
        }
    }

    /// Another user may have got the handset already.
    fn take_handset(&mut self, account: AccountId, pp: Option<Ipei>) {
        if let Some(pp) = pp
            && self.account_of_pp.get(&pp) == Some(&account)
        {
            self.account_of_pp.remove(&pp);
        }
    }

    /// Has a user who is registered, or tries to be, prove again who it is.
    fn register_anew(&mut self, account: AccountId, out: &mut Vec<Action>) {
        let Some(subscriber) = self.users.get_mut(&account) else { return };
        if !self.stopping && !matches!(subscriber.registration, Registration::Off) {
            subscriber.registration = Registration::Trying;
            out.push(Action::Sip(sip::Request::Register(account)));
        }
    }

    /// Looks at all users, since what decides about their registrations has changed.
    pub(super) fn suit_all(&mut self, out: &mut Vec<Action>) {
        let accounts: Vec<AccountId> = self.users.keys().copied().collect();
        for account in accounts {
            self.suit_registration(account, out);
        }
    }

    /// Registers a user whose handset is there, and takes back the registration of one that has none any more.
    fn suit_registration(&mut self, account: AccountId, out: &mut Vec<Action>) {
        #[cfg(test)]
        {
            self.looked_at += 1;
        }
        let pp = self.users.get(&account).and_then(|subscriber| subscriber.user.ipei);
        match pp {
            Some(pp) if self.located.contains_key(&pp) => self.register(account, out),
            // A handset that is switched off keeps its registration unless the settings say otherwise.
            Some(pp) if self.subscribed.contains(&pp) && !self.settings.deregister_on_detach => {}
            _ => self.deregister(account, out),
        }
    }
}

fn put(account: AccountId, user: &User) -> Action {
    Action::Sip(sip::Request::PutAccount(account, Box::new(user.account.clone())))
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
