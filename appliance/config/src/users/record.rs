//! A user and a handset: their fields as they were written, and read as what they are.

use super::fields::{self, Field, FieldSpec, IPEI, LOCALNO, Part, USERNAME};
use super::rules;
use crate::roster::Row;
use crate::spec::Reject;
use ident::Ipei;
use zeroize::Zeroizing;

/// A person's account with the handset that belongs to it: what a `<user>` of the file says.
///
/// A field has a text only where it was given one, and that text is kept as it was written: `TRUE`
/// stays `TRUE` and is read as true. It has neither `Debug` nor `Display`, since it holds passwords.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct User(Record);

/// A handset.
///
/// It has neither `Debug` nor `Display`, since it holds an access code.
#[derive(Clone, PartialEq, Eq)]
pub struct Device {
    ipei: Ipei,
    record: Record,
}

/// A field does not take a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadField {
    /// There is no field of this name.
    #[error("there is no field {0:?}")]
    Unknown(String),
    /// The text breaks the field's rule.
    #[error("{0}: expected {1}")]
    Rejected(&'static str, Reject),
    /// A text that no file can hold, of something that is only kept.
    #[error("{0}: expected characters that a file can hold")]
    Unwritable(String),
    /// Neither user name nor local number.
    #[error("username: expected one, or a localno")]
    Nameless,
    /// The row is another user's.
    #[error("the row's key is not the user's name, which is {0:?}")]
    Key(String),
    /// A handset without an IPEI, or with one that no handset has.
    #[error("ipei: expected one that a handset can have")]
    NoHandset,
}

/// Texts of fields: of the known ones by their place in the table, so that they are written in its order.
#[derive(Clone, Default, PartialEq, Eq)]
struct Record {
    /// By the place, rising: a user has a dozen, and ten thousand users come at once.
    set: Vec<(usize, Text)>,
    /// What is no field, in the order of the file.
    kept: Vec<(String, Text)>,
}

type Text = Zeroizing<String>;

impl User {
    /// The name that the user goes by everywhere: the user name, or the local number where there is none.
    #[must_use]
    pub fn key(&self) -> &str {
        match self.0.text(USERNAME.spec) {
            "" => self.0.text(LOCALNO.spec),
            name => name,
        }
    }

    /// The value of a field.
    ///
    /// # Panics
    /// Never: texts are checked when they are set, and a test checks the empty one.
    #[must_use]
    pub fn get<T>(&self, field: &Field<T>) -> T {
        (field.read)(self.0.text(field.spec)).expect("checked when it was set")
    }

    /// The text of a field as it was written; empty where it has none.
    #[must_use]
    pub fn text(&self, field: &FieldSpec) -> &str {
        self.0.text(field)
    }

    /// Sets a field by its name, or takes it away with an empty text.
    ///
    /// # Errors
    /// Leaves the user as it was and says what is wrong.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), BadField> {
        let mut changed = self.clone();
        if text.is_empty() {
            let spec = fields::find(name).ok_or_else(|| BadField::Unknown(name.to_owned()))?;
            changed.0.remove(spec.place);
        } else {
            changed.0.set(name, text)?;
        }
        if changed.key().is_empty() && !self.key().is_empty() {
            return Err(BadField::Nameless);
        }
        *self = changed;
        Ok(())
    }

    /// Every text that was given: the known fields in the order of the table, then the others.
    ///
    /// The name of a field that is not known ends in a slash where the text is the whole element as XML,
    /// because there is more in it than text.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.texts()
    }

    /// The form in which a user goes over the bus and into the database.
    #[must_use]
    pub fn row(&self) -> Row {
        Row { key: self.key().to_owned(), fields: self.0.texts().collect() }
    }

    /// The row of this user with the handset of another data set.
    pub(crate) fn row_with(&self, device: Option<&Device>) -> Row {
        let of_device = device.map(|device| &*device.record.set).unwrap_or_default();
        let mut known: Vec<_> = self.0.set.iter().chain(of_device).collect();
        known.sort_unstable_by_key(|(place, _)| *place);
        let known = known.into_iter().filter_map(|(place, text)| {
            fields::ALL.get(*place).map(|spec| (spec.name, text.as_str()))
        });
        Row { key: self.key().to_owned(), fields: known.chain(self.0.others()).collect() }
    }

    /// The user of a row.
    ///
    /// # Errors
    /// The first field that this version does not take.
    pub fn from_row(row: &Row) -> Result<Self, BadField> {
        Self::from_fields(&row.key, row.fields.iter())
    }

    /// The user whose row has this key and these fields.
    ///
    /// # Errors
    /// The first field that this version does not take.
    pub fn from_fields<'a>(
        row: &str,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, BadField> {
        let user = Self(Record::from_texts(fields)?);
        match user.key() {
            "" => Err(BadField::Nameless),
            key if key != row => Err(BadField::Key(key.to_owned())),
            _ => Ok(user),
        }
    }

    /// Gives a known field a text, an empty one too.
    pub(super) fn put(&mut self, spec: &'static FieldSpec, text: &str) -> Result<(), BadField> {
        self.0.put(spec, text)
    }

    /// Keeps what is no field.
    pub(super) fn keep(&mut self, name: String, text: String) {
        self.0.kept.push((name, text.into()));
    }

    /// Puts back what a file has hidden, as it was with the old user.
    pub(crate) fn restore(&mut self, name: &str, old: &Self) {
        let text = old.texts().find(|(own, _)| own.trim_end_matches('/') == name);
        let Some((own, text)) = text.map(|(own, text)| (own.to_owned(), text.to_owned())) else {
            return;
        };
        // Known fields were checked when the old user took them; of the others the asterisks are there.
        if self.0.set(name, &text).is_err()
            && let Some(hidden) = self.0.kept.iter_mut().find(|(kept, _)| kept == name)
        {
            *hidden = (own, text.into());
        }
    }

    /// Takes the handset out of the account; none where it has no IPEI.
    pub(crate) fn split(mut self) -> (Self, Option<Device>) {
        let Some(ipei) = self.get(&IPEI) else { return (self, None) };
        let of_device = |(place, _): &mut (usize, Text)| {
            fields::ALL.get(*place).is_some_and(|spec| spec.part == Part::Device)
        };
        let device = self.0.set.extract_if(.., of_device).collect();
        (self, Some(Device { ipei, record: Record { set: device, kept: Vec::new() } }))
    }

    /// Puts the handset back.
    pub(crate) fn join(mut self, device: &Device) -> Self {
        for (index, text) in &device.record.set {
            self.0.insert(*index, text.clone());
        }
        self
    }
}

impl Device {
    /// Its identity.
    #[must_use]
    pub fn ipei(&self) -> Ipei {
        self.ipei
    }

    /// The value of one of a handset's fields.
    ///
    /// # Panics
    /// Never: texts are checked when they are set, and a test checks the empty one.
    #[must_use]
    pub fn get<T>(&self, field: &Field<T>) -> T {
        (field.read)(self.record.text(field.spec)).expect("checked when it was set")
    }

    /// Every text that was given, as [`User::texts`].
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.record.texts()
    }

    /// The form in which a handset that belongs to nobody goes over the bus and into the database.
    ///
    /// Its key has a blank in it, which no user name has.
    #[must_use]
    pub fn row(&self) -> Row {
        Row { key: self.key(), fields: self.record.texts().collect() }
    }

    /// The key of that row.
    pub(crate) fn key(&self) -> String {
        format!("{:05} {:07}", self.ipei.emc(), self.ipei.psn())
    }

    /// The handset of a row.
    ///
    /// # Errors
    /// The first field that this version does not take, or that is not a handset's.
    pub fn from_row(row: &Row) -> Result<Self, BadField> {
        let device = Self::from_texts(row.fields.iter())?;
        let key = device.key();
        if key == row.key { Ok(device) } else { Err(BadField::Key(key)) }
    }

    /// The handset that these texts describe.
    pub(super) fn from_texts<'a>(
        texts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, BadField> {
        let record = Record::from_texts(texts)?;
        let parts = record.set.iter().filter_map(|(index, _)| fields::ALL.get(*index));
        if let Some(foreign) = parts.into_iter().find(|spec| spec.part != Part::Device) {
            return Err(BadField::Unknown(foreign.name.to_owned()));
        }
        let ipei = (IPEI.read)(record.text(IPEI.spec)).ok().flatten();
        Ok(Self { ipei: ipei.ok_or(BadField::NoHandset)?, record })
    }
}

impl Record {
    fn text(&self, field: &FieldSpec) -> &str {
        let at = self.at(field.place).ok().and_then(|at| self.set.get(at));
        at.map_or("", |(_, text)| text.as_str())
    }

    /// Where the field of this place stands, or would.
    fn at(&self, index: usize) -> Result<usize, usize> {
        self.set.binary_search_by_key(&index, |(index, _)| *index)
    }

    fn insert(&mut self, index: usize, text: Text) {
        match self.at(index) {
            Ok(at) => self.set[at].1 = text,
            Err(at) => {
                if self.set.is_empty() {
                    self.set.reserve(FIELDS_USUAL);
                }
                self.set.insert(at, (index, text));
            }
        }
    }

    fn remove(&mut self, index: usize) {
        if let Ok(at) = self.at(index) {
            self.set.remove(at);
        }
    }

    fn set(&mut self, name: &str, text: &str) -> Result<(), BadField> {
        let spec = fields::find(name).ok_or_else(|| BadField::Unknown(name.to_owned()))?;
        self.put(spec, text)
    }

    fn put(&mut self, spec: &'static FieldSpec, text: &str) -> Result<(), BadField> {
        let check = if rules::is_writable(text) { (spec.check)(text) } else { Err(UNWRITABLE) };
        check.map_err(|reject| BadField::Rejected(spec.name, reject))?;
        self.insert(spec.place, Text::new(text.to_owned()));
        Ok(())
    }

    fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        let known = self.set.iter().filter_map(|(index, text)| {
            fields::ALL.get(*index).map(|spec| (spec.name, text.as_str()))
        });
        known.chain(self.others())
    }

    /// What is no field.
    fn others(&self) -> impl Iterator<Item = (&str, &str)> {
        self.kept.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    fn from_texts<'a>(
        texts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, BadField> {
        let mut record = Self { set: Vec::with_capacity(FIELDS_USUAL), kept: Vec::new() };
        for (name, text) in texts {
            if let Some(spec) = fields::find(name) {
                record.put(spec, text)?;
            } else if !rules::is_name(name) {
                return Err(BadField::Unknown(name.to_owned()));
            } else if !rules::is_writable(text) {
                return Err(BadField::Unwritable(name.to_owned()));
            } else {
                record.kept.push((name.to_owned(), Text::new(text.to_owned())));
            }
        }
        Ok(record)
    }
}

/// Fields that most users have.
const FIELDS_USUAL: usize = 12;

/// What is said of a text that no file can hold.
const UNWRITABLE: Reject = Reject::Not("characters that a file can hold");
