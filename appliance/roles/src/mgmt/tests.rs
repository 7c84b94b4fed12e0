//! The role, over real sockets, with a role `conf` that is played.

use super::*;
use crate::client::{self, Server};
use crate::conf_client::tests::Player;
use tokio::sync::oneshot;

/// The role in a folder of its own.
struct Ours {
    folder: tempfile::TempDir,
    stop: oneshot::Sender<()>,
    running: tokio::task::JoinHandle<Result<(), MgmtError>>,
}

impl Ours {
    fn begin(conf: Conf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("mgmt.sock")).unwrap();
        let identity = folder.path().join("ident.xml");
        std::fs::write(&identity, "<config><serial>FP-7</serial><ari>10009034</ari></config>")
            .unwrap();
        let options = Options {
            folder: folder.path().to_owned(),
            conf,
            sockets: folder.path().to_owned(),
            supervisor: os::own_uid(),
            identity: Some(identity),
            callers: vec![os::own_uid()],
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(run(options, listener, async {
            let _ = stopped.await;
        }));
        Self { folder, stop, running }
    }

    async fn observe(&self) -> Observed {
        let server = Server { sockets: self.folder.path().to_owned(), user: os::own_uid() };
        let asked = tokio::task::spawn_blocking(move || client::observed(&server, "mgmt"));
        asked.await.unwrap().unwrap()
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn the_role_is_there_before_any_settings_are_and_ends_when_told() {
    let silent = Player::new();
    let ours = Ours::begin(silent.conf.clone());
    let observed = ours.observe().await;
    assert_eq!(observed.role, "mgmt");
    crate::watchers::assert_documented(&observed);
    ours.end().await;
}

#[test]
fn who_the_box_is_stands_in_the_file_of_its_manufacture() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ident.xml");
    std::fs::write(&file, "<config><mac>02:00:00:00:00:01</mac><serial>FP-7</serial></config>")
        .unwrap();
    let expected =
        Identity { serial: "FP-7".into(), mac: "02:00:00:00:00:01".into(), ari: String::new() };
    assert_eq!(Identity::read(Some(&file)), expected);
    assert_eq!(Identity::read(None), Identity::default());
}
