//! The fields of a challenge or of credentials: `Digest realm="a", nonce="b", algorithm=MD5`.

/// Scheme and fields of one header field, values without their quotes but with their escapes, which take
/// part in the digest as they are (RFC 7616 clause 3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields<'a> {
    /// `Digest`, or another scheme.
    pub scheme: &'a str,
    fields: Vec<(&'a str, &'a str)>,
}

impl<'a> Fields<'a> {
    /// Reads the first challenge or the credentials of a header field; `None` where it has not that form.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        Self::all(text)?.into_iter().next()
    }

    /// Reads a header field in which several challenges may stand, as HTTP allows (RFC 7235 clause 4.1);
    /// `None` where it has not that form.
    #[must_use]
    pub fn all(text: &'a str) -> Option<Vec<Self>> {
        let (scheme, mut rest) = text.trim().split_once([' ', '\t'])?;
        let (mut done, mut open) = (Vec::new(), Self { scheme, fields: Vec::new() });
        for _ in 0..=FIELDS_MAX {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                done.push(open);
                return Some(done);
            }
            let (name, after) = rest.split_once('=')?;
            let mut name = name.trim_end();
            if let Some((scheme, first)) = name.split_once([' ', '\t']) {
                done.push(std::mem::replace(&mut open, Self { scheme, fields: Vec::new() }));
                name = first.trim_start();
            }
            let (value, after) = value(after.trim_start())?;
            open.fields.push((name, value));
            rest = after;
        }
        None
    }

    /// Whether the scheme is Digest.
    #[must_use]
    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("Digest")
    }

    /// The value of this field, of whatever case.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'a str> {
        self.fields
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }
}

fn value(text: &str) -> Option<(&str, &str)> {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return text.split_at_checked(end);
    };
    let mut escaped = false;
    let end = inner.bytes().position(|octet| {
        let closes = octet == b'"' && !escaped;
        escaped = octet == b'\\' && !escaped;
        closes
    })?;
    Some((inner.get(..end)?, inner.get(end + 1..)?))
}

/// Fields of all challenges in one header field; Digest has a dozen.
const FIELDS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_escapes_within_quotes_belong_to_the_value() {
        let text = r#"digest realm="a\"b, c",nonce=abc== , qop="auth,auth-int",stale=TRUE"#;
        let fields = Fields::parse(text).unwrap();

        assert!(fields.is_digest());
        assert_eq!(fields.find("REALM"), Some(r#"a\"b, c"#));
        assert_eq!(fields.find("nonce"), Some("abc=="));
        assert_eq!(fields.find("qop"), Some("auth,auth-int"));
        assert_eq!(fields.find("stale"), Some("TRUE"));
        assert_eq!(fields.find("opaque"), None);
    }

    #[test]
    fn challenges_side_by_side_are_told_apart() {
        let text = r#"Basic realm="x, y", Digest realm="a", nonce=n ,  Digest realm="b",nonce=m"#;
        let found = Fields::all(text).unwrap();
        let realms: Vec<_> = found.iter().map(|it| (it.scheme, it.find("realm"))).collect();
        let wanted = [("Basic", Some("x, y")), ("Digest", Some("a")), ("Digest", Some("b"))];
        assert_eq!(realms, wanted);
        assert_eq!(found[2].find("nonce"), Some("m"));
    }

    #[test]
    fn what_has_not_the_form_is_nothing() {
        for text in ["Digest", "Digest realm", "Digest realm=\"open", ""] {
            assert_eq!(Fields::parse(text), None, "{text}");
        }
        assert_eq!(Fields::parse(&format!("Digest {}", "a=b,".repeat(33))), None);
    }
}
