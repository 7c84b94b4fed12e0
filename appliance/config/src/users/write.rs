//! From users to `users.xml`.

use super::{Device, Users, kept, rules};
use crate::roster::secret;
use crate::xml::{self, Element};

impl Users {
    /// The users file. It holds the passwords in clear.
    #[must_use]
    pub fn write(&self) -> String {
        let mut root = Element::new("users");
        root.children.extend(self.users.iter().map(|user| element("user", user.texts())));
        root.children.extend(self.devices.iter().map(|device| element("device", device.texts())));
        root.children.extend(self.unknown.iter().cloned());
        xml::write(&root)
    }

    /// The users file with asterisks in the place of each secret, and of each text that may be one.
    ///
    /// Where it is imported again, a user of the same name keeps what is hidden.
    #[must_use]
    pub fn write_masked(&self) -> String {
        let mut root = Element::new("users");
        root.children.extend(self.users.iter().map(|user| element("user", masked(user.texts()))));
        let device = |device: &Device| element("device", masked(device.texts()));
        root.children.extend(self.devices.iter().map(device));
        let texts: Vec<_> = self.unknown.iter().map(kept::text).collect();
        let texts = texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        root.children.extend(masked(texts).map(|(name, text)| kept::element(name, text)));
        xml::write(&root)
    }
}

fn masked<'a>(
    texts: impl Iterator<Item = (&'a str, &'a str)>,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    texts.map(|(name, text)| match name.trim_end_matches('/') {
        plain if secret(name) && !text.is_empty() => (plain, rules::MASK),
        _ => (name, text),
    })
}

fn element<'a>(name: &str, texts: impl Iterator<Item = (&'a str, &'a str)>) -> Element {
    let children = texts.map(|(name, text)| kept::element(name, text)).collect();
    Element { children, ..Element::new(name) }
}
