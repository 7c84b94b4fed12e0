//! The writer.

use super::Element;

/// The document with this outermost element, readable by [`super::read`] and by people.
#[must_use]
pub fn write(root: &Element) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
    element(root, 0, &mut out);
    out
}

fn element(element: &Element, depth: usize, out: &mut String) {
    indent(depth, out);
    out.push('<');
    out.push_str(&element.name);
    for (name, value) in &element.attributes {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        escape_in_quotes(value, out);
        out.push('"');
    }
    out.push('>');
    escape(&element.text, out);
    if !element.children.is_empty() {
        out.push('\n');
        for child in &element.children {
            self::element(child, depth + 1, out);
        }
        indent(depth, out);
    }
    out.push_str("</");
    out.push_str(&element.name);
    out.push_str(">\n");
}

/// White space in a value would be read as blanks (XML 1.0 clause 3.3.3).
fn escape_in_quotes(text: &str, out: &mut String) {
    for part in text.split_inclusive(['"', '\n', '\t']) {
        let (plain, mark) =
            part.split_at(part.len() - usize::from(part.ends_with(['"', '\n', '\t'])));
        escape(plain, out);
        match mark {
            "\"" => out.push_str("&quot;"),
            "\n" => out.push_str("&#10;"),
            "\t" => out.push_str("&#9;"),
            _ => {}
        }
    }
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            other => out.push(other),
        }
    }
}
