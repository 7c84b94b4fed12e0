//! Settings files: whatever the octets are, what is taken is whole, is written and read as the same, and survives being
//! kept as rows; what is refused has a place.
#![no_main]

use config::{Config, Export, Flaws, Secrets};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    match Config::read_bytes("config.xml", octets) {
        Err(Flaws(flaws)) => assert!(flaws.iter().all(|flaw| flaw.place.line > 0)),
        Ok((config, _)) => {
            let whole = Export { secrets: Secrets::Clear, ours: true };
            let once = config.export(&whole);
            let (again, _) = Config::read("export.xml", &once).expect("what we write, we read");
            assert_eq!(again.export(&whole), once);
            let (kept, _) = Config::from_entries(config.entries());
            assert!(kept == config && config.difference(&kept).is_empty());
            let guide = config.export(&Export { secrets: Secrets::LeftOut, ours: false });
            Config::read("guide.xml", &guide).expect("what we write, we read");
        }
    }
});
