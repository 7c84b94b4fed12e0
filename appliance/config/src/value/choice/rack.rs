//! Words that only servers 2500 and 8000 have, with cards, shelves and serial lines.

use super::{choice, means};
use crate::spec::{Reject, Spec};
use crate::value::{Kind, Value};

choice! {
    /// Where an IPv6 address comes from, in the words of 2500 and 8000.
    Ipv6Type {
        /// Typed in.
        Static = "static" | "manual",
        /// What routers announce.
        Slaac = "slaac" | "stateless",
        /// DHCPv6.
        Dhcp = "dhcp" | "dhcpv6" | "stateful" | "statefull",
        /// Of the link only.
        LinkLocal = "llo" | "link-local",
    }

    /// Flow control of a serial line.
    FlowControl {
        /// None.
        None = "None",
        /// By the lines CTS and RTS.
        CtsRts = "CTS & RTS" | "CTS and RTS" | "hardware",
        /// By characters.
        XonXoff = "XON & XOFF" | "XON and XOFF" | "software",
    }

    /// A switch in capital letters.
    OnOff {
        /// On.
        On = "ON" | "true" | "1",
        /// Off.
        Off = "OFF" | "false" | "0",
    }

    /// The messaging protocol on a serial line.
    SerialProtocol {
        /// EMD.
        Emd = "Standard EMD" | "EMD",
        /// MSF of the KWS1500.
        OldMsf = "Old KWS1500 MSF" | "KWS1500",
        /// TAP 1.8.
        Tap = "TAP 1.8" | "TAP",
    }

    /// What a handset hears when a call ends.
    Feedback {
        /// A tone.
        Acoustic = "0",
        /// A tone of three seconds.
        Seconds3 = "1",
        /// Nothing; it is released.
        Release = "2",
    }

    /// Encryption of speech in the numbers of 2500 and 8000.
    EncryptionNumber {
        /// Never.
        Off = "0" | "false" | "Disabled",
        /// Where the handset can.
        On = "1" | "true" | "Enabled",
        /// Calls that cannot be encrypted end.
        Enforced = "2" | "Enforced",
    }

    /// Whose cadence a handset rings with.
    RingingMode {
        /// The server's.
        System = "0" | "S",
        /// The PBX's.
        Exchange = "1" | "E",
    }

    /// Who may subscribe, in the numbers of 2500 and 8000.
    SubscriptionNumber {
        /// Nobody.
        No = "0" | "false",
        /// Whom a user was made for.
        Yes = "2" | "true",
        /// Everybody; a user is made.
        Wildcard = "3" | "wildcard",
    }

    /// How a call-back number is found in a pager's text.
    CallBackStart {
        /// At a position.
        Position = "Position",
        /// Behind a letter.
        StartLetter = "Start letter",
        /// At the first digit.
        FirstCipher = "First cipher" | "First digit",
    }

    /// The end of a line.
    LineEnd {
        /// Any.
        Auto = "0" | "auto",
        /// CR.
        Cr = "1" | "CR",
        /// LF.
        Lf = "2" | "LF",
        /// CR and LF.
        CrLf = "3" | "CR/LF",
        /// LF and CR.
        LfCr = "4" | "LF/CR",
    }

    /// Where events of TAP go.
    TapLog {
        /// Nowhere.
        Nowhere = "0" | "none",
        /// To the trace.
        Trace = "1",
        /// To a serial printer.
        Printer = "2",
        /// To both.
        Both = "3" | "both",
    }

    /// The pattern of an alert.
    AlertPattern {
        /// None.
        NotPresent = "0" | "none",
        /// Continuous.
        Continuous = "1",
        /// As an internal call.
        InternalRing = "2",
        /// As an external call.
        ExternalRing = "3",
        /// For the time of the alert.
        Alarm = "4",
    }

    /// The form of a message.
    SmsForm {
        /// A message.
        Msf = "0" | "MSF",
        /// A task (MSF III).
        DectSms = "1" | "DECT SMS",
    }

    /// How much is traced.
    TraceLevel {
        /// Nothing.
        Off = "0" | "off",
        /// Subscriptions.
        Subscriptions = "1",
        /// Exceptions, start and users too.
        Exceptions = "2",
        /// Calls too.
        Calls = "3",
        /// SIP too.
        Sip = "4",
        /// Everything.
        All = "5" | "all",
    }
}
