//! What became of the users, for roles that know them as they were.

use bus::conf1::{News, Row as Form};
use config::roster::{Change, Roster, Row};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A change as it is told.
enum Step {
    Put(Arc<Form>),
    Removed(String),
}

/// The last changes of the users, each with the generation it made.
#[derive(Default)]
pub(super) struct Changes {
    /// The generation that the users have.
    number: u64,
    /// All changes since this one are there.
    since: u64,
    kept: VecDeque<(u64, Step)>,
}

impl Changes {
    /// From now on; the users have this generation.
    pub(super) fn begin(number: u64) -> Self {
        Self { number, since: number, kept: VecDeque::new() }
    }

    /// The generation that the users have.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// The users have changed.
    pub(super) fn add(&mut self, number: u64, changes: impl IntoIterator<Item = Change>) {
        self.number = number;
        self.kept.extend(changes.into_iter().map(|change| (number, Step::from(change))));
        while self.kept.len() > KEPT_MAX {
            // All or nothing of a generation.
            let Some((oldest, _)) = self.kept.pop_front() else { return };
            self.since = self.since.max(oldest);
        }
    }

    /// What has become of users that were known as they were with the generation `since`.
    pub(super) fn news(&self, roster: &Roster, since: u64) -> News {
        let number = self.number;
        // Where everything is kept since there was nothing, the last changes are everything.
        if since < self.since || since > number || (since == 0 && self.since > 0) {
            let put = roster.rows().map(form).map(Arc::new).collect();
            return News { number, whole: true, put, removed: Vec::new() };
        }
        let later = self.kept.iter().filter(|(generation, _)| *generation > since);
        let last: BTreeMap<&str, &Step> = later.map(|(_, step)| (step.key(), step)).collect();
        let mut news = News { number, whole: since == 0, ..News::default() };
        for step in last.into_values() {
            match step {
                Step::Put(row) => news.put.push(row.clone()),
                Step::Removed(_) if news.whole => {}
                Step::Removed(key) => news.removed.push(key.clone()),
            }
        }
        news
    }
}

impl Step {
    fn key(&self) -> &str {
        match self {
            Self::Put(row) => &row.key,
            Self::Removed(key) => key,
        }
    }
}

impl From<Change> for Step {
    fn from(change: Change) -> Self {
        match change {
            Change::Added(row) | Change::Changed(row) => Self::Put(Arc::new(form(row))),
            Change::Removed(key) => Self::Removed(key),
        }
    }
}

/// A row as it travels.
pub(super) fn form(row: Row) -> Form {
    Form { key: row.key, fields: row.fields.into_piece() }
}

/// Changes that are kept for roles that ask for them; a role that is further behind is told everything.
const KEPT_MAX: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;
    use config::roster::pairs;

    fn row(key: &str, name: &str) -> Row {
        let fields = [("username", key), ("displayname", name)].into_iter().collect();
        Row { key: key.into(), fields }
    }

    #[test]
    fn one_change_among_many_users_is_one_piece_of_news() {
        let rows = (0..10_000).map(|nth| row(&nth.to_string(), "x"));
        let (mut roster, refused) = Roster::from_rows(rows);
        assert!(refused.is_empty());
        let mut changes = Changes::begin(7);
        let change = Change::Changed(row("77", "y"));
        roster.apply(&change).unwrap();
        changes.add(8, [change]);
        let news = changes.news(&roster, 7);
        assert_eq!((news.number, news.whole, news.put.len(), news.removed.len()), (8, false, 1, 0));
        assert_eq!(changes.news(&roster, 0).put.len(), 10_000);
        assert_eq!(changes.news(&roster, 8).put.len(), 0);
    }

    #[test]
    fn of_each_user_the_last_change_is_told_and_a_gap_is_never_bridged() {
        let roster = Roster::default();
        let mut changes = Changes::begin(1);
        changes.add(2, [Change::Added(row("a", "1")), Change::Added(row("b", "1"))]);
        changes.add(3, [Change::Removed("a".into()), Change::Changed(row("b", "2"))]);
        let news = changes.news(&roster, 1);
        assert_eq!(news.removed, ["a"]);
        assert!(
            news.put.len() == 1 && pairs(&news.put[0].fields).nth(1) == Some(("displayname", "2"))
        );
        for (since, whole) in [(0, true), (1, false), (3, false), (4, true)] {
            assert_eq!(changes.news(&roster, since).whole, whole, "{since}");
        }
        changes.add(4, (0..KEPT_MAX).map(|nth| Change::Removed(nth.to_string())));
        assert!(changes.news(&roster, 2).whole && !changes.news(&roster, 3).whole);
    }
}
