//! What the form of a virtual appliance has asked for: the OVF environment (DMTF DSP0243 clause 9).
//!
//! It comes from whoever runs the hypervisor, as XML in a file on a disc or by a door of the hypervisor's. Read here
//! are only the names and values of its properties; what they mean is decided by whoever applies them.

pub mod disc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;

/// Why an environment is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongEnvironment {
    /// It is no XML, or has what ours never has.
    #[error("the OVF environment is no XML: {0}")]
    Xml(String),
    /// It is XML of another kind.
    #[error("the outermost element is <{0}>, not <Environment>")]
    Kind(String),
    /// It is larger than any form.
    #[error("the OVF environment is too large: {0}")]
    Large(&'static str),
    /// A property stands twice.
    #[error("the property {0} stands twice")]
    Twice(String),
}

/// The properties of this machine, by their keys.
///
/// # Errors
/// [`WrongEnvironment`]; half an environment is none.
pub fn properties(text: &str) -> Result<BTreeMap<String, String>, WrongEnvironment> {
    if text.len() > SIZE_MAX {
        return Err(WrongEnvironment::Large("more than 256 KiB"));
    }
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut reading = Reading::default();
    loop {
        match reader.read_event().map_err(|error| no_xml(&error))? {
            Event::Start(tag) => reading.begin(&tag)?,
            Event::Empty(tag) => {
                reading.begin(&tag)?;
                reading.open.pop();
            }
            Event::End(_) => drop(reading.open.pop()),
            Event::DocType(_) => return Err(no_xml(&"a document type is not accepted")),
            Event::Eof if reading.open.is_empty() && reading.elements > 0 => {
                return Ok(reading.found);
            }
            Event::Eof => return Err(no_xml(&"it ends in the middle")),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Reading {
    /// Names of the open elements, without their prefixes.
    open: Vec<String>,
    elements: usize,
    found: BTreeMap<String, String>,
}

impl Reading {
    fn begin(&mut self, tag: &BytesStart<'_>) -> Result<(), WrongEnvironment> {
        let name = local(tag.name().as_ref()).to_owned();
        self.elements += 1;
        if self.elements > ELEMENTS_MAX || self.open.len() >= DEPTH_MAX || name.len() > KEY_MAX {
            return Err(WrongEnvironment::Large("more elements, or deeper ones, than a form has"));
        }
        if self.open.is_empty() && name != "Environment" {
            return Err(WrongEnvironment::Kind(name));
        }
        // Those within an <Entity> are another machine's.
        let above: Vec<&str> = self.open.iter().map(String::as_str).collect();
        if name == "Property" && above == ["Environment", "PropertySection"] {
            self.property(tag)?;
        }
        self.open.push(name);
        Ok(())
    }

    fn property(&mut self, tag: &BytesStart<'_>) -> Result<(), WrongEnvironment> {
        let (mut key, mut value) = (None, None);
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| no_xml(&error))?;
            let place = match local(attribute.key.as_ref()) {
                "key" => &mut key,
                "value" => &mut value,
                _ => continue,
            };
            let text = attribute.normalized_value(VERSION).map_err(|error| no_xml(&error))?;
            if text.len() > VALUE_MAX {
                return Err(WrongEnvironment::Large("a value of more than 4096 octets"));
            }
            *place = Some(text.into_owned());
        }
        let (Some(key), Some(value)) = (key, value) else {
            return Err(no_xml(&"a property without key or value"));
        };
        if key.len() > KEY_MAX || self.found.len() >= PROPERTIES_MAX {
            return Err(WrongEnvironment::Large("more properties than a form has"));
        }
        match self.found.insert(key.clone(), value) {
            None => Ok(()),
            Some(_) => Err(WrongEnvironment::Twice(key)),
        }
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn no_xml(what: &impl std::fmt::Display) -> WrongEnvironment {
    WrongEnvironment::Xml(what.to_string().chars().take(SHOWN_MAX).collect())
}

const VERSION: quick_xml::XmlVersion = quick_xml::XmlVersion::Implicit1_0;
/// A form has some hundred octets; vCenter adds sections of its own.
const SIZE_MAX: usize = 256 << 10;
const ELEMENTS_MAX: usize = 4096;
const DEPTH_MAX: usize = 16;
const PROPERTIES_MAX: usize = 256;
const KEY_MAX: usize = 256;
const VALUE_MAX: usize = 4096;
/// Of a reader's complaint.
const SHOWN_MAX: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:oe="http://schemas.dmtf.org/ovf/environment/1" oe:id="">
  <PlatformSection><Kind>VMware ESXi</Kind><Version>8.0.2</Version></PlatformSection>
  <PropertySection>
    <Property oe:key="hostname" oe:value="dect-1"/>
    <Property oe:key="address" oe:value="10.0.2.30/24"></Property>
    <Property oe:key="note" oe:value="a &lt; b &amp; c"/>
  </PropertySection>
  <Entity oe:id="other"><PropertySection><Property oe:key="hostname" oe:value="not-me"/></PropertySection></Entity>
</Environment>"#;

    #[test]
    fn the_properties_of_this_machine_are_read_and_not_those_of_its_neighbours() {
        let found = properties(GOOD).unwrap();
        let found: Vec<(&str, &str)> =
            found.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let expected = [("address", "10.0.2.30/24"), ("hostname", "dect-1"), ("note", "a < b & c")];
        assert_eq!(found, expected);
    }

    #[test]
    fn half_an_environment_or_another_document_is_none() {
        for (from, to) in [
            ("<?xml version", "<!DOCTYPE x [<!ENTITY e \"x\">]><?xml version"),
            ("</Environment>", ""),
            ("</Environment>", "</Environ>"),
            ("oe:value=\"dect-1\"", ""),
            ("oe:key=\"address\"", "oe:key=\"hostname\""),
            ("a &lt; b", "&unknown;"),
        ] {
            let bad = GOOD.replacen(from, to, 1);
            assert!(bad != GOOD && properties(&bad).is_err(), "{to}");
        }
        let other = properties("<Envelope/>").unwrap_err().to_string();
        assert_eq!(other, "the outermost element is <Envelope>, not <Environment>");
        assert!(properties("").is_err() && properties("plain text").is_err());
    }

    #[test]
    fn everything_has_a_bound() {
        let inside = |inside: &str| {
            format!("<Environment><PropertySection>{inside}</PropertySection></Environment>")
        };
        let many = (0..=PROPERTIES_MAX).fold(String::new(), |text, nth| {
            text + &format!("<Property oe:key=\"k{nth}\" oe:value=\"\"/>")
        });
        let long = format!("<Property key=\"k\" value=\"{}\"/>", "x".repeat(VALUE_MAX + 1));
        let deep = "<a>".repeat(DEPTH_MAX) + &"</a>".repeat(DEPTH_MAX);
        let wide = "<a/>".repeat(ELEMENTS_MAX);
        let large = " ".repeat(SIZE_MAX);
        for text in [many, long, deep, wide, large] {
            let verdict = properties(&inside(&text));
            assert!(matches!(verdict, Err(WrongEnvironment::Large(_))), "{verdict:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_taken_or_refused(text in ".{0,400}", at in 0..GOOD.len(), octet in 0x20u8..0x7F) {
            let _ = properties(&text);
            let mut damaged = GOOD.as_bytes().to_vec();
            damaged[at] = octet;
            if let Ok(damaged) = String::from_utf8(damaged) {
                let _ = properties(&damaged);
            }
        }
    }
}
