//! What is shown: collected by the role, never asked for from here.

use std::net::IpAddr;
use supervise::control::Standing;

/// All that a screen says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Of the product.
    pub version: String,
    /// The name of the box in the network.
    pub name: String,
    /// How the box fares; `None`: the supervisor does not answer.
    pub standing: Option<Standing>,
    /// In the order of their names.
    pub interfaces: Vec<Interface>,
    /// Where the address comes from, in words.
    pub address: String,
    /// Where settings are made; `None`: this version has no such page.
    pub page: Option<Page>,
    /// What a person should see to.
    pub alerts: Vec<String>,
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// As the kernel calls it.
    pub name: String,
    /// Whether it can be used.
    pub link: Link,
    /// Its Ethernet address.
    pub mac: [u8; 6],
    /// Each with the length of its prefix.
    pub addresses: Vec<(IpAddr, u8)>,
}

/// Whether an interface can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It is on, and somebody is at the other end.
    Up,
    /// It is on, and nobody is.
    NoCarrier,
    /// It is off.
    Down,
}

/// The page where settings are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its address.
    pub url: String,
    /// Of the certificate that it shows; `None`: it has none yet.
    pub fingerprint: Option<String>,
}
