//! `<TAP>`: messages of pagers on a serial line of a 2500 or 8000.

use crate::spec::group;
use crate::value::{
    AlertPattern, CallBackStart, Flags, HalfSeconds, LineEnd, SmsForm, TapLog, Text,
};

group! { "TAP."
    /// How a call-back number is found in a text.
    CBNSTART: CallBackStart = "First cipher" at "shelf[].card[].port[].CBNStart" [.rack()]

    /// Digits that are put before a call-back number.
    CBNPREFIX: Text = "" at "shelf[].card[].port[].CBNprefix" [.rack()]

    /// What stands in a number where its two parts met.
    CBNSEGMENT_REPLACE_STR: Text = "s" at "shelf[].card[].port[].CBNsegmentReplaceStr" [.rack()]

    /// The letter between the two parts of a number; a colon behind it goes too.
    CBNSEGMENT_STR: Text = "E" at "shelf[].card[].port[].CBNsegmentStr" [.rack()]

    /// Not used by any server.
    DNOR_NAME: Text = "D" at "shelf[].card[].port[].DNorName" [.rack().unused()]

    /// The end of a line: 0 any, 1 CR, 2 LF, 3 CR and LF, 4 LF and CR.
    EOL: LineEnd = "1" at "shelf[].card[].port[].EOL" [.rack()]

    /// Whether a number is looked for in the text.
    EXTRACT_CBN: bool = "true" at "shelf[].card[].port[].ExtractCBN" [.rack()]

    /// Whether the checksum is not looked at: 0 no, 1 yes.
    IGNORE_CHECK_SUM: u8 = "0" at "shelf[].card[].port[].IgnoreCheckSum" [.range(0, 1).rack()]

    /// Where events go: 0 nowhere, 1 to the trace, 2 to a serial printer, 3 to both.
    LOG_METHOD: TapLog = "1" at "shelf[].card[].port[].LogMethod" [.rack()]

    /// Not used by any server.
    LONG_MESSAGE: Text = "" at "shelf[].card[].port[].LongMessage" [.rack().unused()]

    /// Not used by any server.
    MAX_SESSION_PER_LOGIN: Text = "" at "shelf[].card[].port[].MaxSessionPerLogin"
        [.rack().unused()]

    /// Not used by any server.
    MAXTIME_PER_LOGIN: Text = "" at "shelf[].card[].port[].MaxtimePerLogin" [.rack().unused()]

    /// Not used by any server.
    N1: Text = "" at "shelf[].card[].port[].N1" [.rack().unused()]

    /// Not used by any server.
    N2: Text = "" at "shelf[].card[].port[].N2" [.rack().unused()]

    /// Not used by any server.
    N3: Text = "" at "shelf[].card[].port[].N3" [.rack().unused()]

    /// What ends a call to a nurse-call system.
    NCRELEASE_CMD: Text = "*9" at "shelf[].card[].port[].NCReleaseCmd" [.rack()]

    /// Whether a login is asked for, whatever the name says.
    NO_LOGIN: bool = "false" at "shelf[].card[].port[].NoLogin" [.rack()]

    /// The position of the number, or the ASCII value of the letter before it.
    POSITION_LETTER: u32 = "0" at "shelf[].card[].port[].PositionLetter" [.rack()]

    /// Whether the number is taken out of the text.
    REMOVE_CBNFROM_TEXT: bool = "false" at "shelf[].card[].port[].RemoveCBNFromText" [.rack()]

    /// Whether response codes are sent.
    RESPONSE_CODES: bool = "true" at "shelf[].card[].port[].ResponseCodes" [.rack()]

    /// How a message is announced: 0 not, 1 continuously, 2 as an internal call, 3 as an external call, 4 for the time of the alert.
    SMS_ALERT_PATTERN: AlertPattern = "3" at "shelf[].card[].port[].SMS_AlertPattern" [.rack()]

    /// How long a message is announced. The name is spelt as in the guide.
    SMS_ALERT_TMEOUT: HalfSeconds = "0" at "shelf[].card[].port[].SMS_AlertTmeout" [.rack()]

    /// The tone of a message: 0 none, 1 to 9, 10 the handset's own.
    SMS_ALERT_TONE: u8 = "10" at "shelf[].card[].port[].SMS_AlertTone" [.range(0, 10).rack()]

    /// How loud a message is announced.
    SMS_ALERT_VOLUME: u8 = "3" at "shelf[].card[].port[].SMS_AlertVolume" [.range(0, 9).rack()]

    /// How long a message is shown.
    SMS_DISP_TIMEOUT: HalfSeconds = "0" at "shelf[].card[].port[].SMS_DispTimeout" [.rack()]

    /// The icon of a message.
    SMS_ICON_NO: u8 = "0" at "shelf[].card[].port[].SMS_IconNo" [.range(0, 0xff).rack()]

    /// What the light of a handset does, as bits: 0x01 red, 0x02 green, 0x04 blue, 0x08 slow, 0x10 fast flashing.
    SMS_LED_CTRL: Flags = "0" at "shelf[].card[].port[].SMS_LedCtrl" [.range(0, 0x3f).rack()]

    /// The colours of a message, 0x00 to 0x0c, or its priority, 0x10 to 0xf0.
    SMS_PRI_COLOUR: Flags = "0" at "shelf[].card[].port[].SMS_PriColour" [.range(0, 0xff).rack()]

    /// Which answers a user may give to a message, as bits.
    SMS_RESPONSE_ENABLER: Flags = "0" at "shelf[].card[].port[].SMS_ResponseEnabler"
        [.range(0, 0xff).rack()]

    /// How a message is treated, as bits: 0x01 saved, 0x02 local volume, 0x04 vibrates, 0x08 not in a charger, 0x10 not in a call, 0x20 silent in a charger.
    SMS_SETUP_SPEC1: Flags = "39" at "shelf[].card[].port[].SMS_SetupSpec1" [.range(0, 0x3f).rack()]

    /// What the server does with a message.
    SMS_ACTION: u32 = "0" at "shelf[].card[].port[].SMS_action" [.rack()]

    /// The name that a login must have.
    SSTSTRING: Text = "PG1" at "shelf[].card[].port[].SSTstring" [.rack()]

    /// What a message becomes: 0 a message, 1 a task.
    SMS_MSF: SmsForm = "0" at "shelf[].card[].port[].SmsMsf" [.rack()]

    /// Not used by any server.
    T1: u32 = "2" at "shelf[].card[].port[].T1" [.rack().unused()]

    /// Not used by any server.
    T2: u32 = "1" at "shelf[].card[].port[].T2" [.rack().unused()]

    /// Not used by any server.
    T3: u32 = "10" at "shelf[].card[].port[].T3" [.rack().unused()]

    /// Not used by any server.
    T4: u32 = "4" at "shelf[].card[].port[].T4" [.rack().unused()]

    /// Not used by any server.
    T5: u32 = "8" at "shelf[].card[].port[].T5" [.rack().unused()]

    /// How many digits stand behind the pager's number.
    TRAILING_DIGITS_LEN: u32 = "0" at "shelf[].card[].port[].TrailingDigitsLen" [.rack()]
}
