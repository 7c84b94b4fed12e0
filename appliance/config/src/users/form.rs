//! Which form a file of users has.

use super::csv::{Lines, Mapping};
use super::{Users, webex};
use crate::flaw::{Flaws, Notice};
use crate::model::{self, Model};
use crate::xml;

/// A form that users can come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `users.xml` of the provisioning guide.
    Xml,
    /// A table whose first line names the fields.
    Csv,
    /// Credentials of Webex Calling, as a table or as copied from the screen.
    Webex,
}

/// How a file is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// For which model.
    pub model: &'static Model,
    /// `None`: by what is in the file.
    pub form: Option<Form>,
    /// What the columns of a table are, where they have names of their own.
    pub mapping: Mapping,
}

impl Default for Source {
    fn default() -> Self {
        Self { model: model::XL, form: None, mapping: Mapping::default() }
    }
}

impl Form {
    /// The form of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "xml" => Some(Self::Xml),
            "csv" => Some(Self::Csv),
            "webex" => Some(Self::Webex),
            _ => None,
        }
    }

    /// The form that a text has.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.trim_start().starts_with('<') {
            Self::Xml
        } else if Lines::new(text).is_ok_and(webex::recognises) {
            Self::Webex
        } else {
            Self::Csv
        }
    }
}

impl Users {
    /// Reads a file of users in whatever form and encoding it has; `file` is what a flaw calls it.
    ///
    /// # Errors
    /// Everything that is wrong with the file, each with its place and what was expected.
    pub fn read_any(
        source: &Source,
        file: &str,
        octets: &[u8],
    ) -> Result<(Self, Vec<Notice>), Flaws> {
        let (text, mut noticed) = xml::decode(file, octets).map_err(|flaw| Flaws(vec![flaw]))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let (users, notices) = match source.form.unwrap_or_else(|| Form::of(text)) {
            Form::Xml => Self::read_for(source.model, file, text),
            Form::Csv => Self::read_csv(source.model, file, text, &source.mapping),
            Form::Webex => Self::read_webex(source.model, file, text),
        }?;
        noticed.extend(notices);
        Ok((users, noticed))
    }
}
