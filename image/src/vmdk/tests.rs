//! What goes in comes out, the same disk gives the same file, and no damage passes.

use super::*;
use proptest::prelude::*;
use std::io::Cursor;

/// Where the file is put; a reader compares it with what the file says.
const NAME: &str = "disk.vmdk";

/// Octets that do not compress, the same each time.
fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..count).map(step).collect()
}

/// A disk of so many grains in which those listed hold something.
fn disk(grains: usize, used: &[usize]) -> Vec<u8> {
    let mut disk = vec![0; grains * GRAIN];
    for number in used {
        let grain = &mut disk[number * GRAIN..][..GRAIN];
        if number.is_multiple_of(2) {
            grain.copy_from_slice(&noise(*number as u64 + 7, GRAIN));
        } else {
            grain[GRAIN - 1] = 0x80;
        }
    }
    disk
}

fn packed(disk: &[u8]) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let written = write(&mut &*disk, disk.len() as u64, NAME, &mut out).unwrap();
    let octets = out.into_inner();
    assert_eq!(written.octets, octets.len() as u64);
    octets
}

fn unpacked(file: &[u8]) -> Result<Vec<u8>, Error> {
    let mut disk = Vec::new();
    let found = read(&mut &*file, &mut |at, grain| {
        disk.resize(usize::try_from(at).unwrap(), 0);
        disk.extend_from_slice(grain);
        Ok(())
    })?;
    disk.resize(usize::try_from(found.capacity).unwrap(), 0);
    if found.extent != NAME {
        return Err(Error::Name(found.extent));
    }
    Ok(disk)
}

#[test]
fn what_goes_in_comes_out() {
    for (grains, used) in [
        (1, &[][..]),
        (1, &[0]),
        (3, &[0, 1, 2]),
        (512, &[511]),
        (513, &[512]),
        (1025, &[0, 511, 512, 1023, 1024]),
        (1100, &[700]),
    ] {
        let disk = disk(grains, used);
        assert!(unpacked(&packed(&disk)).unwrap() == disk, "{grains} grains, {used:?}");
    }
}

#[test]
fn the_same_disk_gives_the_same_file_and_another_another_identifier() {
    let one = packed(&disk(4, &[1, 2]));
    assert!(one == packed(&disk(4, &[1, 2])));
    let cid = |file: &[u8]| read(&mut &*file, &mut |_, _| Ok(())).unwrap().cid;
    let mut seen = vec![cid(&one)];
    for other in [disk(4, &[1]), disk(4, &[1, 3]), disk(5, &[1, 2])] {
        seen.push(cid(&packed(&other)));
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 4, "{seen:x?}");
}

#[test]
fn the_published_layout_is_kept() {
    let file = packed(&disk(2, &[1]));
    let sector = |number: usize| &file[number * 512..][..512];
    let number = |octets: &[u8]| u64::from_le_bytes(octets.try_into().unwrap());
    assert_eq!(&sector(0)[..12], b"KDMV\x03\0\0\0\x01\0\x03\0");
    assert_eq!(number(&sector(0)[12..20]), 256, "capacity");
    assert_eq!(number(&sector(0)[20..28]), 128, "grain size");
    assert_eq!(number(&sector(0)[56..64]), u64::MAX, "directory at the end");
    assert_eq!(&sector(0)[73..79], b"\n \r\n\x01\0", "line ends and deflate");
    // The grain's first sector, then its table, the directory, the footer, the end.
    assert_eq!(number(&sector(128)[..8]), 128);
    assert_eq!(&sector(129)[..16], b"\x04\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0");
    assert_eq!(&sector(130)[..8], b"\0\0\0\0\x80\0\0\0");
    assert_eq!(&sector(134)[..16], b"\x01\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0");
    assert_eq!(&sector(135)[..8], b"\x82\0\0\0\0\0\0\0");
    assert_eq!(&sector(136)[..16], b"\x01\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\0");
    assert_eq!(number(&sector(137)[56..64]), 135, "directory in the footer");
    assert_eq!(sector(138), [0; 512]);
    assert_eq!(file.len(), 139 * 512);
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let file = packed(&disk(3, &[0, 1]));
    for length in (0..file.len()).step_by(256) {
        let refused = unpacked(&file[..length]);
        assert!(matches!(refused, Err(Error::Damaged { .. })), "{length}");
    }
    let mut longer = file.clone();
    longer.push(0);
    assert!(unpacked(&longer).is_err());
}

#[test]
fn every_changed_octet_of_a_small_file_is_noticed() {
    let file = packed(&disk(2, &[1]));
    // The padding between the descriptor and the first grain is long and all alike.
    let padding = 21 * 512..128 * 512;
    let (front, back) = (0..padding.start, padding.end..file.len());
    for place in front.chain(padding.step_by(501)).chain(back) {
        let mut damaged = file.clone();
        damaged[place] ^= 1 << (place % 8);
        assert!(unpacked(&damaged).is_err(), "octet {place}");
    }
}

#[test]
fn sizes_and_names_that_do_not_fit_are_refused() {
    let mut out = Cursor::new(Vec::new());
    for capacity in [0, 1, 512, GRAIN as u64 + 512, CAPACITY_MAX + GRAIN as u64] {
        let refused = write(&mut std::io::empty(), capacity, "a.vmdk", &mut out);
        assert!(matches!(refused, Err(Error::Capacity(_))), "{capacity}");
    }
    for name in ["", "a b", "a\"b", "../a", ".hidden", "ä.vmdk", &"a".repeat(65)] {
        let refused = write(&mut std::io::empty(), GRAIN as u64, name, &mut out);
        assert!(matches!(refused, Err(Error::Name(_))), "{name}");
    }
    let short = write(&mut &[1; 100][..], GRAIN as u64, "a.vmdk", &mut out);
    assert!(matches!(short, Err(Error::Short(100))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn noise_is_no_virtual_disk(octets in proptest::collection::vec(any::<u8>(), 0..4096)) {
        prop_assert!(unpacked(&octets).is_err());
    }

    #[test]
    fn a_damaged_run_of_octets_is_noticed(place in 0_usize..1_000_000, run in 1_usize..700, value: u8) {
        let file = packed(&disk(3, &[0, 2]));
        let mut damaged = file.clone();
        let place = place % file.len();
        let end = (place + run).min(file.len());
        damaged[place..end].fill(value);
        prop_assert_eq!(unpacked(&damaged).is_err(), damaged != file);
    }
}
