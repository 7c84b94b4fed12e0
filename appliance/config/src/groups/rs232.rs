//! `<RS232>`: serial lines of a 2500 or 8000.

use crate::spec::group;
use crate::value::{FlowControl, OnOff, SerialLine, SerialProtocol};

group! { "RS232."
    /// How the line is set: baud rate, data bits, stop bits, parity.
    CONF: SerialLine = "115200,8,1,N" at "shelf[].card[].port[].conf" [.rack()]

    /// How the two ends of the line slow each other down.
    FLOW: FlowControl = "CTS & RTS" at "shelf[].card[].port[].flow" [.rack()]

    /// Whether a modem on the line is set up.
    MODEMINIT: OnOff = "ON" at "shelf[].card[].port[].modeminit" [.rack()]

    /// What is spoken on the line.
    MSGPROTOCOL: SerialProtocol = "Standard EMD" at "shelf[].card[].port[].msgprotocol" [.rack()]

    /// Whether newer reasons of release are translated to those of the KWS1500.
    USEOLDMSFRELEASECODES: bool = "true" at "shelf[].card[].port[].useoldmsfreleasecodes" [.rack()]
}
