//! An OVA is the same whoever makes it, and a damaged one is refused.

use super::*;
use crate::vmdk::GRAIN;

/// A disk with something in its first and last grain.
fn order(folder: &Path) -> Order {
    let mut disk = vec![0; 20 * GRAIN];
    disk[..9].copy_from_slice(b"beginning");
    disk[20 * GRAIN - 3..].copy_from_slice(b"end");
    let path = folder.join("disk.img");
    std::fs::write(&path, disk).unwrap();
    let (name, version) = ("fixpart-0.1.0-x86_64".into(), "0.1.0".into());
    Order { disk: path, name, version, processors: Processors::One }
}

fn made() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a.ova");
    let octets = write(&order(folder.path()), &out).unwrap();
    let file = std::fs::read(&out).unwrap();
    assert_eq!(octets, file.len() as u64);
    // Only the disk and the archive are left.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    file
}

fn checked(octets: &[u8]) -> Result<ovf::Disk, Error> {
    super::check::stream(Path::new("a.ova"), octets)
}

#[test]
fn the_same_disk_gives_the_same_ova_in_any_folder() {
    let one = made();
    assert!(one == made());
    let disk = checked(&one).unwrap();
    assert_eq!(disk.capacity, 20 * GRAIN as u64);
    assert_eq!(disk.file, "fixpart-0.1.0-x86_64.vmdk");
}

#[test]
fn the_description_comes_first_and_everything_belongs_to_root() {
    let file = made();
    let mut archive = tar::Archive::new(&*file);
    let entries = archive.entries().unwrap().map(|entry| {
        let entry = entry.unwrap();
        let header = entry.header();
        assert!(header.as_ustar().is_some(), "plain ustar");
        let owner = (header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap());
        assert_eq!((owner, header.mode().unwrap()), ((0, 0, 0), 0o644));
        entry.path().unwrap().display().to_string()
    });
    let names: Vec<String> = entries.collect();
    assert_eq!(names, ENDINGS.map(|ending| format!("fixpart-0.1.0-x86_64{ending}")));
}

#[test]
fn the_manifest_has_the_form_that_every_importer_reads() {
    let text = manifest(&[("a.ovf", &hash::of_octets(b"")), ("a.vmdk", &hash::of_octets(b"abc"))]);
    assert_eq!(
        text,
        "SHA256(a.ovf)= e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n\
         SHA256(a.vmdk)= ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
    );
}

#[test]
fn a_cut_off_archive_is_refused() {
    let file = made();
    // It ends with two empty blocks, which nobody needs.
    for length in (0..file.len() - 1024).step_by(511) {
        assert!(checked(&file[..length]).is_err(), "cut off at {length}");
    }
}

#[test]
fn a_changed_octet_is_noticed_wherever_it_says_something() {
    let file = made();
    let mut archive = tar::Archive::new(&*file);
    let places = archive.entries().unwrap().flat_map(|entry| {
        let entry = entry.unwrap();
        let (header, content) = (entry.raw_header_position(), entry.raw_file_position());
        (header..content + entry.size()).step_by(89)
    });
    let places: Vec<u64> = places.collect();
    for place in places {
        let mut damaged = file.clone();
        damaged[usize::try_from(place).unwrap()] ^= 0x20;
        assert!(checked(&damaged).is_err(), "octet {place}");
    }
}

#[test]
fn a_name_that_needs_quotes_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let order = Order { name: "a b".into(), ..order(folder.path()) };
    let out = folder.path().join("a.ova");
    assert!(matches!(write(&order, &out), Err(Error::Name(_))));
    assert!(!out.exists());
}

#[test]
fn a_disk_of_an_odd_size_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let order = order(folder.path());
    std::fs::write(&order.disk, [0; 1000]).unwrap();
    let error = write(&order, &folder.path().join("a.ova")).unwrap_err();
    assert!(error.to_string().contains("disk.img"), "{error}");
    assert!(!folder.path().join("a.ova").exists());
}
