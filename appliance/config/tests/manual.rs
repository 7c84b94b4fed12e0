//! The files of the manual that follow from the table are as the table is.

use std::path::Path;

fn compare(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/manual").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).expect("the manual can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "docs/manual/{name} is not as the table is; run this test with UPDATE=1");
}

#[test]
fn the_chapter_of_parameters_is_as_the_table_is() {
    compare("parameters.md", &config::manual::parameters());
}

#[test]
fn the_schema_is_as_the_table_is_and_is_json() {
    let text = config::manual::schema();
    let read: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let at = |path: &str| read.pointer(path).unwrap_or_else(|| panic!("{path}")).clone();
    assert_eq!(at("/properties/sip/properties/localport/maximum"), 65_535);
    assert_eq!(at("/properties/network/properties/ntp/properties/enable/default"), false);
    assert_eq!(at("/properties/network/properties/ntp/properties/#text/type"), "string");
    assert_eq!(at("/properties/sip/properties/proxy/properties/priority4/default"), 4);
    assert_eq!(
        at("/properties/bif08/patternProperties/^shelf[0-9]*$/patternProperties/^card[0-9]*$\
            /patternProperties/^port[0-9]*$/properties/enable/type"),
        "boolean"
    );
    assert_eq!(at("/properties/sip/properties/auth/properties/password/writeOnly"), true);
    compare("config.schema.json", &text);
}
