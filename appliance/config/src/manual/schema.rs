//! The settings as a JSON Schema (draft 2020-12): objects as the elements nest, a property for each.

use crate::groups;
use crate::spec::{Bound, PLACE, Spec};
use crate::value::Kind;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The schema. An element that is a value and holds others has its value as `#text`; places are patterns.
#[must_use]
pub fn schema() -> String {
    let mut root = Node::default();
    for spec in groups::all() {
        for nth in 1..=spec.count {
            let path = if spec.count > 1 { spec.path_of(nth) } else { spec.path.to_owned() };
            let mut node = &mut root;
            for word in path.split('.') {
                node = node.below.entry(word.to_owned()).or_default();
            }
            node.value = Some((spec, nth));
        }
    }
    let mut text =
        String::from("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n");
    text.push_str("  \"title\": \"config.xml\",\n");
    object(&root, 1, &mut text);
    text.push_str("\n}\n");
    text
}

#[derive(Default)]
struct Node {
    value: Option<(&'static Spec, u8)>,
    below: BTreeMap<String, Node>,
}

/// The inside of an object's schema.
fn object(node: &Node, depth: usize, text: &mut String) {
    let pad = "  ".repeat(depth);
    let _ = write!(text, "{pad}\"type\": \"object\"");
    if let Some((spec, nth)) = node.value {
        let _ = write!(text, ",\n{pad}\"description\": {}", quoted(spec.help.trim()));
        let _ = write!(text, ",\n{pad}\"properties\": {{\n{pad}  \"#text\": {{\n");
        value(spec, nth, depth + 2, text);
        let _ = write!(text, "\n{pad}  }}");
        members(node, false, depth, text);
        let _ = write!(text, "\n{pad}}}");
        return;
    }
    for (keyword, placed) in [("properties", false), ("patternProperties", true)] {
        if node.below.keys().any(|name| name.ends_with(PLACE) == placed) {
            let _ = write!(text, ",\n{pad}\"{keyword}\": {{");
            members(node, placed, depth, text);
            let _ = write!(text, "\n{pad}}}");
        }
    }
}

fn members(node: &Node, placed: bool, depth: usize, text: &mut String) {
    let pad = "  ".repeat(depth + 1);
    let mut first = node.value.is_none();
    for (name, below) in node.below.iter().filter(|(name, _)| name.ends_with(PLACE) == placed) {
        let name = match name.strip_suffix(PLACE) {
            Some(word) => format!("^{word}[0-9]*$"),
            None => name.clone(),
        };
        text.push_str(if first { "\n" } else { ",\n" });
        first = false;
        let _ = writeln!(text, "{pad}{}: {{", quoted(&name));
        match below.value {
            Some((spec, nth)) if below.below.is_empty() => value(spec, nth, depth + 2, text),
            _ => object(below, depth + 2, text),
        }
        let _ = write!(text, "\n{pad}}}");
    }
}

/// The inside of a value's schema.
fn value(spec: &Spec, nth: u8, depth: usize, text: &mut String) {
    let pad = "  ".repeat(depth);
    let (kind, more) = form(spec);
    let _ = write!(text, "{pad}\"type\": \"{kind}\"");
    let default = spec.default_of(nth);
    let default = match kind {
        "string" => quoted(default),
        _ => default.to_owned(),
    };
    let _ = write!(text, ",\n{pad}\"description\": {}", quoted(spec.help.trim()));
    if !spec.secret {
        let _ = write!(text, ",\n{pad}\"default\": {default}");
    }
    for (keyword, value) in more {
        let _ = write!(text, ",\n{pad}\"{keyword}\": {value}");
    }
    for (keyword, holds) in [("writeOnly", spec.secret), ("deprecated", spec.unused)] {
        if holds {
            let _ = write!(text, ",\n{pad}\"{keyword}\": true");
        }
    }
    if !spec.unit.is_empty() {
        let _ = write!(text, ",\n{pad}\"x-unit\": {}", quoted(spec.unit));
    }
}

/// The type, and the keywords that narrow it.
fn form(spec: &Spec) -> (&'static str, Vec<(&'static str, String)>) {
    let (least, most) = spec.range;
    let bounds = |least: i64| vec![("minimum", least.to_string()), ("maximum", most.to_string())];
    match spec.kind {
        Kind::Bool => ("boolean", Vec::new()),
        Kind::Words(words) => {
            let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            ("string", vec![("enum", format!("[{}]", words.join(", ")))])
        }
        // Beyond our own bounds a value is taken as the nearest, so the schema does not refuse it.
        Kind::Whole if spec.bound == Bound::Ours => ("integer", Vec::new()),
        // Zero leaves some to the system.
        Kind::Whole if (spec.check)(spec, "0").is_ok() => ("integer", bounds(least.min(0))),
        Kind::Whole => ("integer", bounds(least)),
        Kind::Uuid => ("string", vec![("format", "\"uuid\"".into())]),
        Kind::Digits => ("string", vec![("pattern", "\"^[0-9]*$\"".into())]),
        Kind::Time => ("string", vec![("pattern", "\"^([0-9]{1,2}:[0-9]{1,2})?$\"".into())]),
        Kind::Start => {
            ("string", vec![("pattern", "\"^(immediately|[0-9]{1,2}:[0-9]{1,2})$\"".into())])
        }
        _ => ("string", Vec::new()),
    }
}

/// A string of JSON (RFC 8259 clause 7).
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            letter if letter < ' ' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
