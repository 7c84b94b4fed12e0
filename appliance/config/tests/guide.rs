//! The files of the provisioning guide's form are read and written back.

use config::Config;
use config::groups::sip;
use config::users::Users;
use config::users::fields::DISABLED;
use config::value::{Codec, Transport};

#[test]
fn a_settings_file_of_the_guides_form_is_read_and_written_back() {
    let (config, notices) =
        Config::read("config.xml", include_str!("guide/config.xml")).expect("a sound file");

    assert_eq!(config.get(&sip::TRANSPORT), Transport::Udp);
    assert_eq!(config.get(&sip::MEDIA_CODECS).0, [Codec::G711U, Codec::G711A]);
    assert_eq!(config.get(&sip::AUTH_PASSWORD).expose(), "1234");
    assert!(config.get(&sip::POUND_DIALS_OVERLAP));
    let proxy = config.get(&sip::PROXY_DOMAIN).expect("a proxy");
    assert_eq!(proxy.host, "192.0.2.250");
    assert_eq!(config.get_nth(&sip::PROXY_DOMAIN, 2), None);

    let listed: Vec<&str> = notices.iter().map(|notice| notice.what.as_str()).collect();
    assert!(
        listed.contains(&"phonebook.source is kept, but this version does not act on it"),
        "{listed:?}"
    );
    let (again, _) = Config::read("again.xml", &config.write()).expect("what we write, we read");
    assert_eq!(again.write(), config.write());
}

#[test]
fn a_users_file_of_the_guides_form_is_read_and_written_back() {
    let (users, _) =
        Users::read("users.xml", include_str!("guide/users.xml")).expect("a sound file");

    let names: Vec<&str> = users.users.iter().map(config::users::User::key).collect();
    assert_eq!(names, ["9997", "9998", "9999"]);
    assert!(users.users[2].get(&DISABLED));
    let (again, _) = Users::read("again.xml", &users.write()).expect("what we write, we read");
    assert_eq!(again.write(), users.write());
}
