//! Between the words of the bus and those of the log.

use bus::log1;
use lan::log::{BadName, Draft, Filter, Level, NoLevel, Record, Timestamp, text};

/// A record as it goes over the bus.
pub(crate) fn entry(record: &Record) -> log1::Entry {
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    log1::Entry {
        number: record.number,
        time_us: record.time.as_microsecond(),
        role: record.role.to_string(),
        level: record.level.word().to_owned(),
        text: record.text.clone().into_string(),
        fields: record.fields.iter().map(pair).collect(),
    }
}

/// A record as it came over the bus; `None` where its role, its level or its time is none.
pub(crate) fn record(entry: &log1::Entry) -> Option<Record> {
    let time = Timestamp::from_microsecond(entry.time_us).ok()?;
    let mut draft = Draft::new(entry.level.parse().ok()?, &entry.text);
    draft.fields = entry.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    Some(draft.record(entry.number, time, entry.role.parse().ok()?))
}

/// A filter as it goes over the bus.
pub(crate) fn filter_out(filter: &Filter) -> log1::Filter {
    log1::Filter {
        level: filter.level.map(Level::word).unwrap_or_default().to_owned(),
        role: filter.role.as_ref().map(ToString::to_string).unwrap_or_default(),
        since_us: filter.since.map(Timestamp::as_microsecond).unwrap_or_default(),
        text: filter.text.clone().unwrap_or_default(),
        fields: filter.fields.clone(),
    }
}

/// A filter as it came over the bus; a sentence where it makes no sense.
pub(crate) fn filter(filter: log1::Filter) -> Result<Filter, String> {
    let log1::Filter { level, role, since_us, text, fields } = filter;
    let some = |word: String| Some(word).filter(|word| !word.is_empty());
    let since = (since_us != 0).then(|| Timestamp::from_microsecond(since_us)).transpose();
    if fields.len() > FIELDS_MAX {
        return Err(format!("more than {FIELDS_MAX} fields are asked for"));
    }
    Ok(Filter {
        level: some(level)
            .map(|word| word.parse())
            .transpose()
            .map_err(|error: NoLevel| error.to_string())?,
        role: some(role)
            .map(|word| word.parse())
            .transpose()
            .map_err(|error: BadName| error.to_string())?,
        since: since.map_err(|_| "the time to begin with is none".to_owned())?,
        text: some(text),
        fields,
    })
}

/// What a program that is no role has said, for a terminal.
pub(crate) fn echo(draft: &Draft) -> String {
    text::line(&draft.clone().record(0, Timestamp::now(), super::senders::OTHER.clone()))
}

/// Fields of a filter.
const FIELDS_MAX: usize = 8;
