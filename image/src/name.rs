//! Names of files that need no quoting anywhere: in a VMDK, a manifest, XML and an archive.

/// Whether a name is one of them: 1 to 64 letters, digits, `.`, `_`, `-`, and no dot at its beginning.
#[must_use]
pub fn is_fit(name: &str) -> bool {
    let fit = |octet: u8| octet.is_ascii_alphanumeric() || b"._-".contains(&octet);
    (1..=NAME_MAX).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(fit)
}

/// Far below the 100 octets of a name in an archive.
const NAME_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_need_quotes_are_not_fit() {
        for fit in ["a", "fixpart-0.1.0-x86_64.vmdk", &"a".repeat(64)] {
            assert!(is_fit(fit), "{fit}");
        }
        for unfit in ["", ".a", "..", "a/b", "a b", "a\"", "a\n", "ä", "a(b)", &"a".repeat(65)] {
            assert!(!is_fit(unfit), "{unfit}");
        }
    }
}
