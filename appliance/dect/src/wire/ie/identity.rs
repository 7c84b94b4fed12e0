//! Identities: PORTABLE-IDENTITY, FIXED-IDENTITY, LOCATION-AREA, IDENTITY-TYPE.

use super::{Contents, Invalid, word};
use crate::wire::element::Id;
use crate::wire::hex;
use ident::{Ari, Ipei, Ipui, Park, Rfpi, Tpui};
use serde_json::{Value, json};

/// PORTABLE-IDENTITY (7.7.30): a handset or its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortableIdentity {
    /// Who the handset is in a system.
    Ipui(Ipui),
    /// Which handset it is.
    Ipei(Ipei),
    /// The short identity of the handset.
    Tpui(Tpui),
}

impl PortableIdentity {
    /// The IPUI, if it is one; an IPEI is one of type N.
    #[must_use]
    pub fn ipui(&self) -> Option<Ipui> {
        match self {
            Self::Ipui(ipui) => Some(ipui.clone()),
            Self::Ipei(ipei) => Some(Ipui::N(*ipei)),
            Self::Tpui(_) => None,
        }
    }

    /// The IPEI, if it is one, or an IPUI made of one.
    #[must_use]
    pub const fn ipei(&self) -> Option<Ipei> {
        match self {
            Self::Ipei(ipei) | Self::Ipui(Ipui::N(ipei)) => Some(*ipei),
            Self::Ipui(_) | Self::Tpui(_) => None,
        }
    }

    /// The TPUI, if it is one.
    #[must_use]
    pub const fn tpui(&self) -> Option<Tpui> {
        match self {
            Self::Tpui(tpui) => Some(*tpui),
            Self::Ipui(_) | Self::Ipei(_) => None,
        }
    }
}

impl Contents for PortableIdentity {
    const ID: Id = Id::PORTABLE_IDENTITY;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (kind, bits, value) = identity(octets)?;
        let ipui = || Ipui::from_octets(bits, value);
        match (kind, bits, value) {
            (IPUI, ..) => ipui().map(Self::Ipui).map_err(|_| Invalid("no IPUI")),
            (IPEI, ..) => match ipui() {
                Ok(Ipui::N(ipei)) => Ok(Self::Ipei(ipei)),
                _ => Err(Invalid("no IPEI")),
            },
            // The upper half of the first octet tells how it was assigned, which changes nothing.
            (TPUI, TPUI_BITS, [high, middle, low]) => {
                let value = u32::from_be_bytes([0, high & 0x0f, *middle, *low]);
                Tpui::new(value).map(Self::Tpui).ok_or(Invalid("no TPUI"))
            }
            (TPUI, ..) => Err(Invalid("a TPUI has 20 bits")),
            _ => Err(Invalid("no type of portable identity")),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Ipui(ipui) => write_ipui(IPUI, ipui, out),
            Self::Ipei(ipei) => write_ipui(IPEI, &Ipui::N(*ipei), out),
            Self::Tpui(tpui) => {
                let [_, high, middle, low] = tpui.value().to_be_bytes();
                out.extend([EXT | TPUI, EXT | TPUI_BITS, high, middle, low]);
            }
        }
    }

    fn describe(&self) -> Value {
        match self {
            Self::Ipui(ipui) => describe_ipui(ipui),
            Self::Ipei(ipei) => json!({ "ipei": ipei.to_string() }),
            Self::Tpui(tpui) => json!({ "tpui": tpui.to_string() }),
        }
    }
}

fn describe_ipui(ipui: &Ipui) -> Value {
    let letter = ipui.letter().to_string();
    let number = match ipui {
        Ipui::N(ipei) => json!(ipei.to_string()),
        Ipui::O { bits, number } => json!({ "bits": bits, "number": format!("{number:x}") }),
        Ipui::P { poc, bits, account } => {
            json!({ "poc": format!("{poc:04x}"), "bits": bits, "account": format!("{account:x}") })
        }
        Ipui::Q(digits) | Ipui::R(digits) | Ipui::S(digits) | Ipui::U(digits) => {
            json!(digits.as_str())
        }
        Ipui::T { eic, number } => {
            json!({ "eic": format!("{eic:04x}"), "number": number.as_str() })
        }
    };
    json!({ "ipui": ipui.to_string(), "type": letter, "number": number })
}

fn write_ipui(kind: u8, ipui: &Ipui, out: &mut Vec<u8>) {
    let (bits, octets) = ipui.to_octets();
    out.extend([EXT | kind, EXT | bits]);
    out.extend(octets);
}

/// FIXED-IDENTITY (7.7.18): a system, one of its base stations, or a key to systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixedIdentity {
    /// A system.
    Ari(Ari),
    /// A base station of a system; its E bit means nothing here.
    AriRpn(Rfpi),
    /// A relay station of a system; its E bit means nothing here.
    AriRpnWrs(Rfpi),
    /// A key to systems.
    Park(Park),
}

impl FixedIdentity {
    /// The system, with the bits beyond the length of a PARK zero.
    #[must_use]
    pub const fn ari(&self) -> Ari {
        match self {
            Self::Ari(ari) => *ari,
            Self::AriRpn(rfpi) | Self::AriRpnWrs(rfpi) => rfpi.pari(),
            Self::Park(park) => park.ari(),
        }
    }
}

impl Contents for FixedIdentity {
    const ID: Id = Id::FIXED_IDENTITY;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (kind, bits, value) = identity(octets)?;
        match kind {
            ARI => match Ari::from_octets(value) {
                Ok(ari) if ari.length() + 1 == bits => Ok(Self::Ari(ari)),
                _ => Err(Invalid("no ARI")),
            },
            ARI_RPN | ARI_RPN_WRS => {
                let octets = <[u8; 5]>::try_from(value).ok().filter(|_| bits == 40);
                let octets = octets.ok_or(Invalid("an ARI with RPN has 40 bits"))?;
                let rfpi = Rfpi::from_octets(octets).map_err(|_| Invalid("no ARI with RPN"))?;
                Ok(if kind == ARI_RPN { Self::AriRpn(rfpi) } else { Self::AriRpnWrs(rfpi) })
            }
            PARK => {
                let pli = bits.checked_sub(1).ok_or(Invalid("no PARK"))?;
                Park::from_octets(pli, value).map(Self::Park).ok_or(Invalid("no PARK"))
            }
            _ => Err(Invalid("no type of fixed identity")),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let (kind, bits, octets) = match self {
            Self::Ari(ari) => (ARI, ari.length() + 1, ari.to_octets()),
            Self::AriRpn(rfpi) => (ARI_RPN, 40, rfpi.to_octets().to_vec()),
            Self::AriRpnWrs(rfpi) => (ARI_RPN_WRS, 40, rfpi.to_octets().to_vec()),
            Self::Park(park) => (PARK, park.pli() + 1, park.to_octets()),
        };
        out.extend([EXT | kind, EXT | bits]);
        out.extend(octets);
    }

    fn describe(&self) -> Value {
        match self {
            Self::Ari(ari) => json!({ "ari": ari.to_string() }),
            Self::AriRpn(rfpi) => {
                json!({ "ari": rfpi.pari().to_string(), "rpn": rfpi.rpn().to_string() })
            }
            Self::AriRpnWrs(rfpi) => {
                json!({ "ari": rfpi.pari().to_string(), "wrs": rfpi.rpn().to_string() })
            }
            Self::Park(park) => json!({ "park": park.to_string(), "ari": park.ari().to_string() }),
        }
    }
}

/// LOCATION-AREA (7.7.25): how much of PARI and RPN makes one area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocationArea {
    /// How many leading bits of PARI and RPN count, 0 to 63; 31 or 36 make the system one area.
    pub level: Option<u8>,
    /// Extended location information, as it came.
    pub extended: Option<Vec<u8>>,
}

impl LocationArea {
    /// An area of this level, cut to six bits.
    #[must_use]
    pub const fn of_level(level: u8) -> Self {
        Self { level: Some(level & 0x3f), extended: None }
    }
}

impl Contents for LocationArea {
    const ID: Id = Id::LOCATION_AREA;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (first, rest) = octets.split_first().ok_or(Invalid("no location area"))?;
        let level = (first & 0x40 != 0).then_some(first & 0x3f);
        let extended = (first & 0x80 != 0).then(|| rest.to_vec());
        match (level, &extended) {
            (None, None) => Err(Invalid("a reserved type of location information")),
            (_, Some(extended)) if extended.is_empty() => {
                Err(Invalid("the extended location information is missing"))
            }
            _ => Ok(Self { level, extended }),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let level = self.level.map_or(0, |level| 0x40 | level & 0x3f);
        out.push(level | if self.extended.is_some() { 0x80 } else { 0 });
        out.extend(self.extended.iter().flatten());
    }

    fn describe(&self) -> Value {
        json!({ "level": self.level, "extended": self.extended.as_deref().map(hex) })
    }
}

/// IDENTITY-TYPE (7.7.19): which identity is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityType {
    /// 0 portable, 1 network assigned, 4 fixed, 8 application assigned, f proprietary.
    pub group: u8,
    /// Which one of the group; for 0 and 4 as in the identity elements.
    pub kind: u8,
}

impl IdentityType {
    /// The IPUI.
    pub const IPUI: Self = Self { group: 0, kind: IPUI };
    /// The IPEI.
    pub const IPEI: Self = Self { group: 0, kind: IPEI };
    /// The TPUI.
    pub const TPUI: Self = Self { group: 0, kind: TPUI };
    /// The PARK.
    pub const PARK: Self = Self { group: 4, kind: PARK };
}

impl Contents for IdentityType {
    const ID: Id = Id::IDENTITY_TYPE;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        match octets {
            [group, kind, ..] => Ok(Self { group: group & 0x0f, kind: kind & 0x7f }),
            _ => Err(Invalid("an identity type has two octets")),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend([EXT | self.group & 0x0f, EXT | self.kind]);
    }

    fn describe(&self) -> Value {
        const GROUPS: &[(u8, &str)] = &[
            (0, "portable identity"),
            (1, "network assigned identity"),
            (4, "fixed identity"),
            (8, "application assigned"),
            (15, "proprietary"),
        ];
        let kinds: &[(u8, &str)] = match self.group {
            0 => &[(IPUI, "IPUI"), (IPEI, "IPEI"), (TPUI, "TPUI")],
            4 => &[(ARI, "ARI"), (ARI_RPN, "ARI and RPN"), (PARK, "PARK")],
            _ => &[],
        };
        json!({ "group": word(self.group, GROUPS), "type": word(self.kind, kinds) })
    }
}

/// Type, number of bits and value of an identity element.
fn identity(octets: &[u8]) -> Result<(u8, u8, &[u8]), Invalid> {
    let (head, value) = octets.split_at_checked(2).ok_or(Invalid("the identity is cut off"))?;
    let bits = head[1] & 0x7f;
    let value = value.get(..usize::from(bits).div_ceil(8));
    Ok((head[0] & 0x7f, bits, value.ok_or(Invalid("the identity has fewer bits than announced"))?))
}

/// Last octet of a group.
const EXT: u8 = 0x80;
const IPUI: u8 = 0x00;
const IPEI: u8 = 0x10;
const TPUI: u8 = 0x20;
const TPUI_BITS: u8 = 0x14;
const ARI: u8 = 0x00;
const ARI_RPN: u8 = 0x01;
const ARI_RPN_WRS: u8 = 0x02;
const PARK: u8 = 0x20;
