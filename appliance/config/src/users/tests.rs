//! The rules of `users.xml`.

use super::*;
use crate::model;

fn flaws(inside: &str) -> String {
    let read = Users::read("users.xml", &format!("<users>\n{inside}\n</users>"));
    read.err().map(|flaws| flaws.to_string()).unwrap_or_default()
}

fn read(inside: &str) -> (Users, Vec<String>) {
    let text = format!("<users>\n{inside}\n</users>");
    let (users, notices) = Users::read("users.xml", &text).map_err(|f| f.to_string()).unwrap();
    (users, notices.into_iter().map(|notice| notice.what).collect())
}

#[test]
fn every_rule_of_a_field_is_held_and_said() {
    for (field, expected) in [
        ("<ipei>00077 000001</ipei>", "<ipei>: expected an IPEI such as 00077 0000001"),
        ("<ipei>00077 0000001 8</ipei>", "<ipei>: expected an IPEI whose last digit fits"),
        ("<accesscode>123456789</accesscode>", "<accesscode>: expected at most eight digits"),
        ("<standbytext>a\\b</standbytext>", "<standbytext>: expected at most 255"),
        ("<domain>a_b</domain>", "<domain>: expected letters, digits"),
        ("<displayname>&lt;</displayname>", "<displayname>: expected at most 255"),
        ("<disabled>so</disabled>", "<disabled>: expected one of true, false; found \"so\""),
        ("<localno>1234567890123</localno>", "<localno>: expected a number of at most 12"),
        ("<lid>09010000</lid>", "<lid>: expected eight digits"),
        ("<lid>01010016</lid>", "<lid>: expected eight digits"),
        ("<linetype>X</linetype>", "<linetype>: expected one of D, S, A; found \"X\""),
        ("<tx_gain>13</tx_gain>", "<tx_gain>: expected a whole number from -12 to 12"),
        ("<rx_gain>-13</rx_gain>", "<rx_gain>: expected a whole number from -12 to 12"),
        ("<cucmdevicename>XEP1</cucmdevicename>", "<cucmdevicename>: expected a device name"),
        ("<secondaryusername>a b</secondaryusername>", "<secondaryusername>: expected at most 63"),
        ("<cfu>a@b</cfu>", "<cfu>: expected at most 63"),
        ("<admin>so</admin>", "<admin>: expected one of true, false"),
        ("<dect2dect>2</dect2dect>", "<dect2dect>: expected one of true, false"),
        ("<pin>12x4</pin>", "<pin>: expected at most eight digits; found a value that is not"),
        ("<link>loose</link>", "<link>: expected one of fixed, dynamic"),
        ("<authuser>a&gt;b</authuser>", "<authuser>: expected at most 63 characters without"),
    ] {
        let shown = flaws(&format!("<user><username>1</username>\n{field}</user>"));
        assert!(shown.starts_with(&format!("users.xml, line 3, column 1: {expected}")), "{shown}");
        assert!(!shown.contains('\n'), "{shown}");
    }
    assert!(flaws("<user><username>a b</username></user>").contains("found \"a b\""));
    let long = "x".repeat(36);
    let long =
        flaws(&format!("<user><username>1</username><authpassword>{long}</authpassword></user>"));
    assert!(long.contains("at most 35") && !long.contains("xxx"));
}

#[test]
fn a_user_has_a_user_name_or_a_local_number() {
    for nameless in ["<user/>", "<user><ipei/></user>", "<user><username/></user>"] {
        let expected =
            "users.xml, line 2, column 1: <user> has no <username>; expected one, or a <localno>";
        assert_eq!(flaws(nameless), expected);
    }
    let refused = flaws("<user><username>a b</username></user>");
    assert_eq!(refused.lines().count(), 1, "{refused}");
    let (users, _) = read("<user><localno>17</localno></user>");
    assert_eq!(users.users[0].key(), "17");
    assert!(!users.write().contains("username"));
}

#[test]
fn what_must_be_unique_is_refused_with_both_places() {
    let twice = "<user><username>1</username><ipei>00077 0000001</ipei></user>\n\
                 <user><username>1</username><ipei>0007700000019</ipei></user>";
    assert_eq!(
        flaws(twice),
        "users.xml, line 3, column 7: <username> 1 is taken by another user at line 2, column 7; \
         expected one that is not\n\
         users.xml, line 3, column 29: <ipei> 00077 0000001 is taken by another user at line 2, \
         column 29; expected one that is not"
    );
    for (one, two, element) in [
        ("<localno>1</localno>", "<localno>1</localno>", "localno"),
        ("<username>1</username>", "<localno>1</localno>", "localno"),
        ("<username>a</username><localno>1</localno>", "<localno>1</localno>", "localno"),
        ("<localno>1</localno>", "<username>a</username><localno>1</localno>", "localno"),
        ("<localno>1</localno>", "<username>1</username>", "username"),
        (
            "<username>1</username>",
            "<username>2</username><secondaryusername>1</secondaryusername>",
            "secondaryusername",
        ),
        (
            "<username>2</username><secondaryusername>1</secondaryusername>",
            "<username>3</username><secondaryusername>1</secondaryusername>",
            "secondaryusername",
        ),
    ] {
        let shown = flaws(&format!("<user>{one}</user>\n<user>{two}</user>"));
        let expected = format!("<{element}> 1 is taken by another user at line 2");
        assert!(shown.contains(&expected) && shown.lines().count() == 1, "{shown}");
        assert!(shown.starts_with("users.xml, line 3"), "{shown}");
    }
    let earlier = "<user><username>2</username><secondaryusername>1</secondaryusername></user>\n\
                   <user><username>1</username></user>";
    assert!(flaws(earlier).contains("line 2, column 29: <secondaryusername> 1 is taken"));
}

#[test]
fn a_user_may_bear_the_local_number_of_another() {
    let crossed = "<user><username>1</username><localno>2</localno></user>\
                   <user><username>2</username><localno>1</localno></user>";
    assert_eq!(read(crossed).0.users.len(), 2);
}

#[test]
fn a_model_takes_as_many_users_as_its_row_says() {
    let file = |count: usize| {
        let user = |n| format!("<user><username>{n}</username></user>\n");
        format!("<users>\n{}</users>", (0..count).map(user).collect::<String>())
    };
    for model in [model::M200, model::M400] {
        assert!(Users::read_for(model, "users.xml", &file(model.users_max)).is_ok());
        let refused = Users::read_for(model, "users.xml", &file(model.users_max + 2));
        let (most, name) = (model.users_max, model.name);
        let place = format!("users.xml, line {}, column 1", most + 2);
        let expected = format!("{place}: one user too many; expected at most {most} for {name}");
        assert_eq!(refused.err().map(|flaws| flaws.to_string()), Some(expected));
    }
}

#[test]
fn everything_survives_a_round_trip_as_it_was_written() {
    let inside = "<user><ipei>150930000216</ipei><accesscode>1234</accesscode>\
        <username>9999</username><domain></domain><displayname>Ole &amp; Co</displayname>\
        <disabled>FALSE</disabled><cucmdevicename>SEP1</cucmdevicename><shoe>44</shoe>\
        <lines><line>1</line><line>2</line></lines><lines><line>3</line></lines></user>\
        <groups><group>1</group></groups>\
        <device><ipei>00077 0000004</ipei></device><device>a door bell</device>";
    let (users, notices) = read(inside);
    assert_eq!(
        notices,
        [
            "<disabled> \"FALSE\" is kept as it is; it is read as false",
            "<cucmdevicename> is kept, but this version does not act on it",
            "<shoe> is kept, but it is not known",
            "<lines> is kept, but it is not known (of 2 users)",
            "<groups> is not known; it is kept",
            "<device> is not known; it is kept",
        ]
    );
    let text = users.write();
    let again = Users::read("again", &text).map(|(users, _)| users.write());
    assert_eq!(again.ok().as_deref(), Some(text.as_str()));
    let bare = |text: &str| text.replace([' ', '\n'], "");
    let expected = "<lines><line>1</line><line>2</line></lines><lines><line>3</line></lines>";
    assert!(bare(&text).contains(expected), "{text}");
    for kept in ["150930000216", "<disabled>FALSE<", "<domain></domain>", "a door bell"] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
}

#[test]
fn attributes_are_kept_where_they_stood() {
    let text = "<users version=\"7\"><user id=\"3\"><username a=\"x &amp; y\" b=\"\">1</username>\
        <shoe size=\"44\">new</shoe></user><device x=\"1\"><ipei y=\"2\">00077 0000004</ipei></device></users>";
    let (users, notices) = Users::read("users.xml", text).map_err(|f| f.to_string()).unwrap();
    let listed: Vec<&str> = notices.iter().map(|notice| notice.what.as_str()).collect();
    for expected in [
        "the attribute version is not known; it is kept",
        "the attribute id of <user> is kept, but it is not known",
        "the attribute a of <username> is kept, but it is not known",
        "<shoe> is kept, but it is not known",
    ] {
        assert!(listed.contains(&expected), "{listed:?}");
    }
    let bare = |text: &str| text.replace(['\n'], "").replace("  ", "");
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";
    assert_eq!(bare(&users.write()), format!("{head}{text}"));
    let roster = crate::roster::Roster::from_users(users.clone());
    assert!(roster.to_users() == users);
    let (again, _) = crate::roster::Roster::from_rows(roster.rows());
    assert!(again == roster);
}

#[test]
fn a_field_with_elements_in_it_is_refused() {
    let nested = flaws("<user><username><first>1</first></username></user>");
    assert!(nested.contains("<username> has elements in it; expected a text"), "{nested}");
}

#[test]
fn an_ipei_that_no_handset_has_is_kept_and_binds_nobody() {
    let inside = "<user><username>1</username><ipei>00000 0000000</ipei></user>\
                  <user><username>2</username><ipei>00000 0000000</ipei></user>\
                  <user><username>3</username><ipei>05003 1234567</ipei></user>";
    let (users, notices) = read(inside);
    assert!(users.users.iter().all(|user| user.get(&fields::IPEI).is_none()));
    assert!(users.write().contains("05003 1234567"));
    assert!(notices[0].contains("all zeros stand for no handset (of 2 users)"), "{notices:?}");
    assert!(notices[1].contains("no handset has this IPEI"), "{notices:?}");
    let roster = crate::roster::Roster::from_users(users);
    assert_eq!(roster.devices().count(), 0);
    assert!(roster.to_users().write().contains("05003 1234567"));
}

#[test]
fn an_ipei_is_read_in_each_form_that_is_printed_anywhere() {
    for text in ["15093 0000216", "150930000216", "00077 0000001 9", "0007700000019"] {
        let (users, notices) =
            read(&format!("<user><username>1</username><ipei>{text}</ipei></user>"));
        assert!(users.users[0].get(&fields::IPEI).is_some() && notices.is_empty(), "{text}");
    }
}

#[test]
fn every_field_takes_the_empty_text_and_its_default() {
    for spec in fields::ALL {
        assert_eq!((spec.check)(""), Ok(()), "{}", spec.name);
        assert_eq!((spec.check)(spec.default), Ok(()), "{}", spec.name);
        assert_eq!((spec.odd)(spec.default), None, "{}", spec.name);
        assert!(spec.help.trim().ends_with('.'), "{}", spec.name);
    }
    let none = User::default();
    assert!(!none.get(&fields::DISABLED) && none.get(&fields::TX_GAIN) == 0);
    assert_eq!(none.get(&fields::LANGUAGE), Language(None));
    assert_eq!(none.get(&fields::LINK), LinkKind::Fixed);
}

#[test]
fn values_are_read_as_what_they_are() {
    let mut user = User::default();
    for (name, text) in
        [("username", "1"), ("lid", "02080015"), ("linetype", "A"), ("rx_gain", "-3")]
    {
        user.set(name, text).unwrap();
    }
    assert_eq!(user.get(&fields::LID), Some(Lid { shelf: 2, card: 8, line: 15 }));
    assert_eq!(user.get(&fields::LINETYPE), Some(LineType::Analogue));
    assert_eq!(user.get(&fields::RX_GAIN), -3);
    assert_eq!(user.set("username", ""), Err(BadField::Nameless));
    assert_eq!(user.set("shoe", "44"), Err(BadField::Unknown("shoe".into())));
    assert!(user.set("lid", "1").is_err());
    assert_eq!(user.get(&fields::LID).map(|lid| lid.line), Some(15), "a bad value changes nothing");
    user.set("lid", "").unwrap();
    assert_eq!(user.get(&fields::LID), None);
}

#[test]
fn a_row_says_all_that_a_user_says() {
    let (users, _) = read("<user><username>1</username><shoe>44</shoe><a><b>1</b></a></user>");
    let user = &users.users[0];
    assert!(User::from_row(&user.row()).as_ref() == Ok(user));
    let mut row = user.row();
    row.key = "2".into();
    assert_eq!(User::from_row(&row).err(), Some(BadField::Key("1".into())));
}
