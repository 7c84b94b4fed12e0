//! What is kept, however and whenever the power goes.

use super::*;
use crate::SealError;
use dect::subscription::{Keys, LinkKey, Uak};
use ident::{Ipui, Rpn};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A disk in memory whose power can go before any of its operations.
#[derive(Clone, Default)]
struct FrailDisk(Rc<RefCell<Frail>>);

#[derive(Clone, Default)]
struct Frail {
    /// What survives.
    durable: BTreeMap<PathBuf, Vec<u8>>,
    /// What a reader sees.
    seen: BTreeMap<PathBuf, Vec<u8>>,
    /// Operations until the power goes.
    left: Option<u32>,
}

impl FrailDisk {
    fn step(&self) -> io::Result<std::cell::RefMut<'_, Frail>> {
        let mut frail = self.0.borrow_mut();
        match &mut frail.left {
            Some(0) => return Err(io::Error::other("the power is gone")),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(frail)
    }

    /// The disk after the power has come back. `lucky`: changes of names that nobody waited for were written too.
    fn restarted(&self, lucky: bool) -> Self {
        let frail = self.0.borrow();
        let kept = if lucky { frail.seen.clone() } else { frail.durable.clone() };
        Self(Rc::new(RefCell::new(Frail { durable: kept.clone(), seen: kept, left: None })))
    }
}

impl Files for FrailDisk {
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let frail = self.0.borrow();
        Ok(frail.seen.keys().filter(|path| path.parent() == Some(folder)).cloned().collect())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.borrow().seen.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn make_folder(&mut self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn write_synced(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
        // Half of it may be there before all of it is; under its own name, since the name was made first.
        let half = content.get(..content.len() / 2).unwrap_or_default().to_vec();
        self.step()?.seen.insert(path.to_owned(), half);
        let mut frail = self.step()?;
        frail.seen.insert(path.to_owned(), content.to_vec());
        // The content is certain; the name is not before the folder is synced.
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let mut frail = self.step()?;
        let content = frail.seen.remove(from).ok_or(io::ErrorKind::NotFound)?;
        frail.seen.insert(to.to_owned(), content);
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.step()?.seen.remove(path);
        Ok(())
    }

    fn sync_folder(&mut self, _: &Path) -> io::Result<()> {
        let mut frail = self.step()?;
        frail.durable = frail.seen.clone();
        Ok(())
    }
}

fn subscription(psn: u32, keys: Keys) -> Subscription {
    let ipei = Ipei::new(77, psn).unwrap();
    Subscription {
        ipei,
        ipui: Ipui::private_ipei(ipei),
        tpui: None,
        keys,
        located: Some(Mac([2, 0, 0, 0, 0, 1])),
        terminal_capability: vec![0x12, 0x80],
        model: vec![],
    }
}

fn key(octet: u8) -> Uak {
    Uak::new([octet; 16])
}

fn same(one: &[Subscription], other: &[Subscription]) -> bool {
    one == other
}

#[test]
fn what_was_put_is_there_after_a_restart_and_what_was_removed_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let kept = [
        subscription(1, Keys::Unconfirmed(key(1))),
        subscription(2, Keys::Confirmed(key(2))),
        subscription(3, Keys::Replacing { old: key(3), new: key(4) }),
    ];
    let mac = Mac([0, 0x30, 0x42, 1, 2, 3]);
    let rfp = RfpRecord { mac, rpn: Rpn(7), link_key: Some(LinkKey::new([9; 64])) };
    {
        let mut store = DirSubscriptions::open(folder.path()).unwrap();
        for subscription in &kept {
            store.apply(&Change::Put(Box::new(subscription.clone()))).unwrap();
        }
        store.apply(&Change::PutRfp(Box::new(rfp.clone()))).unwrap();
        store.apply(&Change::Put(Box::new(subscription(4, Keys::Confirmed(key(5)))))).unwrap();
        store.apply(&Change::Remove(Ipei::new(77, 4).unwrap())).unwrap();
    }
    let (subscriptions, rfps) = DirSubscriptions::open(folder.path()).unwrap().load().unwrap();
    assert!(same(&subscriptions, &kept));
    assert!(rfps == [rfp]);
}

#[test]
fn no_key_stands_on_the_disk_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = DirSubscriptions::open(folder.path()).unwrap();
    store.apply(&Change::Put(Box::new(subscription(1, Keys::Confirmed(key(0xab)))))).unwrap();
    let path = store.handset_path(Ipei::new(77, 1).unwrap());
    let text = std::fs::read_to_string(path).unwrap();
    assert!(!text.contains("abababab"), "{text}");
}

#[test]
fn a_second_server_in_the_same_directory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _first = DirSubscriptions::open(folder.path()).unwrap();
    assert!(matches!(DirSubscriptions::open(folder.path()), Err(StoreError::InUse(_))));
}

#[test]
fn a_damaged_record_is_left_out_kept_aside_and_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = DirSubscriptions::open(folder.path()).unwrap();
    for psn in [1, 2] {
        store.apply(&Change::Put(Box::new(subscription(psn, Keys::Confirmed(key(1)))))).unwrap();
    }
    let path = store.handset_path(Ipei::new(77, 1).unwrap());
    std::fs::write(&path, b"{\"version\":1").unwrap();
    assert!(same(&store.load().unwrap().0, &[subscription(2, Keys::Confirmed(key(1)))]));
    assert!(path.exists(), "reading changes nothing");
    store.apply(&Change::Put(Box::new(subscription(1, Keys::Confirmed(key(3)))))).unwrap();
    assert_eq!(std::fs::read(path.with_extension("damaged")).unwrap(), b"{\"version\":1");
    assert_eq!(store.load().unwrap().0.len(), 2);
}

#[test]
fn a_lost_device_key_is_said_and_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = DirSubscriptions::open(folder.path()).unwrap();
    store.apply(&Change::Put(Box::new(subscription(1, Keys::Confirmed(key(1)))))).unwrap();
    drop(store);
    std::fs::remove_file(folder.path().join("device.key")).unwrap();
    assert!(matches!(
        DirSubscriptions::open(folder.path()),
        Err(StoreError::Seal(SealError::Key(..)))
    ));
}

/// The power goes before each operation in turn: an acknowledged change is there, one that was not
/// acknowledged is there whole or not at all, and the older record is never lost on the way.
#[test]
fn power_cuts_leave_the_old_record_or_the_new() {
    let directory = Path::new("/state");
    let (old, new) =
        (subscription(1, Keys::Confirmed(key(1))), subscription(1, Keys::Confirmed(key(2))));
    let disk = FrailDisk::default();
    let mut store = DirSubscriptions::open_in(disk.clone(), directory, None).unwrap();
    store.apply(&Change::Put(Box::new(old.clone()))).unwrap();
    let before = disk.0.borrow().clone();
    let changes = [
        Change::Put(Box::new(new.clone())),
        Change::Remove(old.ipei),
        Change::Put(Box::new(old.clone())),
    ];
    for change in &changes {
        for (left, lucky) in (0..12).flat_map(|left| [(left, true), (left, false)]) {
            let frail = Frail { left: Some(left), ..before.clone() };
            let disk = FrailDisk(Rc::new(RefCell::new(frail)));
            let mut store = DirSubscriptions::open_in(disk.clone(), directory, None).unwrap();
            let acknowledged = store.apply(change).is_ok();
            let after = DirSubscriptions::open_in(disk.restarted(lucky), directory, None).unwrap();
            let found = after.load().unwrap().0;
            let wanted: &[Subscription] = match change {
                Change::Put(put) => std::slice::from_ref(put),
                _ => &[],
            };
            let as_before = same(&found, std::slice::from_ref(&old));
            assert!(same(&found, wanted) || (!acknowledged && as_before), "{left} {lucky}");
            assert!(!acknowledged || same(&found, wanted), "{left} {lucky}");
        }
    }
}
