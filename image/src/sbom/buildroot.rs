//! Packages of Buildroot, as its target `show-info` describes them.

use super::{Error, Kind, Part, Scope, url};
use serde_json::Value;

/// What `make show-info` has printed, without the packages that stand for nothing and without our own.
///
/// # Errors
/// When it is no such description.
pub fn packages(info: &str) -> Result<Vec<Part>, Error> {
    let refused = |why: String| Error::Package("the description".into(), "make show-info", why);
    let info: Value = serde_json::from_str(info).map_err(|error| refused(error.to_string()))?;
    let packages = info.as_object().ok_or_else(|| refused("it is no object".into()))?;
    let part = |(key, package): (&String, &Value)| part(key, package, packages);
    Ok(packages.iter().filter_map(part).collect())
}

fn part(key: &str, package: &Value, all: &serde_json::Map<String, Value>) -> Option<Part> {
    let url = purl(key, package)?;
    let name = package.get("name")?.as_str()?.to_owned();
    let licence =
        package.get("licenses").and_then(Value::as_str).filter(|text| is_expression(text));
    let needs = package.get("dependencies").and_then(Value::as_array);
    let needs = needs.into_iter().flatten().filter_map(Value::as_str);
    Some(Part {
        kind: if name == "linux" { Kind::Kernel } else { Kind::Application },
        scope: if is_in_image(package) { Scope::Image } else { Scope::Making },
        version: package.get("version")?.as_str()?.to_owned(),
        licence: licence.map(str::to_owned),
        sha256: None,
        needs: needs.filter_map(|key| purl(key, all.get(key)?)).collect(),
        name,
        url,
    })
}

/// `None` for what has no contents of its own: virtual packages, skeletons; and for ours.
fn purl(key: &str, package: &Value) -> Option<String> {
    let version = package.get("version")?.as_str().filter(|version| !version.is_empty())?;
    let ours = key == OURS || package.get("virtual") == Some(&Value::Bool(true));
    (!ours).then(|| url("generic/buildroot", key, version))
}

fn is_in_image(package: &Value) -> bool {
    let target = package.get("type").and_then(Value::as_str) == Some("target");
    let flag = |key: &str| package.get(key) == Some(&Value::Bool(true));
    target && (flag("install_target") || flag("install_images"))
}

/// Buildroot's licence texts are for people; some are an SPDX expression.
fn is_expression(text: &str) -> bool {
    let word = |octet: u8| octet.is_ascii_alphanumeric() || b".-+".contains(&octet);
    !text.is_empty() && text.bytes().all(word) && text != "unknown"
}

/// The package with the one binary; its crates are listed one by one.
const OURS: &str = "fixpart";
