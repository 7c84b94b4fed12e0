//! From users to `users.xml`.

use super::{Users, kept};
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
}

fn element<'a>(name: &str, texts: impl Iterator<Item = (&'a str, &'a str)>) -> Element {
    let children = texts.map(|(name, text)| kept::element(name, text)).collect();
    Element { children, ..Element::new(name) }
}
