//! A contract's texts as doc comments: whatever they hold, they stay comments and no line of them is code that rustdoc runs.

use super::writer::{is_invisible, is_printable};

/// Returns whether a text is a single line that stands in a comment as it is: most are.
pub(super) fn is_plain(text: &str) -> bool {
    is_printable(text)
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.is_empty()
        && !text.starts_with("```")
        && !text.starts_with("~~~")
}

/// A text as the lines of a doc comment: no line of it can become a doctest of the crate that includes it, and no
/// character of it ends the comment or turns the reading order.
pub(super) fn lines(text: &str) -> Vec<String> {
    let mut fenced = false;
    let lines = text.trim_end().lines().map(|line| {
        let line = line.trim_end();
        let mut clean = String::with_capacity(line.len());
        if is_printable(line) {
            clean.push_str(line);
            return line_of(clean, &mut fenced);
        }
        for c in line.chars() {
            match c {
                '\t' => clean.push_str("    "),
                c if c.is_control() || is_invisible(c) => clean.extend(c.escape_unicode()),
                c => clean.push(c),
            }
        }
        line_of(clean, &mut fenced)
    });
    let mut lines: Vec<String> = lines.skip_while(String::is_empty).collect();
    if fenced {
        lines.push("```".to_owned());
    }
    lines
}

/// rustdoc runs fenced code without a language, and code that is only indented by four: both become plain text.
fn line_of(line: String, fenced: &mut bool) -> String {
    let body = line.trim_start();
    let fence = body.starts_with("```") || body.starts_with("~~~");
    if fence && *fenced {
        *fenced = false;
        return body.to_owned();
    }
    if fence {
        *fenced = true;
        let info = body.trim_start_matches(['`', '~']).trim();
        let language = info.split([',', ' ', '{']).next().unwrap_or_default();
        let known = !language.is_empty() && !is_rust(language);
        return format!("{}{}", &body[..3], if known { language } else { "text" });
    }
    let indent = line.len() - body.len();
    if *fenced || indent < 4 {
        line
    } else {
        format!("   {body}")
    }
}

/// The words in a fence that make rustdoc take it for Rust.
fn is_rust(word: &str) -> bool {
    matches!(
        word,
        "rust" | "ignore" | "should_panic" | "no_run" | "compile_fail" | "test_harness" | "custom"
    ) || word.starts_with("edition")
        || word.starts_with("ignore-")
        || (word.len() == 5 && word.starts_with('E'))
}

#[cfg(test)]
mod tests {
    use super::super::writer::Writer;

    fn doc(text: &str) -> String {
        let mut writer = Writer::default();
        writer.doc(text);
        writer.finish()
    }

    #[test]
    fn docs_stay_comments() {
        assert_eq!(doc("a */ \"b\" \\"), "/// a */ \"b\" \\\n");
        assert_eq!(doc("\n\na\r\n\r\n b  \n"), "/// a\n///\n///  b\n");
        assert_eq!(doc("a\rb\u{202e}"), "/// a\\u{d}b\\u{202e}\n");
    }

    #[test]
    fn docs_hold_no_doctest() {
        assert_eq!(
            doc("```\nlet x;\n```"),
            "/// ```text\n/// let x;\n/// ```\n"
        );
        assert_eq!(doc("```rust,no_run\nx"), "/// ```text\n/// x\n/// ```\n");
        assert_eq!(
            doc("```json\n    {}\n```"),
            "/// ```json\n///     {}\n/// ```\n"
        );
        assert_eq!(doc("a\n\n    code"), "/// a\n///\n///    code\n");
    }
}
