//! `<TAP>`: messages of pagers on a serial line of a 2500 or 8000.

use crate::spec::group;
use crate::value::{
    AlertPattern, CallBackStart, Flags, HalfSeconds, LineEnd, SmsForm, TapLog, Text,
};

group! { "TAP."
    /// How the call-back number is found in the pager text.
    CBNSTART: CallBackStart = "First cipher" at "shelf[].card[].port[].CBNStart" [.rack()]

    /// Digits put in front of the call-back number.
    CBNPREFIX: Text = "" at "shelf[].card[].port[].CBNprefix" [.rack()]

    /// What replaces the separator between two parts of the number.
    CBNSEGMENT_REPLACE_STR: Text = "s" at "shelf[].card[].port[].CBNsegmentReplaceStr" [.rack()]

    /// Separator letters to remove between two parts; a following colon goes too.
    CBNSEGMENT_STR: Text = "E" at "shelf[].card[].port[].CBNsegmentStr" [.rack()]

    /// Not used by any server.
    DNOR_NAME: Text = "D" at "shelf[].card[].port[].DNorName" [.rack().unused()]

    /// End of line.
    EOL: LineEnd = "1" at "shelf[].card[].port[].EOL" [.rack()]

    /// Look for a number in the text.
    EXTRACT_CBN: bool = "true" at "shelf[].card[].port[].ExtractCBN" [.rack()]

    /// Ignore the checksum.
    IGNORE_CHECK_SUM: u8 = "0" at "shelf[].card[].port[].IgnoreCheckSum" [.range(0, 1).rack()]

    /// Where events go.
    LOG_METHOD: TapLog = "1" at "shelf[].card[].port[].LogMethod" [.rack()]

    /// Not used by any server.
    LONG_MESSAGE: Text = "" at "shelf[].card[].port[].LongMessage" [.rack().unused()]

    /// Not used by any server.
    MAX_SESSION_PER_LOGIN: Text = "" at "shelf[].card[].port[].MaxSessionPerLogin" [.rack().unused()]

    /// Not used by any server.
    MAXTIME_PER_LOGIN: Text = "" at "shelf[].card[].port[].MaxtimePerLogin" [.rack().unused()]

    /// Not used by any server.
    N1: Text = "" at "shelf[].card[].port[].N1" [.rack().unused()]

    /// Not used by any server.
    N2: Text = "" at "shelf[].card[].port[].N2" [.rack().unused()]

    /// Not used by any server.
    N3: Text = "" at "shelf[].card[].port[].N3" [.rack().unused()]

    /// Release sequence for nurse-call lines.
    NCRELEASE_CMD: Text = "*9" at "shelf[].card[].port[].NCReleaseCmd" [.rack()]

    /// Login procedure.
    NO_LOGIN: bool = "false" at "shelf[].card[].port[].NoLogin" [.rack()]

    /// Position, or ASCII value of the start letter.
    POSITION_LETTER: u32 = "0" at "shelf[].card[].port[].PositionLetter" [.rack()]

    /// Remove the number found from the text.
    REMOVE_CBNFROM_TEXT: bool = "false" at "shelf[].card[].port[].RemoveCBNFromText" [.rack()]

    /// Send response codes.
    RESPONSE_CODES: bool = "true" at "shelf[].card[].port[].ResponseCodes" [.rack()]

    /// Alert pattern.
    SMS_ALERT_PATTERN: AlertPattern = "3" at "shelf[].card[].port[].SMS_AlertPattern" [.rack()]

    /// Alert time.
    SMS_ALERT_TMEOUT: HalfSeconds = "0" at "shelf[].card[].port[].SMS_AlertTmeout" [.rack()]

    /// Alert tone.
    SMS_ALERT_TONE: u8 = "10" at "shelf[].card[].port[].SMS_AlertTone" [.range(0, 10).rack()]

    /// Alert volume.
    SMS_ALERT_VOLUME: u8 = "3" at "shelf[].card[].port[].SMS_AlertVolume" [.range(0, 9).rack()]

    /// Display time.
    SMS_DISP_TIMEOUT: HalfSeconds = "0" at "shelf[].card[].port[].SMS_DispTimeout" [.rack()]

    /// Icon.
    SMS_ICON_NO: u8 = "0" at "shelf[].card[].port[].SMS_IconNo" [.range(0, 0xff).rack()]

    /// LED behaviour.
    SMS_LED_CTRL: Flags = "0" at "shelf[].card[].port[].SMS_LedCtrl" [.range(0, 0x3f).rack()]

    /// Colours and priority.
    SMS_PRI_COLOUR: Flags = "0" at "shelf[].card[].port[].SMS_PriColour" [.range(0, 0xff).rack()]

    /// Answers a user may give (actions 0x81-0x87).
    SMS_RESPONSE_ENABLER: Flags = "0" at "shelf[].card[].port[].SMS_ResponseEnabler" [.range(0, 0xff).rack()]

    /// Message set-up flags.
    SMS_SETUP_SPEC1: Flags = "39" at "shelf[].card[].port[].SMS_SetupSpec1" [.range(0, 0x3f).rack()]

    /// What the server does with a TAP message.
    SMS_ACTION: u32 = "0" at "shelf[].card[].port[].SMS_action" [.rack()]

    /// User name expected at login.
    SSTSTRING: Text = "PG1" at "shelf[].card[].port[].SSTstring" [.rack()]

    /// Message format; MSF III shows as a task list.
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

    /// Trailing digits in the pager id.
    TRAILING_DIGITS_LEN: u32 = "0" at "shelf[].card[].port[].TrailingDigitsLen" [.rack()]
}
