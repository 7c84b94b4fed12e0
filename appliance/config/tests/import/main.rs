//! What an import does with what it finds.

mod merge;
mod reading;

use config::{Config, Export, Secrets};

const CLEAR: Export = Export { secrets: Secrets::Clear, ours: true };

fn read(inside: &str) -> Result<(Config, Vec<String>), String> {
    import(&Config::default(), inside)
}

fn import(old: &Config, inside: &str) -> Result<(Config, Vec<String>), String> {
    old.import("config.xml", &format!("<config>\n{inside}\n</config>"))
        .map(|(config, notices)| (config, notices.into_iter().map(|n| n.what).collect()))
        .map_err(|flaws| flaws.to_string())
}

fn sound(inside: &str) -> (Config, Vec<String>) {
    read(inside).unwrap_or_else(|flaws| panic!("{inside}: {flaws}"))
}

fn flaws(inside: &str) -> String {
    read(inside).err().unwrap_or_default()
}

/// Whether one of the notices is about this.
fn says(notices: &[String], what: &str) -> bool {
    notices.iter().any(|notice| notice.contains(what))
}

fn written_inside(document: &str) -> String {
    let (_, rest) = document.split_once("<config>").expect("it is one");
    rest.rsplit_once("</config>").expect("it is one").0.to_owned()
}
