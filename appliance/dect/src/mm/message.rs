//! MM messages, read and written: EN 300 175-5 6.3.6.
//!
//! Mobility management has one transaction value, 0; the flag tells who opened
//! the transaction (7.3, Annex H).

use crate::security::Challenge;
use crate::wire::ie::{
    AllocationType, AuthAlgorithm, AuthKey, AuthType, CipherInfo, Contents, FixedIdentity,
    IdentityType, InfoType, LocationArea, PortableIdentity, Rand, RejectReason, Res, Rs,
};
use crate::wire::{Id, Kind, Message, Origin, Ti};
use ident::{Ari, Ipei, Ipui, Park, Tpui};

/// KEY-ALLOCATE: the only key of the pair, from its only code, by DSAA.
pub(super) fn key_allocate(rand_f: Challenge, rs: Challenge) -> Message {
    let allocation = AllocationType { algorithm: AuthAlgorithm::Dsaa, uak: PAIR, ac: PAIR };
    ours(Kind::KeyAllocate).with(&allocation).with(&Rand::new(&rand_f)).with(&Rs::new(&rs))
}

/// AUTHENTICATION-REQUEST: prove the key of the pair, and keep the cipher key that results.
pub(super) fn authentication_request(rand_f: Challenge, rs: Challenge) -> Message {
    let how = AuthType::dsaa(AuthKey::Uak(PAIR)).storing(PAIR);
    ours(Kind::AuthenticationRequest).with(&how).with(&Rand::new(&rand_f)).with(&Rs::new(&rs))
}

/// AUTHENTICATION-REPLY at the end of a key allocation.
pub(super) fn allocation_reply(res2: [u8; 4]) -> Message {
    ours(Kind::AuthenticationReply).with(&Res::new(&res2))
}

/// AUTHENTICATION-REJECT at the end of a key allocation.
pub(super) fn allocation_reject(reason: RejectReason) -> Message {
    ours(Kind::AuthenticationReject).with(&reason)
}

/// AUTHENTICATION-REPLY to a challenge of the handset's own.
pub(super) fn challenge_reply(res2: [u8; 4], rs: Challenge) -> Message {
    theirs(Kind::AuthenticationReply).with(&Res::new(&res2)).with(&Rs::new(&rs))
}

/// ACCESS-RIGHTS-ACCEPT: who the handset is here, and with whom.
pub(super) fn access_accept(ipui: &Ipui, ari: Ari) -> Message {
    theirs(Kind::AccessRightsAccept)
        .with(&PortableIdentity::Ipui(ipui.clone()))
        .with(&FixedIdentity::Park(Park::exactly(ari)))
        .with(&area(ari))
        .with(&AuthType::dsaa(AuthKey::Uak(PAIR)))
}

/// LOCATE-ACCEPT; without a TPUI the handset keeps the one it has.
pub(super) fn locate_accept(tpui: Option<Tpui>, ari: Ari) -> Message {
    let message = theirs(Kind::LocateAccept).with(&area(ari));
    match tpui {
        Some(tpui) => message.with(&PortableIdentity::Tpui(tpui)),
        None => message.with_empty(Id::PORTABLE_IDENTITY),
    }
}

/// ACCESS-RIGHTS-TERMINATE-REQUEST of ours, for this system only.
pub(super) fn terminate_request(ipui: &Ipui, ari: Ari) -> Message {
    ours(Kind::AccessRightsTerminateRequest)
        .with(&PortableIdentity::Ipui(ipui.clone()))
        .with(&FixedIdentity::Park(Park::exactly(ari)))
}

/// ACCESS-RIGHTS-TERMINATE-ACCEPT
pub(super) fn terminate_accept() -> Message {
    theirs(Kind::AccessRightsTerminateAccept)
}

/// CIPHER-REQUEST: switch on the DSC with the derived key, in a transaction that either side opened.
pub(super) fn cipher_request(origin: Origin) -> Message {
    let message = match origin {
        Origin::Sender => ours(Kind::CipherRequest),
        Origin::Receiver => theirs(Kind::CipherRequest),
    };
    message.with(&CipherInfo::dsc(true, PAIR))
}

/// IDENTITY-REQUEST for the IPEI.
pub(super) fn identity_request() -> Message {
    ours(Kind::IdentityRequest).with(&IdentityType::IPEI)
}

/// MM-INFO-SUGGEST: locate again.
pub(super) fn locate_suggest() -> Message {
    ours(Kind::MmInfoSuggest).with(&InfoType::of(InfoType::LOCATE_SUGGEST))
}

/// The refusal of what the handset has asked for, by the message of that name.
pub(super) fn refusal(kind: Kind, reason: RejectReason) -> Message {
    theirs(kind).with(&reason)
}

/// MM-INFO-REJECT: no parameter is to be had here.
pub(super) fn info_reject() -> Message {
    refusal(Kind::MmInfoReject, RejectReason::IncompatibleService)
}

/// Which reason tells a handset that nobody knows the identity it gave.
pub(super) fn unknown(message: &Message) -> RejectReason {
    match message.get() {
        Some(PortableIdentity::Tpui(_)) => RejectReason::TpuiUnknown,
        Some(PortableIdentity::Ipui(_) | PortableIdentity::Ipei(_)) => RejectReason::IpuiUnknown,
        None => RejectReason::ElementError,
    }
}

/// RES, of the length that DSAA gives it.
pub(super) fn res(message: &Message) -> Option<[u8; 4]> {
    message.get::<Res>()?.array()
}

/// RAND, of the length that DSAA gives it.
pub(super) fn rand(message: &Message) -> Option<Challenge> {
    message.get::<Rand>()?.array()
}

/// Whether the handset challenges us for the key that we share, by the algorithm that we have.
pub(super) fn asks_for_uak(message: &Message) -> bool {
    let asked = message.get::<AuthType>().map(|it| (it.algorithm, it.key));
    matches!(asked, Some((AuthAlgorithm::Dsaa, AuthKey::Uak(_))))
}

/// Whether ciphering is to be switched on.
pub(super) fn cipher_on(message: &Message) -> bool {
    message.get::<CipherInfo>().is_some_and(|cipher| cipher.on)
}

/// The equipment number in an IDENTITY-REPLY.
pub(super) fn ipei(message: &Message) -> Option<Ipei> {
    match message.get()? {
        PortableIdentity::Ipei(ipei) | PortableIdentity::Ipui(Ipui::N(ipei)) => Some(ipei),
        PortableIdentity::Ipui(_) | PortableIdentity::Tpui(_) => None,
    }
}

/// The contents of an element as they came; empty where there is none.
pub(super) fn contents<T: Contents>(message: &Message) -> Vec<u8> {
    message.element(T::ID).map_or_else(Vec::new, |element| element.contents().to_vec())
}

/// The whole system is one location area.
fn area(ari: Ari) -> LocationArea {
    LocationArea::of_level(ari.length())
}

/// In a transaction that we opened.
const fn ours(kind: Kind) -> Message {
    Message::new(Ti::opened(0), kind)
}

/// In a transaction that the handset opened.
const fn theirs(kind: Kind) -> Message {
    Message::new(Ti::opened(0).answer(), kind)
}

/// The number of a key or code that belongs to the IPUI/PARK pair; there is one of each.
const PAIR: u8 = 8;
