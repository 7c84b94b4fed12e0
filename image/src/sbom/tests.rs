//! The document has what the schema requires, and is the same each time.

use super::crates::checksums;
use super::debian::part as debian_part;
use super::*;
use std::collections::BTreeSet;
use std::path::Path;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn of_this_workspace() -> (Vec<String>, Vec<Part>) {
    crates(workspace(), "x86_64-unknown-linux-gnu").unwrap()
}

fn part(name: &str) -> Part {
    let line = format!("{name} 1:2.0+b1-1~deb12 amd64");
    Part { licence: Some("MIT".into()), ..debian_part(&line).unwrap() }
}

#[test]
fn the_order_of_the_parts_makes_no_difference() {
    let (a, b) = (part("a"), part("b"));
    let one = document("1", &[], &[a.clone(), b.clone(), a.clone()]).unwrap();
    assert_eq!(one, document("1", &[], &[b.clone(), a.clone()]).unwrap());
    assert_ne!(one, document("2", &[], &[b, a.clone()]).unwrap());
    let other = Part { licence: None, ..a.clone() };
    assert!(matches!(document("1", &[], &[a, other]), Err(Error::Twice(_))));
}

#[test]
fn a_package_url_is_quoted() {
    assert_eq!(part("g++").url, "pkg:deb/debian/g%2B%2B@1:2.0%2Bb1-1~deb12?arch=amd64");
    assert_eq!(debian_part("linux-image-6.1.0-56-amd64 6.1 amd64").unwrap().kind, Kind::Kernel);
    assert!(debian_part("two words").is_none());
}

#[test]
fn the_crates_of_the_product_are_found_with_hash_and_licence() {
    let (named, parts) = of_this_workspace();
    let urls: BTreeSet<&str> = parts.iter().map(|part| &*part.url).collect();
    assert_eq!(urls.len(), parts.len());
    for part in &parts {
        let hash = part.sha256.as_deref().unwrap_or_default();
        assert!(
            hash.len() == 64 && hash.bytes().all(|octet| octet.is_ascii_hexdigit()),
            "{}",
            part.name
        );
        assert!(part.licence.as_ref().is_some_and(|text| !text.contains('/')), "{}", part.name);
    }
    let scope = |name: &str| parts.iter().find(|part| part.name == name).map(|part| part.scope);
    assert_eq!(scope("tokio"), Some(Scope::Image));
    assert_eq!(scope("thiserror-impl"), Some(Scope::Making));
    // Only the proof uses it.
    assert_eq!(scope("proptest"), None);
    assert!(named.iter().any(|url| url.starts_with("pkg:cargo/tokio@")));
}

/// What CycloneDX 1.6 requires of the parts of it that are used here.
#[test]
fn what_the_schema_requires_is_there() {
    let (named, mut parts) = of_this_workspace();
    parts.extend([part("linux-image"), part("grub-pc-bin")]);
    let text = document("0.1.0", &named, &parts).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["bomFormat"], "CycloneDX");
    assert_eq!(document["specVersion"], "1.6");
    assert_eq!(document["version"], 1);
    let serial = document["serialNumber"].as_str().unwrap().strip_prefix("urn:uuid:").unwrap();
    let groups: Vec<usize> = serial.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12]);
    assert!(!text.contains(workspace().to_str().unwrap()), "a folder of this machine");
    let mut references = BTreeSet::from(["fixpart"]);
    for component in document["components"].as_array().unwrap() {
        for key in ["type", "name", "version", "bom-ref", "purl"] {
            assert!(component[key].as_str().is_some_and(|text| !text.is_empty()), "{component}");
        }
        assert!(
            ["library", "application", "operating-system"]
                .contains(&component["type"].as_str().unwrap())
        );
        assert!(["required", "excluded"].contains(&component["scope"].as_str().unwrap()));
        assert!(references.insert(component["bom-ref"].as_str().unwrap()), "{component}");
        if let Some(licences) = component.get("licenses") {
            assert_eq!(licences.as_array().unwrap().len(), 1, "an expression stands alone");
        }
    }
    let dependencies = document["dependencies"].as_array().unwrap();
    assert_eq!(dependencies.len(), references.len());
    for dependency in dependencies {
        assert!(references.contains(dependency["ref"].as_str().unwrap()));
        for on in dependency["dependsOn"].as_array().unwrap() {
            assert!(references.contains(on.as_str().unwrap()), "{on} is not in the document");
        }
    }
}

#[test]
fn checksums_of_the_lock_file_are_read() {
    let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"s\"\nchecksum = \"ab\"\n\
                dependencies = [\n \"b\",\n]\n\n[[package]]\nname = \"b\"\nversion = \"2.0.0\"\n";
    let sums = checksums(lock);
    assert_eq!(sums.into_iter().collect::<Vec<_>>(), [(("a".into(), "1.0.0".into()), "ab".into())]);
}

#[test]
fn a_description_by_buildroot_is_read_and_nonsense_refused() {
    let info = r#"{
        "linux": {"type": "target", "name": "linux", "virtual": false, "version": "6.12.40", "licenses": "GPL-2.0",
                  "install_target": true, "install_images": true, "dependencies": ["host-kmod", "skeleton", "fixpart"]},
        "host-kmod": {"type": "host", "name": "kmod", "virtual": false, "version": "34", "licenses": "LGPL-2.1+ (library)"},
        "skeleton": {"type": "target", "name": "skeleton", "virtual": true},
        "fixpart": {"type": "target", "name": "fixpart", "virtual": false, "version": "0.1.0"}
    }"#;
    let parts = buildroot(info).unwrap();
    let names: Vec<&str> = parts.iter().map(|part| &*part.name).collect();
    assert_eq!(names, ["linux", "kmod"]);
    assert_eq!(
        (parts[0].kind, parts[0].scope, parts[1].scope),
        (Kind::Kernel, Scope::Image, Scope::Making)
    );
    assert_eq!((&*parts[0].licence.clone().unwrap(), &parts[1].licence), ("GPL-2.0", &None));
    assert_eq!(parts[0].needs, ["pkg:generic/buildroot/host-kmod@34"]);
    for nonsense in ["", "[]", "{", "make: *** No rule"] {
        assert!(buildroot(nonsense).is_err(), "{nonsense}");
    }
}
