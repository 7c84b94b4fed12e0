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
    tag("<", &element.name, out);
    escape(&element.text, out);
    if !element.children.is_empty() {
        out.push('\n');
        for child in &element.children {
            self::element(child, depth + 1, out);
        }
        indent(depth, out);
    }
    tag("</", &element.name, out);
    out.push('\n');
}

fn tag(open: &str, name: &str, out: &mut String) {
    out.push_str(open);
    out.push_str(name);
    out.push('>');
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
