//! What an import does with what it finds.

use config::groups::{
    application, dect, feature_codes, fixpart, network, phonebook, security, sip, system_event,
};
use config::value::{Codec, Encryption, Ipv6Method, Transport};
use config::{Config, Export, Reject, Secrets};

const CLEAR: Export = Export { secrets: Secrets::Clear, ours: true };

fn read(inside: &str) -> Result<(Config, Vec<String>), String> {
    import(&Config::default(), inside)
}

fn import(old: &Config, inside: &str) -> Result<(Config, Vec<String>), String> {
    old.import("config.xml", &format!("<config>\n{inside}\n</config>"))
        .map(|(config, notices)| (config, notices.into_iter().map(|n| n.what).collect()))
        .map_err(|flaws| flaws.to_string())
}

fn sound(inside: &str) -> (Config, Vec<String>) {
    read(inside).unwrap_or_else(|flaws| panic!("{inside}: {flaws}"))
}

fn flaws(inside: &str) -> String {
    read(inside).err().unwrap_or_default()
}

/// Whether one of the notices is about this.
fn says(notices: &[String], what: &str) -> bool {
    notices.iter().any(|notice| notice.contains(what))
}

#[test]
fn a_wrong_value_is_named_with_file_line_column_and_what_was_expected() {
    assert_eq!(
        flaws("<sip>\n  <transport>carrier</transport>\n  <localport>0</localport>\n</sip>"),
        "config.xml, line 3, column 3: sip.transport: expected one of udp, tcp, tls; found \"carrier\"\n\
         config.xml, line 4, column 3: sip.localport: expected a whole number from 1 to 65535; found \"0\""
    );
}

#[test]
fn a_wrong_secret_is_not_shown() {
    let shown = flaws("<dect><accesscode>12ab</accesscode></dect>");
    assert!(shown.contains("at most eight digits") && !shown.contains("12ab"), "{shown}");
}

#[test]
fn a_setting_that_stands_twice_is_refused_with_both_places_where_it_is_acted_on() {
    assert_eq!(
        flaws("<sip><tos>1</tos>\n<tos>2</tos></sip>"),
        "config.xml, line 3, column 1: sip.tos is set a second time; the first is at line 2, column 6"
    );
    let (_, notices) = sound("<sip><tos>1</tos><tos>1</tos></sip>");
    assert!(says(&notices, "sip.tos stands here again with the same value"), "{notices:?}");

    let (config, notices) = sound("<upnp><name>a</name></upnp><upnp><name>b</name></upnp>");
    assert!(says(&notices, "upnp.name is set a second time; the first"), "{notices:?}");
    let written = config.export(&CLEAR);
    assert!(written.contains("<name>a</name>\n    <name>b</name>"), "{written}");
    assert!(sound(&written_inside(&written)).0 == config);
}

fn written_inside(document: &str) -> String {
    let (_, rest) = document.split_once("<config>").expect("it is one");
    rest.rsplit_once("</config>").expect("it is one").0.to_owned()
}

#[test]
fn every_other_spelling_is_taken_and_said() {
    for (inside, path, text) in [
        (
            "<sip><dtmf><rtp_payloadtype>101</rtp_payloadtype></dtmf></sip>",
            "sip.dtmf.rtp_payload_type",
            "101",
        ),
        ("<security><force_https>false</force_https></security>", "security.allow_http", "true"),
        ("<security><force_https>TRUE</force_https></security>", "security.allow_http", "false"),
        ("<sip><proxy><transport>UDPonly</transport></proxy></sip>", "sip.transport", "udp"),
        ("<sip><proxy><transport>TCPonly</transport></proxy></sip>", "sip.transport", "tcp"),
        ("<sip><proxy><transport>TLSonly</transport></proxy></sip>", "sip.transport", "tls"),
        (
            "<sip><seperate_endpoint_ports>true</seperate_endpoint_ports></sip>",
            "sip.separate_endpoint_ports",
            "true",
        ),
        (
            "<system_events><ringing_mode>0</ringing_mode></system_events>",
            "system_event.ringing_mode",
            "0",
        ),
        (
            "<system_event><acoustic_feedback_on_release>2</acoustic_feedback_on_release></system_event>",
            "system_event.acustic_feedback_on_release",
            "2",
        ),
        ("<network><telnet_port>23</telnet_port></network>", "network.telnet-port", "23"),
        ("<SIP><Transport>tcp</Transport></SIP>", "sip.transport", "tcp"),
        (
            "<handset_sharing><LineBusy>x</LineBusy></handset_sharing>",
            "Handset_sharing.linebusy",
            "x",
        ),
        ("<network><dns3>192.0.2.3</dns3></network>", "fixpart.network.dns3", "192.0.2.3"),
    ] {
        let (config, notices) = sound(inside);
        let (spec, at) = config::groups::find(path).expect("a setting");
        assert_eq!(config.text_at(spec, &at), text, "{inside}");
        assert!(says(&notices, &format!(" is taken as {path}")), "{inside}: {notices:?}");
        assert!(config.unknown().is_empty(), "{inside}");
        let again = sound(&written_inside(&config.export(&CLEAR))).0;
        assert!(again == config, "{inside}");
    }
}

#[test]
fn an_old_spelling_loses_to_the_new_one_and_stays_in_the_file() {
    let both = "<sip><proxy><transport>TCPonly</transport></proxy><transport>tls</transport></sip>";
    let (config, notices) = sound(both);
    assert_eq!(config.get(&sip::TRANSPORT), Transport::Tls);
    assert!(says(&notices, "sip.proxy.transport differs from sip.transport, which is used"));
    assert!(config.export(&CLEAR).contains("<transport>TCPonly</transport>"));

    let (config, notices) =
        sound("<security><force_https>true</force_https><allow_http>true</allow_http></security>");
    assert!(config.get(&security::ALLOW_HTTP));
    assert!(says(&notices, "security.force_https differs"), "{notices:?}");

    let (config, notices) = sound("<sip><proxy><transport>carrier</transport></proxy></sip>");
    assert_eq!(config.get(&sip::TRANSPORT), Transport::Udp);
    assert!(says(&notices, "sip.proxy.transport has a value of no meaning here; it is kept"));
    assert!(config.export(&CLEAR).contains("carrier"));
}

#[test]
fn what_a_rack_server_says_counts_and_stays_in_its_own_form() {
    let inside = "<system_event><auth_call>0x1F</auth_call><encrypt_voice_data>2</encrypt_voice_data>\
        <subscription_allowed>3</subscription_allowed><send_date_time>false</send_date_time>\
        <system_access_code>4711</system_access_code><msf_between_pp>false</msf_between_pp></system_event>";
    for inside in [inside.to_owned(), inside.replace("system_event>", "system_events>")] {
        let (config, notices) = sound(&inside);
        assert!(config.get(&dect::AUTH_CALL) && config.get(&dect::AUTO_CREATE_USERS));
        assert!(config.get(&dect::SUBSCRIPTION_ALLOWED) && !config.get(&dect::SEND_DATE_TIME));
        assert!(!config.get(&application::INTERNAL_MESSAGING));
        assert_eq!(config.get(&dect::ENCRYPT_VOICE_DATA), Encryption::Enforced);
        assert_eq!(config.get(&dect::ACCESSCODE).expose(), "4711");
        assert_eq!(config.get(&system_event::AUTH_CALL).0, 0x1f);
        assert!(says(&notices, "system_event.auth_call counts for dect.auth_call too, as true"));
        assert!(!notices.iter().any(|notice| notice.contains("4711")), "{notices:?}");
        assert!(config.export(&CLEAR).contains("<auth_call>0x1F</auth_call>"));
    }
    let (mut config, _) = sound("<system_event><auth_call>0x07</auth_call></system_event>");
    assert!(!config.get(&dect::AUTH_CALL));
    config.set(dect::AUTH_CALL.spec, "true").expect("a sound value");
    assert!(!config.is_set(system_event::AUTH_CALL.spec), "it said something else");
}

#[test]
fn what_has_another_default_on_a_rack_server_is_said() {
    let (_, notices) = sound("<system_event><ringing_mode>1</ringing_mode></system_event>");
    for path in [
        "dect.auth_call",
        "network.bootproto",
        "application.internal_messaging",
        "redundancy.failovertime",
    ] {
        assert!(says(&notices, &format!("{path} is not in the file; it is ")), "{notices:?}");
    }
    assert!(sound("<upnp><name>x</name></upnp>").1.len() == 1);
}

#[test]
fn a_rack_servers_ipv6_is_put_together() {
    let rack = |enable, kind| {
        format!(
            "<network><ipv6enable>{enable}</ipv6enable><ipv6ctype>{kind}</ipv6ctype>\
             <ipv6addr>2001:db8::7</ipv6addr><ipv6prefix>48</ipv6prefix>\
             <ipv6gateway>2001:db8::1</ipv6gateway></network>"
        )
    };
    for (enable, kind, method) in [
        ("true", "static", Ipv6Method::Static),
        ("true", "slaac", Ipv6Method::Stateless),
        ("true", "dhcp", Ipv6Method::Stateful),
        ("true", "llo", Ipv6Method::Disabled),
        ("false", "slaac", Ipv6Method::Disabled),
    ] {
        let (config, notices) = sound(&rack(enable, kind));
        assert_eq!(config.get(&network::IPV6_METHOD), method, "{kind}");
        assert_eq!(config.text(network::IPV6_IPADDR.spec, 1), "2001:db8::7/48");
        assert_eq!(config.text(network::IPV6_GATEWAY.spec, 1), "2001:db8::1");
        assert_eq!(says(&notices, "there is no method for"), kind == "llo");
    }
}

#[test]
fn the_printed_call_forward_codes_are_exchanged_and_others_are_not() {
    let file = |off: &str, on: &str| {
        format!(
            "<feature_codes><call_forward><unconditional><disable>{off}</disable>\
             <enable>{on}</enable></unconditional></call_forward></feature_codes>"
        )
    };
    let codes = |config: &Config| {
        let text = |param| config.get::<config::value::FeatureCode>(param).0;
        (text(&feature_codes::CALL_FORWARD_ENABLE), text(&feature_codes::CALL_FORWARD_DISABLE))
    };
    let (swapped, notices) = sound(&file("*21*$#", "#21#"));
    assert_eq!(codes(&swapped), ("*21*$#".into(), "#21#".into()));
    assert_eq!(notices.iter().filter(|it| it.starts_with("swapped call-forward codes")).count(), 1);
    let (again, notices) = sound(&written_inside(&swapped.export(&CLEAR)));
    assert!(again == swapped && !says(&notices, "swapped"), "once is enough");

    for (off, on) in [("#21#", "*21*$#"), ("*22*$#", "#21#"), ("*21*$#", "#22#")] {
        let (config, notices) = sound(&file(off, on));
        assert_eq!(codes(&config), (on.into(), off.into()));
        assert!(!says(&notices, "swapped"), "{notices:?}");
    }
    assert_eq!(codes(&Config::default()), ("*21*$#".into(), "#21#".into()));
    let lonely = "<feature_codes><call_forward><unconditional><enable>#21#</enable>\
                  </unconditional></call_forward></feature_codes>";
    let (_, notices) = sound(lonely);
    assert!(says(&notices, "are the same code; only one can work"), "{notices:?}");
}

#[test]
fn values_are_understood_in_other_words_and_stay_as_they_were_written() {
    let inside = "<sip><transport> TCP </transport><gruu>No</gruu><callwaiting>1</callwaiting><tos>0x60</tos>\
        <media><codecs> 1 , 2 </codecs><ptime>25</ptime><port>58001</port></media>\
        <registration_expire>30</registration_expire></sip>\
        <network><ipv6><method>Stateful</method></ipv6></network>\
        <dect><frequency>south america</frequency><encrypt_voice_data>Enforced (non GAP)</encrypt_voice_data></dect>\
        <phonebook><ldap_attributes>cn, mobile</ldap_attributes></phonebook>\
        <security><force_https>YES</force_https></security>";
    let (config, notices) = sound(inside);
    assert_eq!(config.get(&sip::TRANSPORT), Transport::Tcp);
    assert!(!config.get(&sip::GRUU) && config.get(&sip::CALLWAITING));
    assert_eq!(config.get(&sip::TOS), 0x60);
    assert_eq!(config.get(&sip::MEDIA_CODECS).0, [Codec::G711U, Codec::G711A]);
    assert_eq!(config.get(&network::IPV6_METHOD), Ipv6Method::Stateful);
    assert_eq!(config.get(&dect::ENCRYPT_VOICE_DATA), Encryption::Enforced);
    assert!(config.get(&dect::FREQUENCY).is_some());
    assert_eq!(config.get(&phonebook::LDAP_ATTRIBUTES).0, ["cn", "mobile"]);
    // What misses only our own bounds is in force as the nearest that we have.
    assert_eq!(config.get(&sip::MEDIA_PTIME).0, 20);
    assert_eq!(config.get(&sip::MEDIA_PORT).0, 58_000);
    assert_eq!(config.get(&sip::REGISTRATION_EXPIRE).0.as_secs(), 60);
    assert!(says(&notices, "\"30\" is kept and 60 is in force"), "{notices:?}");
    let written = config.export(&CLEAR);
    for text in
        [">No<", ">0x60<", ">1 , 2<", ">25<", ">30<", ">58001<", ">Stateful<", ">cn, mobile<"]
    {
        assert!(written.contains(text), "{text}: {written}");
    }
    assert!(sound(&written_inside(&written)).0 == config);
}

#[test]
fn codecs_that_only_other_servers_have_are_passed_over() {
    let (config, notices) = sound("<sip><media><codecs>4096,2,2,0,1</codecs></media></sip>");
    assert_eq!(config.get(&sip::MEDIA_CODECS).0, [Codec::G711A, Codec::G711U]);
    assert!(says(&notices, "\"4096,2,2,0,1\" is kept and 2,1 is in force"), "{notices:?}");
    assert!(
        flaws("<sip><media><codecs>0,0</codecs></media></sip>")
            .contains("sip.media.codecs: expected")
    );
}

#[test]
fn a_value_that_nothing_acts_on_never_stops_a_file() {
    let inside = "<snmp><enable>maybe</enable></snmp><bif08><shelf1><card2><port3><enable>?</enable></port3></card2></shelf1></bif08>";
    let (config, notices) = sound(inside);
    assert!(says(
        &notices,
        "snmp.enable: expected one of true, false; found \"maybe\", which is kept and not in force"
    ));
    assert!(says(&notices, "bif08.shelf1.card2.port3.enable: expected"), "{notices:?}");
    let written = config.export(&CLEAR);
    assert!(written.contains("maybe") && sound(&written_inside(&written)).0 == config);
    let (config, notices) = sound("<sip><transport/><tos></tos></sip>");
    assert_eq!(config.get(&sip::TRANSPORT), Transport::Udp);
    assert!(says(&notices, "sip.transport is empty; its default is used"), "{notices:?}");
}

#[test]
fn unknown_elements_attributes_and_repetitions_survive_with_their_structure() {
    let inside = "<network><ntp>10.0.0.1<enable>true</enable></ntp></network><sip future=\"a &lt; b\"><x>&lt;</x></sip>\
        <list a='1'><item><n>1</n></item><item><n>2</n></item><item/></list><sip><x>second</x></sip>";
    let (config, notices) = sound(inside);
    assert_eq!(config.get(&network::NTP).0, "10.0.0.1");
    assert!(config.get(&network::NTP_ENABLE));
    assert!(says(&notices, "sip.x is not known; it is kept"), "{notices:?}");
    assert!(says(&notices, "the attribute future of <sip> is kept"), "{notices:?}");
    let written = config.export(&CLEAR);
    for text in [
        "<ntp>10.0.0.1\n      <enable>true</enable>\n    </ntp>",
        "<sip future=\"a &lt; b\">",
        "<x>&lt;</x>\n    <x>second</x>",
        "<list a=\"1\">\n    <item>\n      <n>1</n>\n    </item>\n    <item>\n      <n>2</n>\n    </item>\n    <item></item>",
    ] {
        assert!(written.contains(text), "{text}\n{written}");
    }
    let (again, _) = Config::read("again", &written).expect("what we write, we read");
    assert_eq!(again.export(&CLEAR), written);
    assert_eq!(again.unknown().len(), config.unknown().len());
}

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
fn rules_between_settings_of_ours_name_the_setting_to_look_at() {
    for (inside, expected) in [
        (
            "<sip><media><port>65000</port></media></sip><fixpart><media><ports>600</ports></media></fixpart>",
            "fixpart.media.ports: expected at most 536",
        ),
        (
            "<fixpart><door><blowfish><enable>true</enable><port>16322</port></blowfish></door></fixpart>",
            "fixpart.door.blowfish.port: expected another port",
        ),
        (
            "<fixpart><mirror><unmasked_ipei>00077 0000001</unmasked_ipei></mirror></fixpart>",
            "fixpart.mirror.unmasked_ipei: expected nothing",
        ),
    ] {
        assert!(flaws(inside).contains(expected), "{}", flaws(inside));
    }
}

#[test]
fn what_was_hardly_meant_is_said_and_taken() {
    for (inside, expected) in [
        ("<sip><media><port>65000</port></media></sip>", "there are only 536 ports"),
        ("<network><bootproto>static</bootproto></network>", "static needs network.ipaddr"),
        (
            "<network><ipv6><method>Static</method></ipv6></network>",
            "Static needs network.ipv6.ipaddr",
        ),
        (
            "<sip><media><srtp><enable>false</enable><required>true</required></srtp></media></sip>",
            "SRTP is required, but",
        ),
        (
            "<sip><media><jitter_min>600</jitter_min></media></sip>",
            "is more than sip.media.jitter_max",
        ),
        ("<phonebook><source>ldap</source></phonebook>", "ldap needs phonebook.ldap_uri"),
        (
            "<provisioning><server><method>static</method></server></provisioning>",
            "static needs provisioning.server.url",
        ),
        ("<redundancy><mode>master</mode></redundancy>", "needs redundancy.peer"),
        ("<snmp><enable>true</enable></snmp>", "no community is set"),
        ("<sip><proxy><domain2>a</domain2></proxy></sip>", "but another proxy is set"),
        ("<sip><proxy><domain>a</domain></proxy></sip>", "the radio stays off until"),
        ("<security><allow_http>true</allow_http></security>", "plain HTTP shows passwords"),
    ] {
        let (_, notices) = sound(inside);
        assert!(says(&notices, expected), "{inside}: {notices:?}");
    }
}

#[test]
fn the_radio_stays_off_until_somebody_chose_a_band_and_an_identity() {
    let (config, notices) = sound("");
    assert!(config.get(&dect::FREQUENCY).is_none() && config.get(&fixpart::ARI).is_none());
    assert!(notices.is_empty(), "{notices:?}");
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let flaws = Config::read("users.xml", "<users/>").err().map(|flaws| flaws.to_string());
    let expected =
        "users.xml, line 1, column 1: <users> is the outermost element; expected <config>";
    assert_eq!(flaws.as_deref(), Some(expected));
}

#[test]
fn octets_are_read_as_the_file_says() {
    let head = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\" standalone=\"yes\"?>\r\n<config><upnp><name>";
    let octets = [head, &b"K\xf8benhavn</name></upnp></config>\r\n"[..]].concat();
    let (config, _) = Config::read_bytes("config.xml", &octets).expect("a sound file");
    assert_eq!(config.get(&config::groups::upnp::NAME).0, "K\u{f8}benhavn");
    assert!(config.export(&CLEAR).starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\""));
}
