//! `<RS232>`: serial lines of a 2500 or 8000.

use crate::spec::group;
use crate::value::{FlowControl, OnOff, SerialLine, SerialProtocol};

group! { "RS232."
    /// Serial line settings.
    CONF: SerialLine = "115200,8,1,N" at "shelf[].card[].port[].conf" [.rack()]

    /// Serial flow control.
    FLOW: FlowControl = "CTS & RTS" at "shelf[].card[].port[].flow" [.rack()]

    /// Initialise a connected modem.
    MODEMINIT: OnOff = "ON" at "shelf[].card[].port[].modeminit" [.rack()]

    /// Messaging protocol on the serial port.
    MSGPROTOCOL: SerialProtocol = "Standard EMD" at "shelf[].card[].port[].msgprotocol" [.rack()]

    /// Translate newer release codes to KWS1500 ones.
    USEOLDMSFRELEASECODES: bool = "true" at "shelf[].card[].port[].useoldmsfreleasecodes" [.rack()]
}
