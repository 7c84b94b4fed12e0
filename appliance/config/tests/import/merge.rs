//! What of the settings in force outlives an import, and how settings are kept and compared.

use crate::{CLEAR, import, says, sound};
use config::groups::{application, fixpart, security, sip};
use config::value::Transport;
use config::{Config, Export, Reject, Secrets};

#[test]
fn a_password_that_everybody_knows_is_none_and_the_rest_of_the_file_counts() {
    let inside = "<application><password>f621c2268a8df24955ef4052bfbb80cf</password></application>\
        <security><password>admin</password></security><sip><transport>tcp</transport></sip>";
    let (config, notices) = sound(inside);
    assert_eq!(config.get(&sip::TRANSPORT), Transport::Tcp);
    assert!(
        config.get(&security::PASSWORD).is_empty() && config.get(&application::PASSWORD).is_empty()
    );
    assert!(says(
        &notices,
        "security.password: expected a password that is not printed in the guides"
    ));
    let mut config = Config::default();
    for (spec, text) in [(security::PASSWORD.spec, "admin"), (application::PASSWORD.spec, "ip6500")]
    {
        assert_eq!(config.set(spec, text), Err(Reject::Published));
    }
}

#[test]
fn an_import_never_opens_the_door() {
    let mut old = Config::default();
    old.set(security::PASSWORD.spec, "correct horse").expect("a sound value");
    for (inside, why) in [
        ("", "the file has none that can be used"),
        ("<security><password>admin</password></security>", "the file has none that can be used"),
        (
            "<security><password>XXXXXXXXXXXXXXXXXXXXXXXX</password></security>",
            "the file has none that can be used",
        ),
        ("<security><password/></security>", "the file has none that can be used"),
        (
            "<security><password>0123456789abcdef0123456789abcdef</password></security>",
            "in an encrypted form of another server",
        ),
    ] {
        let (new, notices) = import(&old, inside).expect("a sound file");
        assert_eq!(new.get(&security::PASSWORD).expose(), "correct horse", "{inside}");
        assert!(says(&notices, why), "{inside}: {notices:?}");
    }
    let (new, _) =
        import(&old, "<security><password>new one</password></security>").expect("sound");
    assert_eq!(new.get(&security::PASSWORD).expose(), "new one");
    let (new, notices) =
        sound("<security><password>0123456789abcdef0123456789abcdef</password></security>");
    assert!(new.get(&security::PASSWORD).is_foreign());
    assert!(says(&notices, "nobody can sign in with it"), "{notices:?}");
}

#[test]
fn a_file_without_passwords_takes_none_away_only_where_it_was_written_so() {
    let (old, _) = sound(
        "<sip><auth><password>1234</password></auth></sip><fixpart><ring_timeout>60</ring_timeout></fixpart>",
    );
    let (new, _) = import(&old, "<sip><tos>0</tos></sip>").expect("sound");
    assert!(new.get(&sip::AUTH_PASSWORD).is_empty(), "an import replaces");
    let masked = "<sip><auth><password>********</password></auth></sip>";
    let unexportable = "<security><passwords_unexportable>true</passwords_unexportable></security>";
    for inside in [masked, unexportable] {
        let (new, notices) = import(&old, inside).expect("sound");
        assert_eq!(new.get(&sip::AUTH_PASSWORD).expose(), "1234", "{inside}");
        assert!(says(&notices, "sip.auth.password stays as it was"), "{notices:?}");
    }
}

#[test]
fn without_our_element_what_is_ours_stays_and_with_it_it_is_replaced() {
    let (old, _) = sound(
        "<fixpart><ring_timeout>60</ring_timeout><novel>x</novel></fixpart><upnp><name>a</name></upnp>",
    );
    let (new, _) = import(&old, "<upnp><broadcast>true</broadcast></upnp>").expect("sound");
    assert_eq!(new.get(&fixpart::RING_TIMEOUT).0.as_secs(), 60);
    assert!(new.export(&CLEAR).contains("<novel>x</novel>") && !new.export(&CLEAR).contains(">a<"));
    let (new, _) = import(&old, "<fixpart/>").expect("sound");
    assert_eq!(new.get(&fixpart::RING_TIMEOUT).0.as_secs(), 180);
    let theirs = old.export(&Export { ours: false, ..CLEAR });
    assert!(!theirs.contains("fixpart") && !theirs.contains("novel") && theirs.contains(">a<"));
}

#[test]
fn one_way_switches_go_one_way() {
    let on = "<security><passwords_unexportable>true</passwords_unexportable><strict_password>TRUE</strict_password>\
              <password_lifetime>90</password_lifetime></security>";
    let (mut old, _) = sound(on);
    let (new, notices) = import(&old, "").expect("sound");
    for (spec, text) in [
        (security::PASSWORDS_UNEXPORTABLE.spec, "true"),
        (security::STRICT_PASSWORD.spec, "TRUE"),
        (security::PASSWORD_LIFETIME.spec, "90"),
    ] {
        assert_eq!(new.text(spec, 1), text);
        assert!(says(&notices, &format!("{} stays {text}", spec.path)), "{notices:?}");
        let back = if text == "90" { "0" } else { "false" };
        assert_eq!(old.set(spec, back), Err(Reject::OneWay), "{}", spec.path);
        assert_eq!(old.unset(spec, 1), Err(Reject::OneWay), "{}", spec.path);
    }
    assert_eq!(old.set(security::PASSWORD_LIFETIME.spec, "30"), Ok(()), "shorter is tighter");
    assert_eq!(old.set(security::PASSWORD_LIFETIME.spec, "90"), Err(Reject::OneWay));
}

#[test]
fn passwords_that_may_not_leave_are_in_no_export() {
    let inside = "<sip><auth><password>p1</password></auth></sip><vendor><api_token>p2</api_token></vendor>\
        <snmp><community>p3</community></snmp>";
    let (config, _) = sound(inside);
    let without = config.export(&Export { secrets: Secrets::LeftOut, ours: true });
    let (closed, _) = sound(&format!(
        "{inside}<security><passwords_unexportable>true</passwords_unexportable></security>"
    ));
    for text in [without, closed.export(&CLEAR)] {
        assert!(!["p1", "p2", "p3"].iter().any(|secret| text.contains(secret)), "{text}");
    }
    assert!(closed.write().contains("p1"), "the server's own copy has them");
}

#[test]
fn rows_of_another_version_are_taken_as_far_as_they_go() {
    let (config, _) = sound(
        "<sip><tos>7</tos><auth><password>1234</password></auth></sip><vendor><pin>9</pin></vendor>",
    );
    let mut entries = config.entries();
    let shown: Vec<_> = entries.iter().map(|it| (it.path.as_str(), it.known, it.secret)).collect();
    assert_eq!(
        shown,
        [("sip/tos", true, false), ("sip/auth/password", true, true), ("vendor/pin", false, true)]
    );
    // Another version had other limits, and knew another setting.
    entries[0].text = "999".to_owned();
    entries[2].path = "sip/maxforwards".to_owned();
    let (read, notices) = Config::from_entries(entries.clone());
    assert_eq!((read.get(&sip::TOS), read.get(&sip::MAXFORWARDS)), (96, 9));
    let said: Vec<_> = notices.iter().map(|notice| notice.what.as_str()).collect();
    assert_eq!(
        said,
        ["sip.tos: expected a whole number from 0 to 255; what is kept is not in force"]
    );
    let again: Vec<_> = read.entries().into_iter().map(|it| (it.path, it.text)).collect();
    assert!(again.contains(&("sip/tos".to_owned(), "999".to_owned())), "nothing is lost");
}

#[test]
fn a_difference_has_names_and_no_secrets() {
    let (old, _) = sound(
        "<sip><tos>7</tos><auth><password>1234</password></auth></sip><x>1</x><license>A</license>",
    );
    let (new, _) = sound(
        "<sip><auth><password>5678</password></auth><transport>udp</transport></sip><x>2</x>",
    );
    let shown: Vec<_> = old
        .difference(&new)
        .into_iter()
        .map(|it| (it.path, it.from.unwrap_or_default(), it.to.unwrap_or_default()))
        .collect();
    let line = |path: &str, from: &str, to: &str| (path.to_owned(), from.to_owned(), to.to_owned());
    assert_eq!(
        shown,
        [
            line("license", "A", ""),
            line("sip.tos", "7", ""),
            line("sip.auth.password", "(secret)", "(secret)"),
            line("x", "1", "2"),
        ]
    );
    assert!(old.difference(&old).is_empty());
}
