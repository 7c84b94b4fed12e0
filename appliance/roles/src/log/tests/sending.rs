//! The log on its way to a syslog server that is played, as the settings say.

use super::*;
use std::fmt::Write as _;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

/// One frame of a stream: its length is what says where it ends.
async fn frame(stream: &mut TcpStream) -> String {
    let mut length = 0;
    loop {
        match stream.read_u8().await.unwrap() {
            b' ' => break,
            digit => length = length * 10 + usize::from(digit - b'0'),
        }
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await.unwrap();
    String::from_utf8(message).unwrap()
}

/// Settings with this server, and more.
fn settings(server: &TcpListener, more: &[(&str, &str)]) -> String {
    let port = server.local_addr().unwrap().port();
    let mut syslog = format!("<host>127.0.0.1</host><port>{port}</port>");
    for (name, value) in more {
        let _ = write!(syslog, "<{name}>{value}</{name}>");
    }
    format!(
        "<config><log><syslog>{syslog}</syslog></log>\
         <fixpart><syslog><transport>tcp</transport></syslog></fixpart></config>"
    )
}

#[test]
fn what_was_said_before_the_settings_were_heard_is_sent_as_they_say() {
    local(async {
        let (house, mut player) = (House::new(), Player::new());
        let lives = house.begin_with(player.conf.clone());
        for (role, level) in
            [("dect", Level::Info), ("media", Level::Error), ("dect", Level::Warning)]
        {
            house.say(role, level, level.word());
        }
        house.records(of("dect"), 2).await;
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let more = [("facility", "3"), ("level", "notice"), ("scope_of_settings", "server only")];
        player.book.lock().unwrap().settings = settings(&server, &more);
        player.start();
        let (mut stream, _) = server.accept().await.unwrap();
        let first = frame(&mut stream).await;
        assert!(first.starts_with("<28>1 ") && first.ends_with("] warning"), "{first}");
        assert!(first.contains(" dect ") && first.contains("call=\"417\""), "{first}");
        house.say("dect", Level::Error, "the last");
        // What was said last is sent before the role ends.
        house.records(of("dect"), 3).await;
        lives.end().await;
        let last = frame(&mut stream).await;
        assert!(last.starts_with("<27>1 ") && last.ends_with("the last"), "{last}");
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    });
}

#[test]
fn what_becomes_of_sending_is_told_here_and_never_sent() {
    local(async {
        let (house, mut player) = (House::new(), Player::new());
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        player.book.lock().unwrap().settings = settings(&server, &[("level", "debug")]);
        player.start();
        let lives = house.begin_with(player.conf.clone());
        let (stream, _) = server.accept().await.unwrap();
        drop(stream);
        let told = house.records(of("log"), 1).await;
        assert!(told[0].text.contains("cannot be sent to 127.0.0.1"), "{told:?}");
        let observed = house.observed().await;
        assert!(observed.alerts[0].contains("see to that server"), "{observed:?}");
        crate::watchers::assert_documented(&observed);
        house.say("dect", Level::Info, "meanwhile");

        let (mut stream, _) = server.accept().await.unwrap();
        assert!(frame(&mut stream).await.ends_with("meanwhile"));
        let told = house.records(of("log"), 2).await;
        assert!(told[1].text.contains("1 records have waited, 0 were lost"), "{told:?}");
        house.say("dect", Level::Info, "after");
        assert!(frame(&mut stream).await.ends_with("after"), "nothing was sent between");
        assert_eq!(counter(&house.observed().await, "sent"), 2);
        assert!(house.observed().await.alerts.is_empty());
        lives.end().await;
    });
}

#[test]
fn a_server_that_was_taken_from_the_settings_hears_no_more() {
    local(async {
        let (house, mut player) = (House::new(), Player::new());
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        player.book.lock().unwrap().settings = settings(&server, &[]);
        player.start();
        let lives = house.begin_with(player.conf.clone());
        let (mut stream, _) = server.accept().await.unwrap();
        player.change(|book| book.settings = "<config></config>".into());
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        house.say("dect", Level::Error, "unheard");
        house.records(of("dect"), 1).await;
        assert_eq!(counter(&house.observed().await, "records_to_send_now"), 0);
        lives.end().await;
    });
}
