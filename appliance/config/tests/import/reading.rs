//! What is read of a file.

use crate::{CLEAR, flaws, says, sound, written_inside};
use config::Config;
use config::groups::{
    application, dect, feature_codes, fixpart, network, phonebook, security, sip, system_event,
};
use config::value::{Codec, Encryption, Ipv6Method, Transport};

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
    let inside = "<application><enable_rpc>maybe</enable_rpc></application><bif08><shelf1><card2><port3><enable>?</enable></port3></card2></shelf1></bif08>";
    let (config, notices) = sound(inside);
    assert!(says(
        &notices,
        "application.enable_rpc: expected one of true, false; \"maybe\" is kept and not in force"
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
        <sip future=\"c\"/><list a='1'><item><n>1</n></item><item><n>2</n></item><item/></list><sip><x>second</x></sip>";
    let (config, notices) = sound(inside);
    assert_eq!(config.get(&network::NTP).0, "10.0.0.1");
    assert!(config.get(&network::NTP_ENABLE));
    assert!(says(&notices, "sip.x is not known; it is kept"), "{notices:?}");
    assert!(says(&notices, "the attribute future of <sip> is kept"), "{notices:?}");
    let written = config.export(&CLEAR);
    for text in [
        "<ntp>10.0.0.1\n      <enable>true</enable>\n    </ntp>",
        "<sip future=\"a &lt; b\">",
        "<sip future=\"c\"></sip>",
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

#[test]
fn a_dot_within_a_name_is_no_nesting() {
    let (config, notices) =
        sound("<sip><auth.password>x</auth.password></sip><sip.tos>1</sip.tos>");
    assert!(config.get(&sip::AUTH_PASSWORD).is_empty() && config.get(&sip::TOS) == 96);
    assert_eq!(notices.len(), 2, "{notices:?}");
    let (kept, _) = Config::from_entries(config.entries());
    assert!(kept == config && kept.get(&sip::TOS) == 96);
    assert!(config.export(&CLEAR).contains("<auth.password>x</auth.password>"));
}

#[test]
fn a_word_that_nobody_knows_leaves_a_safe_default_in_force_and_stops_no_file() {
    let (config, notices) = sound(
        "<dect><frequency>Moon</frequency><auth_call>0x07</auth_call>\
         <subscription_allowed>3</subscription_allowed></dect>\
         <sip><dect_detach_action>sleep</dect_detach_action><defaultdomain>pbx_1.local</defaultdomain></sip>",
    );
    assert!(config.get(&dect::FREQUENCY).is_none());
    assert!(config.get(&dect::AUTH_CALL) && config.get(&dect::SUBSCRIPTION_ALLOWED));
    for what in [
        "\"Moon\" is kept and not in force",
        "\"3\" is kept and true is in force",
        "\"sleep\" is kept",
    ] {
        assert!(says(&notices, what), "{what}: {notices:?}");
    }
    assert!(
        flaws("<dect><encrypt_voice_data>perhaps</encrypt_voice_data></dect>")
            .contains("expected one of")
    );
}
