//! Where a base station sends its own log.

use super::*;

#[test]
fn a_base_station_is_told_where_its_log_goes_at_its_login_and_when_that_changes() {
    let mut bench = Bench::new(Door::Tls(MAC));
    bench.send(&init(OLDEST_PROTOCOL));
    let syslog = |server: &str| Settings { syslog: server.parse().ok(), ..settings() };
    let login = admission(KeyPlan::None, syslog("192.0.2.2:514"));
    bench.give(Event::Admit(login));
    bench.send(&Message::EncryptionConf(Vec::new()));
    let told = |bench: &Bench| -> Vec<String> {
        let frames = bench.heard.iter().filter_map(|message| match message {
            Message::Other(frame) if frame.code == kind::SYSLOG => {
                Some(hex::encode(&frame.payload))
            }
            _ => None,
        });
        frames.collect()
    };
    assert_eq!(told(&bench), ["00000000000000000000ffffc000020202020000"]);
    bench.send(&ready());
    bench.obey();
    for (server, payload) in [
        ("[2001:db8::2]:1514", "20010db8000000000000000000000002 05ea0000"),
        ("none", "00000000000000000000000000000000 00000000"),
    ] {
        bench.take_trace();
        bench.give(Event::Settings(syslog(server)));
        assert_eq!(told(&bench), [payload.replace(' ', "")]);
    }
}
