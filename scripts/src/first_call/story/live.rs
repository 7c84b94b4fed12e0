//! The administrator changes users while the server runs; no role is started anew for it.

use super::super::server::{self, ACCESS_CODE, User};
use super::super::simulator::TONES;
use super::{Cast, RECOVERY, Told, USUAL, until, words};

/// A handset of which the server knows nothing gets a user, subscribes and calls.
pub(super) fn added(cast: &mut Cast) -> Told {
    let before = cast.server.process("dect")?;
    cast.simulator.say(&format!("subscribe 5 {ACCESS_CODE}"))?;
    let refused = cast.simulator.handset(5, "not-subscribed", &[])?;
    cast.server.import_users(&[server::users(), vec![User::right(5)]].concat())?;
    // It takes its way over the bus; nobody enters a code as fast.
    until(USUAL, || cast.user("1005"))?;
    cast.simulator.say(&format!("subscribe 5 {ACCESS_CODE}"))?;
    cast.simulator.handset(5, "located", &[])?;
    registered(cast, "1005")?;
    cast.simulator.say("dial 5 1001")?;
    cast.simulator.handset(1, "ringing", &["1005"])?;
    cast.answer(1)?;
    cast.hears(1, TONES[4])?;
    cast.hears(5, TONES[0])?;
    cast.hang_up(5, 1)?;
    same(cast, &before)?;
    let reason = words(&refused["reason"]);
    Ok(format!("before: {reason}; then subscribed, registered, both tones heard"))
}

/// A password is mended and a name is changed; the next registration and the next call show it.
pub(super) fn mended(cast: &mut Cast) -> Told {
    let before = cast.server.process("dect")?;
    let mut users: Vec<User> = (1..=5).map(User::right).collect();
    NAME.clone_into(&mut users[0].name);
    cast.server.import_users(&users)?;
    registered(cast, "1004")?;
    cast.simulator.say("dial 1 1002")?;
    let ringing = cast.simulator.handset(2, "ringing", &[])?;
    cast.simulator.say("hang 1")?;
    cast.simulator.handset(2, "released", &[])?;
    users[0] = User::right(1);
    cast.server.import_users(&users)?;
    same(cast, &before)?;
    let shown = words(&ringing["name"]);
    if shown != NAME {
        return Err(format!("handset 2 showed the caller as {shown:?}; expected {NAME}"));
    }
    Ok(format!("user 1004 is registered, caller shown as {shown}"))
}

/// A user is taken off the list in a call and put back: the call goes on, and no hand is laid on the handset.
pub(super) fn taken_off(cast: &mut Cast) -> Told {
    cast.simulator.say("dial 5 1001")?;
    cast.simulator.handset(1, "ringing", &[])?;
    cast.answer(1)?;
    cast.hears(1, TONES[4])?;
    let four: Vec<User> = (1..=4).map(User::right).collect();
    cast.server.import_users(&four)?;
    until(USUAL, || match cast.user("1005") {
        Ok(user) => Err(format!("user 1005 is still there: {user}")),
        Err(_) => Ok(()),
    })?;
    // A tone that nobody has heard before can only have come since.
    cast.simulator.say("tone 5 1450")?;
    cast.hears(1, 1450)?;
    cast.simulator.say(&format!("tone 5 {}", TONES[4]))?;
    cast.hang_up(5, 1)?;
    cast.simulator.say("dial 5 1001")?;
    let refused = cast.refused(5)?;
    cast.server.import_users(&[four, vec![User::right(5)]].concat())?;
    registered(cast, "1005")?;
    Ok(format!("it talked on; after that {refused}; back in the list it is registered"))
}

fn registered(cast: &Cast, name: &str) -> Result<(), String> {
    until(RECOVERY, || {
        let user = cast.user(name)?;
        let registered = user["registration"] == "registered" && user["subscribed"] == true;
        registered.then_some(()).ok_or_else(|| format!("it is shown as {user}"))
    })
}

/// It was not started anew.
fn same(cast: &Cast, before: &str) -> Result<(), String> {
    let now = cast.server.process("dect")?;
    if now == before { Ok(()) } else { Err("the role dect was started anew for it".into()) }
}

const NAME: &str = "Night nurse";
