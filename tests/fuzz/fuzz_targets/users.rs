//! Files of users, in every form: what is read is written and read again as the same, by both data sets, as rows
//! and as a file; what is refused has a place.
#![no_main]

use config::roster::Roster;
use config::users::{Form, Source, Users};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    for form in [None, Some(Form::Xml), Some(Form::Csv), Some(Form::Webex)] {
        let source = Source { form, ..Source::default() };
        match Users::read_any(&source, "file", octets) {
            Ok((users, _)) => read(&users),
            Err(flaws) => {
                assert!(!flaws.0.is_empty());
                assert!(flaws.0.iter().all(|flaw| flaw.place.line > 0 && flaw.place.column > 0));
            }
        }
    }
});

fn read(users: &Users) {
    let text = users.write();
    let Ok((again, _)) = Users::read("again", &text) else { panic!("our own file: {text}") };
    assert_eq!(again.write(), text);
    drop(Users::read_any(&Source::default(), "masked", users.write_masked().as_bytes()));
    let roster = Roster::from_users(users.clone());
    let (same, refused) = Roster::from_rows(roster.rows());
    assert!(refused.is_empty() && same == roster);
    assert!(roster.difference(&Roster::from_users(roster.to_users())).is_empty());
    let mut grown = Roster::default();
    for change in grown.difference(&roster) {
        assert_eq!(grown.apply(&change), Ok(()));
    }
    assert!(grown == roster);
}
