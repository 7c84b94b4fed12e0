//! What the settings want, and the service on a port of its own.

use super::*;
use crate::mgmt::surroundings::Identity;
use config::Config;
use lan::snmp::{Binding, Kind, Message, Oid, Pdu, Value, Version};
use std::sync::Arc;
use tokio::time::timeout;

fn config(inside: &str) -> Config {
    Config::read("config.xml", &format!("<config>{inside}</config>")).unwrap().0
}

#[test]
fn snmp_is_off_and_has_no_community_unless_somebody_wants_it() {
    assert!(Wishes::of(&Config::default()).is_none());
    let wishes = Wishes::of(&config("<snmp><enable>true</enable></snmp>")).unwrap();
    assert!(wishes.access.community.is_none() && wishes.access.users.is_empty());
    assert!(wishes.host.is_empty() && wishes.alerts.is_empty());
}

#[test]
fn a_user_without_what_it_needs_is_left_out_and_named() {
    let wishes = Wishes::of(&config(
        "<snmp><enable>true</enable><traphost>192.0.2.9</traphost></snmp>\
         <fixpart><snmp><user>ward</user><auth_password>short</auth_password>\
         <trap><version>3</version></trap></snmp></fixpart>",
    ))
    .unwrap();
    let [user, traps] = &wishes.alerts[..] else { panic!("{:?}", wishes.alerts) };
    assert!(user.contains("fixpart.snmp.user") && user.contains("8 characters"), "{user}");
    assert!(!user.contains("short") && traps.contains("traps of version 3"), "{traps}");
    assert!(wishes.access.users.is_empty() && wishes.with.is_none());
}

#[test]
fn whoever_may_manage_the_box_may_ask_unless_snmp_has_networks_of_its_own() {
    let permitted = |inside: &str| {
        let on = format!("<snmp><enable>true</enable></snmp><fixpart>{inside}</fixpart>");
        let wishes = Wishes::of(&config(&on)).unwrap();
        ["192.0.2.1", "198.51.100.1", "::ffff:192.0.2.1", "2001:db8::1"]
            .map(|address| wishes.permits(address.parse().unwrap()))
    };
    assert_eq!(permitted(""), [true; 4]);
    let management = "<management><networks>192.0.2.0/24</networks></management>";
    assert_eq!(permitted(management), [true, false, true, false]);
    let own = format!("{management}<snmp><networks>2001:db8::/32</networks></snmp>");
    assert_eq!(permitted(&own), [false, false, false, true]);
}

#[test]
fn a_change_of_any_of_its_settings_is_a_change_and_of_another_is_none() {
    let of = |inside: &str| {
        let all = format!("<snmp><enable>true</enable></snmp>{inside}");
        Wishes::of(&config(&all)).unwrap()
    };
    for inside in [
        "<snmp><community>ward-7</community></snmp>",
        "<snmp><syslocation>cellar</syslocation></snmp>",
        "<fixpart><snmp><user>a</user></snmp></fixpart>",
        "<fixpart><snmp><trap><confirmed>true</confirmed></trap></snmp></fixpart>",
        "<fixpart><management><networks>192.0.2.0/24</networks></management></fixpart>",
        "<fixpart><ari>10009034</ari></fixpart>",
    ] {
        assert!(of(inside) != of(""), "{inside}");
    }
    assert!(of("<sip><localport>5070</localport></sip>") == of(""));
}

/// The service alone, with settings of the test's own.
struct Served {
    _folder: tempfile::TempDir,
    settings: watch::Sender<Option<Arc<Config>>>,
    shown: watch::Receiver<Shown>,
    _service: crate::mgmt::service::Service,
    port: u16,
}

impl Served {
    fn begin(inside: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // A port that was free a moment ago.
        let port = Socket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (settings, heard) = watch::channel(None);
        let around = Surroundings {
            settings: heard,
            identity: Arc::new(Identity { serial: "FP-7".into(), ..Identity::default() }),
            sockets: folder.path().to_owned(),
            supervisor: os::own_uid(),
            folder: folder.path().to_owned(),
        };
        let mut seen = None;
        let service = crate::mgmt::service::Service::begin(|show, stop| {
            seen = Some(show.subscribe());
            serve(around, show, stop)
        });
        let served =
            Self { _folder: folder, settings, shown: seen.unwrap(), _service: service, port };
        served.set(inside);
        served
    }

    fn set(&self, inside: &str) {
        let all = format!("{inside}<fixpart><snmp><port>{}</port></snmp></fixpart>", self.port);
        self.settings.send_replace(Some(Arc::new(config(&all))));
    }

    async fn shows(&mut self, words: &str) {
        let shown = self.shown.wait_for(|shown| shown.status.contains(words));
        timeout(Duration::from_mins(1), shown).await.unwrap().unwrap();
    }

    /// What is answered to a question for the serial number.
    async fn ask(&self, community: &str) -> Option<Value> {
        let name = Oid::new(&[1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 7347, 1, 1, 2, 0]);
        let pdu = Pdu::new(Kind::Get, 7, vec![Binding::new(name, Value::Null)]);
        let question = Message { version: Version::V2c, community: community.into(), pdu };
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.send_to(&question.write(), ("127.0.0.1", self.port)).await.unwrap();
        let mut buffer = vec![0; 2048];
        let answered = timeout(Duration::from_secs(1), socket.recv(&mut buffer)).await;
        let length = answered.ok()?.unwrap();
        let answer = Message::read(&buffer[..length]).ok()?;
        answer.pdu.bindings.into_iter().next().map(|it| it.value)
    }
}

#[tokio::test]
async fn the_service_comes_changes_and_goes_with_its_settings() {
    let on = |community: &str| {
        format!("<snmp><enable>true</enable><community>{community}</community></snmp>")
    };
    let mut served = Served::begin(&on("ward-7"));
    served.shows("answered at port").await;
    assert_eq!(served.ask("ward-7").await, Some(Value::text("FP-7")));
    assert_eq!(served.ask("public").await, None);
    served.set(&on("ward-8"));
    // Once it answers to the new one the old one is over.
    while served.ask("ward-8").await.is_none() {}
    assert_eq!(served.ask("ward-7").await, None);
    served.set("");
    served.shows("off").await;
    assert_eq!(served.ask("ward-8").await, None);
}

#[tokio::test]
async fn a_port_that_another_program_has_is_said() {
    let mut served = Served::begin("");
    let _taken = Socket::bind((std::net::Ipv6Addr::UNSPECIFIED, served.port))
        .or_else(|_| Socket::bind(("0.0.0.0", served.port)))
        .unwrap();
    served.set("<snmp><enable>true</enable></snmp>");
    served.shows("waits").await;
    let alerts = served.shown.borrow().alerts.clone();
    assert!(alerts[0].contains("fixpart.snmp.port"), "{alerts:?}");
}
