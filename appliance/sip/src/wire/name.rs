//! Names of header fields: one table with the long and the compact form (IANA registry).

/// How the values of a header field are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// At most one field with one value.
    Single,
    /// Fields may be repeated, values stand between commas.
    List,
    /// Fields may be repeated, commas belong to the value (challenges, credentials, free text, unknown fields).
    Repeated,
}

macro_rules! names {
    (@compact) => { None };
    (@compact $letter:literal) => { Some($letter) };
    ($($name:ident = $long:literal $(/ $compact:literal)? $form:ident;)+) => {
        /// The name of a header field. Names are not case sensitive.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each is the header field of its name")]
        pub enum Name {
            $($name,)+
            /// A field that this table does not have; its name is on the line.
            Other,
        }

        const TABLE: &[Row] = &[$(
            Row {
                name: Name::$name,
                long: $long,
                compact: names!(@compact $($compact)?),
                form: Form::$form,
            },
        )+];
    };
}

struct Row {
    name: Name,
    long: &'static str,
    compact: Option<u8>,
    form: Form,
}

names! {
    // In the order of their frequency, which is the order in which they are looked up.
    Via = "Via" / b'v' List;
    To = "To" / b't' Single;
    From = "From" / b'f' Single;
    CallId = "Call-ID" / b'i' Single;
    CSeq = "CSeq" Single;
    Contact = "Contact" / b'm' List;
    MaxForwards = "Max-Forwards" Single;
    ContentLength = "Content-Length" / b'l' Single;
    ContentType = "Content-Type" / b'c' Single;
    UserAgent = "User-Agent" Single;
    Server = "Server" Single;
    Allow = "Allow" List;
    Supported = "Supported" / b'k' List;
    Expires = "Expires" Single;
    Route = "Route" List;
    RecordRoute = "Record-Route" List;
    Authorization = "Authorization" Repeated;
    ProxyAuthorization = "Proxy-Authorization" Repeated;
    WwwAuthenticate = "WWW-Authenticate" Repeated;
    ProxyAuthenticate = "Proxy-Authenticate" Repeated;
    AuthenticationInfo = "Authentication-Info" Repeated;
    Require = "Require" List;
    ProxyRequire = "Proxy-Require" List;
    Unsupported = "Unsupported" List;
    PAssertedIdentity = "P-Asserted-Identity" List;
    PPreferredIdentity = "P-Preferred-Identity" List;
    RemotePartyId = "Remote-Party-ID" List;
    Privacy = "Privacy" Single;
    Diversion = "Diversion" List;
    HistoryInfo = "History-Info" List;
    SessionExpires = "Session-Expires" / b'x' Single;
    MinSe = "Min-SE" Single;
    MinExpires = "Min-Expires" Single;
    RetryAfter = "Retry-After" Single;
    Event = "Event" / b'o' Single;
    AllowEvents = "Allow-Events" / b'u' List;
    SubscriptionState = "Subscription-State" Single;
    Reason = "Reason" List;
    ReferTo = "Refer-To" / b'r' Single;
    ReferredBy = "Referred-By" / b'b' Single;
    Replaces = "Replaces" Single;
    RSeq = "RSeq" Single;
    RAck = "RAck" Single;
    Path = "Path" List;
    ServiceRoute = "Service-Route" List;
    FlowTimer = "Flow-Timer" Single;
    Accept = "Accept" List;
    AcceptEncoding = "Accept-Encoding" List;
    AcceptLanguage = "Accept-Language" List;
    AlertInfo = "Alert-Info" List;
    CallInfo = "Call-Info" List;
    ErrorInfo = "Error-Info" List;
    ContentDisposition = "Content-Disposition" Single;
    ContentEncoding = "Content-Encoding" / b'e' List;
    ContentLanguage = "Content-Language" List;
    MimeVersion = "MIME-Version" Single;
    Date = "Date" Single;
    Timestamp = "Timestamp" Single;
    Subject = "Subject" / b's' Single;
    Organization = "Organization" Single;
    Priority = "Priority" Single;
    InReplyTo = "In-Reply-To" List;
    ReplyTo = "Reply-To" Single;
    Warning = "Warning" List;
    SipEtag = "SIP-ETag" Single;
    SipIfMatch = "SIP-If-Match" Single;
    AcceptContact = "Accept-Contact" / b'a' List;
    RejectContact = "Reject-Contact" / b'j' List;
    RequestDisposition = "Request-Disposition" / b'd' List;
    Identity = "Identity" / b'y' Repeated;
    PCalledPartyId = "P-Called-Party-ID" List;
    PAssociatedUri = "P-Associated-URI" List;
}

impl Name {
    /// The name of these octets, in its long or compact form and any case.
    #[must_use]
    pub fn new(octets: &[u8]) -> Self {
        if let [letter] = octets {
            let letter = letter.to_ascii_lowercase();
            let row = TABLE.iter().find(|row| row.compact == Some(letter));
            return row.map_or(Self::Other, |row| row.name);
        }
        let row = TABLE.iter().find(|row| row.long.as_bytes().eq_ignore_ascii_case(octets));
        row.map_or(Self::Other, |row| row.name)
    }

    /// The long form; empty for [`Name::Other`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().map_or("", |row| row.long)
    }

    /// How its values are arranged.
    #[must_use]
    pub fn form(self) -> Form {
        self.row().map_or(Form::Repeated, |row| row.form)
    }

    fn row(self) -> Option<&'static Row> {
        // The enumeration and the table come from the same list, so the position is the same.
        TABLE.get(self as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_is_found_in_any_case_and_in_its_compact_form() {
        for row in TABLE {
            assert_eq!(Name::new(row.long.to_ascii_uppercase().as_bytes()), row.name);
            assert_eq!(row.name.as_str(), row.long);
            assert_eq!(row.name.form(), row.form);
            if let Some(letter) = row.compact {
                assert_eq!(Name::new(&[letter.to_ascii_uppercase()]), row.name);
            }
        }
        assert_eq!(Name::new(b"X-Whatever"), Name::Other);
        assert_eq!(Name::new(b"z"), Name::Other);
    }

    #[test]
    fn no_compact_form_stands_for_two_names() {
        let letters: Vec<_> = TABLE.iter().filter_map(|row| row.compact).collect();
        assert_eq!(letters.iter().collect::<BTreeSet<_>>().len(), letters.len());
    }
}
