//! What the image is made of: a bill of materials in the JSON form of CycloneDX 1.6.
//!
//! The same parts give the same document: no time, no random number, everything sorted.

mod buildroot;
mod crates;
mod debian;

pub use buildroot::packages as buildroot;
pub use crates::crates;
pub use debian::{archive as debian_archive, installed as debian_installed};

use crate::hash;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;

/// Something that others have made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What kind of thing it is.
    pub kind: Kind,
    /// As those who made it call it.
    pub name: String,
    /// Theirs, too.
    pub version: String,
    /// Whether it is in the image or has only helped to make it.
    pub scope: Scope,
    /// Where to ask about it: a package URL. No two parts have the same.
    pub url: String,
    /// SPDX expression, where it is known.
    pub licence: Option<String>,
    /// SHA-256 of the package, in hexadecimal digits, where it is known.
    pub sha256: Option<String>,
    /// Package URLs of the parts that it needs.
    pub needs: Vec<String>,
}

/// What kind of thing a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Code that is linked into the one binary.
    Library,
    /// A program of its own, a boot loader.
    Application,
    /// The kernel.
    Kernel,
}

/// Where a part is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In the image.
    Image,
    /// Only while the image is made: build scripts, macros.
    Making,
}

/// Why there is no bill of materials.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Two parts with the same package URL and different contents.
    #[error("{0} is there twice, with different contents")]
    Twice(String),
    /// Cargo does not say what it builds.
    #[error("cargo does not say what the product is made of")]
    Cargo(#[source] cargo_metadata::Error),
    /// The workspace is not ours.
    #[error("the workspace has no {0}")]
    Workspace(&'static str),
    /// A package cannot be asked what it is.
    #[error("{0} is no package that {1} knows: {2}")]
    Package(String, &'static str, String),
    /// A file cannot be read.
    #[error("cannot read {0}")]
    Read(String, #[source] io::Error),
}

/// The document. `needs` names the parts that the product itself needs.
///
/// # Errors
/// [`Error::Twice`].
pub fn document(version: &str, needs: &[String], parts: &[Part]) -> Result<String, Error> {
    let mut sorted: BTreeMap<&str, &Part> = BTreeMap::new();
    for part in parts {
        if sorted.insert(&part.url, part).is_some_and(|before| before != part) {
            return Err(Error::Twice(part.url.clone()));
        }
    }
    let components: Vec<Value> = sorted.values().map(|part| component(part)).collect();
    let mut dependencies = vec![dependency(PRODUCT, needs, &sorted)];
    dependencies.extend(sorted.values().map(|part| dependency(&part.url, &part.needs, &sorted)));
    let content = json!({
        "metadata": {
            "tools": { "components": [{ "type": "application", "name": "image", "version": version }] },
            "component": {
                "type": "firmware",
                "bom-ref": PRODUCT,
                "name": PRODUCT,
                "version": version,
                "licenses": [{ "expression": "Apache-2.0" }],
            },
        },
        "components": components,
        "dependencies": dependencies,
    });
    let mut document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial(&content.to_string()),
        "version": 1,
    });
    if let (Value::Object(document), Value::Object(content)) = (&mut document, content) {
        document.extend(content);
    }
    Ok(format!("{document:#}\n"))
}

fn component(part: &Part) -> Value {
    let kind = match part.kind {
        Kind::Library => "library",
        Kind::Application => "application",
        Kind::Kernel => "operating-system",
    };
    let scope = match part.scope {
        Scope::Image => "required",
        Scope::Making => "excluded",
    };
    let mut component = json!({
        "type": kind,
        "bom-ref": part.url,
        "name": part.name,
        "version": part.version,
        "scope": scope,
        "purl": part.url,
    });
    if let Some(sha256) = &part.sha256 {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sha256 }]);
    }
    if let Some(licence) = &part.licence {
        component["licenses"] = json!([{ "expression": licence }]);
    }
    component
}

/// Only on parts that are in the document; one that is not would be a dangling reference.
fn dependency(of: &str, needs: &[String], parts: &BTreeMap<&str, &Part>) -> Value {
    let mut needs: Vec<&str> = needs.iter().map(String::as_str).collect();
    needs.retain(|url| parts.contains_key(url));
    needs.sort_unstable();
    needs.dedup();
    json!({ "ref": of, "dependsOn": needs })
}

/// A UUID of version 8 (RFC 9562 5.8), made from the content.
fn serial(content: &str) -> String {
    let mut digits = hash::of_octets(content.as_bytes());
    digits.replace_range(12..13, "8");
    digits.replace_range(16..17, "8");
    let groups = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &digits[range]);
    format!("urn:uuid:{}", groups.join("-"))
}

/// A package URL: `kind` is what stands before the name.
fn url(kind: &str, name: &str, version: &str) -> String {
    format!("pkg:{kind}/{}@{}", quoted(name), quoted(version))
}

fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~:".contains(&octet) {
            quoted.push(char::from(octet));
        } else {
            quoted.push('%');
            quoted.push_str(&hash::digits(&[octet]).to_uppercase());
        }
    }
    quoted
}

const PRODUCT: &str = "fixpart";

#[cfg(test)]
mod tests;
