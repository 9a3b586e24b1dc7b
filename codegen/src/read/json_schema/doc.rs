//! Descriptions as doc comments: what other people write in a schema is text, and never a program or an escape.

/// The lines of a description, without the leading space of a doc comment.
pub(super) fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.trim().lines().map(line).collect();
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

fn line(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let body = line.trim();
    let indent = line.chars().take_while(|c| c.is_whitespace()).count();
    // Four spaces and fences make code that rustdoc compiles and runs.
    out.push_str(if indent == 0 {
        ""
    } else if indent < 4 {
        "  "
    } else {
        "   "
    });
    let body = if body.starts_with("```") || body.starts_with("~~~") {
        ""
    } else {
        body
    };
    for c in body.chars() {
        match c {
            '\t' => out.push(' '),
            c if c.is_control() => {}
            // Marks that turn the reading order, which rustc refuses in comments.
            '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {}
            c => out.push(c),
        }
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn a_description_is_never_a_program() {
        let text =
            "One.\n\n    let x = panic!();\n```\nfn f() {}\n```\n\ttabbed \u{202e}turned\u{7}";
        assert_eq!(
            lines(text),
            [
                "One.",
                "",
                "   let x = panic!();",
                "",
                "fn f() {}",
                "",
                "  tabbed turned"
            ]
        );
        assert_eq!(lines(""), [""]);
    }
}
