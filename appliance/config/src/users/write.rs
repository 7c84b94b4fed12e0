//! From users to `users.xml`.

use super::{Users, kept, rules};
use crate::roster::secret;
use crate::xml;

impl Users {
    /// The users file. It holds the passwords in clear.
    #[must_use]
    pub fn write(&self) -> String {
        self.write_with(|name, text| (name.to_owned(), text.to_owned()))
    }

    /// The users file with asterisks in the place of each secret, and of each text that may be one.
    ///
    /// Where it is imported again, a user of the same name keeps what is hidden.
    #[must_use]
    pub fn write_masked(&self) -> String {
        self.write_with(|name, text| match name.trim_end_matches('/') {
            plain if secret(name) && !text.is_empty() => (plain.to_owned(), rules::MASK.to_owned()),
            _ => (name.to_owned(), text.to_owned()),
        })
    }

    fn write_with(&self, shown: fn(&str, &str) -> (String, String)) -> String {
        let element = |name: &str, texts: &mut dyn Iterator<Item = (&str, &str)>| {
            let texts: Vec<_> = texts.map(|(name, text)| shown(name, text)).collect();
            kept::whole(name, texts.iter().map(|(name, text)| (name.as_str(), text.as_str())))
        };
        let rest = self.rest();
        let mut root =
            element("users", &mut rest.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let users = self.users.iter().map(|user| element("user", &mut user.texts()));
        let devices = self.devices.iter().map(|device| element("device", &mut device.texts()));
        root.children.splice(0..0, users.chain(devices));
        xml::write(&root)
    }

    /// What else there is in the file, as texts.
    pub(crate) fn rest(&self) -> Vec<(String, String)> {
        let attributes = self.attributes.iter();
        let attributes = attributes.map(|(name, text)| (format!("@{name}"), text.clone()));
        attributes.chain(self.unknown.iter().map(kept::text)).collect()
    }
}
