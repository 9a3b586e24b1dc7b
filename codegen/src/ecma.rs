//! Patterns of JSON Schema, which are those of ECMA-262, in the syntax of the crate `regex`.
//!
//! Both read most of them alike. What they read differently is rewritten, so that a payload is judged as every other
//! validator judges it: `\d`, `\w` and `\b` are about ASCII, `.` stops at four line ends, `[` in a class is itself.
//! Patterns that only Rust can read (`(?i)`) are left as they are.

#[cfg(feature = "toml")]
use regex::Regex;

/// What `\s` is, within a class.
const SPACE: &str = r"\t\n\x0B\x0C\r \u{A0}\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}\u{FEFF}";
const WORD: &str = "0-9A-Za-z_";

/// Compiles a pattern; nothing when `regex` has no equal of it (look-around, back-references).
#[cfg(feature = "toml")]
pub(crate) fn compile(pattern: &str) -> Option<Regex> {
    Regex::new(&translated(pattern)?).ok()
}

/// The pattern in the syntax of `regex`; nothing when it is known to have none. One that is returned need not compile.
pub(crate) fn translated(pattern: &str) -> Option<String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(rest.next()?, &mut rest, in_class, &mut out)?,
            '[' if in_class => out.push_str("\\["),
            '[' => {
                in_class = true;
                out.push('[');
                if rest.peek() == Some(&'^') {
                    out.extend(rest.next());
                }
                // Nothing, or anything: only JavaScript has such a class.
                if rest.peek() == Some(&']') {
                    return None;
                }
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            // Operators on classes, of Rust only.
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            '.' if !in_class => out.push_str(r"[^\n\r\u{2028}\u{2029}]"),
            c => out.push(c),
        }
    }
    Some(out)
}

fn escape(
    c: char,
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    in_class: bool,
    out: &mut String,
) -> Option<()> {
    let mut set = |negated: bool, inner: &str| {
        if in_class && !negated {
            out.push_str(inner);
        } else {
            let not = if negated { "^" } else { "" };
            out.push_str(&format!("[{not}{inner}]"));
        }
    };
    match c {
        'd' => set(false, "0-9"),
        'D' => set(true, "0-9"),
        'w' => set(false, WORD),
        'W' => set(true, WORD),
        's' => set(false, SPACE),
        'S' => set(true, SPACE),
        'b' if in_class => out.push_str("\\x08"),
        'b' => out.push_str("(?-u:\\b)"),
        'B' if !in_class => out.push_str("(?-u:\\B)"),
        '0' if !rest.peek().is_some_and(char::is_ascii_digit) => out.push_str("\\x00"),
        'c' => {
            let letter = rest.next().filter(char::is_ascii_alphabetic)?;
            out.push_str(&format!("\\x{:02x}", u32::from(letter) % 32));
        }
        // Half of a pair is no character of Rust's.
        'u' if rest.peek() != Some(&'{') => {
            let digits: String = rest.by_ref().take(4).collect();
            let unit = u32::from_str_radix(&digits, 16).ok()?;
            let unit = char::from_u32(unit).filter(|_| digits.len() == 4)?;
            out.push_str(&format!("\\u{{{:x}}}", u32::from(unit)));
        }
        c => {
            out.push('\\');
            out.push(c);
        }
    }
    Some(())
}

#[cfg(any(feature = "compat", feature = "import"))]
#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn judged(pattern: &str, good: &[&str], bad: &[&str]) {
        let regex = compile(pattern).unwrap();
        for text in good {
            assert!(regex.is_match(text), "{pattern} refuses {text:?}");
        }
        for text in bad {
            assert!(!regex.is_match(text), "{pattern} takes {text:?}");
        }
    }

    #[test]
    fn classes_are_those_of_ecma() {
        judged("^\\d+$", &["12"], &["\u{0663}", ""]);
        judged("^[\\d.]+$", &["1.2"], &["\u{0663}"]);
        judged("^\\D$", &["\u{0663}"], &["1"]);
        judged("^\\w$", &["a", "_"], &["é", "ß"]);
        judged("^[^\\W_]$", &["a"], &["_", "é"]);
        judged("^\\s$", &["\u{feff}", " ", "\u{2028}"], &["\u{85}", "a"]);
        judged("^.$", &["\u{85}", "a"], &["\n", "\r", "\u{2028}"]);
        judged("^[.]$", &["."], &["a"]);
        judged("a\\b", &["a", "aé"], &["ab"]);
        judged("^[[a]$", &["[", "a"], &["b"]);
        judged("^[a&&b]$", &["&", "a", "b"], &[]);
        judged("^\\u00e9\\x41\\/\\-$", &["éA/-"], &[]);
        judged("^\\0\\cJ$", &["\0\n"], &[]);
        judged("^\\p{Lu}$", &["Ä"], &["ä"]);
        judged("(?i)^a$", &["A"], &["b"]);
    }

    #[test]
    fn what_rust_has_not_is_nothing() {
        for pattern in [
            "(?=a)",
            "(a)\\1",
            "[]",
            "[^]",
            "\\ud83d\\ude00",
            "(",
            "\\",
            "\\c1",
            "\\u12",
        ] {
            assert!(compile(pattern).is_none(), "{pattern}");
        }
    }
}
