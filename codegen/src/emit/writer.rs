//! Text as rustfmt would leave it: lines, blocks, docs, attributes, literals. Knows layout; never what is written.

use std::fmt::{Display, Write as _};

use super::doc;

/// rustfmt's `max_width`.
const WIDTH: usize = 100;
/// rustfmt's `attr_fn_like_width`, with the parentheses.
const ATTRIBUTE_WIDTH: usize = 70;
/// rustfmt's `fn_call_width`.
const CALL_WIDTH: usize = 60;
/// rustfmt's `array_width`.
const ARRAY_WIDTH: usize = 60;
/// rustfmt's `short_array_element_width_threshold`: arrays of these are filled, not stacked.
const SHORT_ELEMENT: usize = 10;

/// Collects indented lines.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: String,
    depth: usize,
}

impl Writer {
    /// A writer that starts below `depth` open blocks.
    pub(super) fn at(depth: usize) -> Self {
        Self {
            out: String::new(),
            depth,
        }
    }

    /// Everything written so far.
    pub(super) fn finish(self) -> String {
        self.out
    }

    /// Open blocks around the next line.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// One line at the current depth. Texts with line breaks of their own are for [`Writer::doc`].
    pub(super) fn line(&mut self, text: impl Display) {
        let start = self.out.len();
        for _ in 0..self.depth {
            self.out.push_str("    ");
        }
        let indented = self.out.len();
        // Straight into the buffer: half of the work here is lines. Writing to a `String` cannot fail.
        let _ = write!(self.out, "{text}");
        if self.out.len() == indented {
            self.out.truncate(start);
        }
        self.out.push('\n');
    }

    /// An empty line between items.
    pub(super) fn blank(&mut self) {
        self.out.push('\n');
    }

    /// Text that another writer made at this depth.
    pub(super) fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// A line that opens a block; the lines after it are one step deeper.
    pub(super) fn open(&mut self, text: impl Display) {
        self.line(text);
        self.depth += 1;
    }

    /// A line that closes the innermost block.
    pub(super) fn close(&mut self, text: impl Display) {
        self.depth = self.depth.saturating_sub(1);
        self.line(text);
    }

    /// Makes what follows one step deeper, without a line.
    pub(super) fn indent(&mut self) {
        self.depth += 1;
    }

    /// Ends a block that has no closing line, such as a chain of calls.
    pub(super) fn dedent(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Returns whether a line of this text stays within the width.
    pub(super) fn fits(&self, text: &str) -> bool {
        self.columns(width(text))
    }

    /// Returns whether a line of so many columns does.
    fn columns(&self, columns: usize) -> bool {
        self.depth * 4 + columns <= WIDTH
    }

    /// `head` and `tail` on one line, or `tail` on the next one where that does not fit: for `name: Type` and
    /// `const X: T = value`.
    pub(super) fn pair(&mut self, head: &str, tail: &str) {
        let tail_columns = width(tail);
        let indented = (self.depth + 1) * 4 + tail_columns;
        if self.columns(width(head) + 1 + tail_columns) || indented > WIDTH {
            self.line(format_args!("{head} {tail}"));
        } else {
            self.line(head);
            self.depth += 1;
            self.line(tail);
            self.depth -= 1;
        }
    }

    /// `#[name(args)]`, one line or one argument a line.
    pub(super) fn attribute(&mut self, name: &str, args: &[String]) {
        let joined = args.join(", ");
        let columns = width(&joined);
        if columns <= ATTRIBUTE_WIDTH && self.columns("#[()]".len() + name.len() + columns) {
            self.line(format_args!("#[{name}({joined})]"));
            return;
        }
        self.open(format_args!("#[{name}("));
        for (at, arg) in args.iter().enumerate() {
            let comma = if at + 1 == args.len() { "" } else { "," };
            self.line(format_args!("{arg}{comma}"));
        }
        self.close(")]");
    }

    /// `#[derive(…)]`, which rustfmt lays out unlike other attributes: four columns stay free on a single line.
    pub(super) fn derive(&mut self, paths: &[&str]) {
        let joined = paths.join(", ");
        if self.columns("#[derive()]".len() + width(&joined) + 4) {
            self.line(format_args!("#[derive({joined})]"));
            return;
        }
        self.open("#[derive(");
        if self.fits(&joined) {
            self.line(format_args!("{joined},"));
        } else {
            for path in paths {
                self.line(format_args!("{path},"));
            }
        }
        self.close(")]");
    }

    /// `head(args)tail`, one line or one argument a line.
    pub(super) fn call(&mut self, head: &str, args: &[String], tail: &str) {
        let joined = args.join(", ");
        let columns = width(&joined);
        let narrow = args.len() == 1 || columns <= CALL_WIDTH;
        if narrow && self.columns(width(head) + columns + 2 + width(tail)) {
            self.line(format_args!("{head}({joined}){tail}"));
            return;
        }
        self.open(format_args!("{head}("));
        for arg in args {
            self.line(format_args!("{arg},"));
        }
        self.close(format_args!("){tail}"));
    }

    /// `function(argument, |parameters| { body });`; nothing when the body is empty.
    pub(super) fn closure(
        &mut self,
        function: &str,
        argument: &str,
        parameters: &str,
        body: impl Fn(&mut Self),
    ) {
        let render = |depth: usize| {
            let mut inner = Self::at(depth);
            body(&mut inner);
            inner.finish()
        };
        let text = render(self.depth + 1);
        if text.is_empty() {
            return;
        }
        let head = format!("{function}({argument}, |{parameters}| {{");
        // As observed: the brace counts, and one column more where there are two parameters. What would not fit on a
        // line of its own either is left as it is.
        let arguments = width(argument) + width(parameters) + 6 + parameters.matches(',').count();
        let hopeless = (self.depth + 1) * 4 + width(argument) > WIDTH;
        if hopeless || (arguments <= CALL_WIDTH && self.fits(&head)) {
            self.open(head);
            self.text(&text);
            self.close("});");
            return;
        }
        self.open(format_args!("{function}("));
        self.line(format_args!("{argument},"));
        self.open(format_args!("|{parameters}| {{"));
        let text = render(self.depth);
        self.text(&text);
        self.close("},");
        self.close(");");
    }

    /// `let x =` or alike, and one call: on one line, the call on the next one, or its argument there.
    pub(super) fn assign(&mut self, head: &str, function: &str, argument: &str) {
        let call = format!("{function}({argument});");
        let next_line = (self.depth + 1) * 4 + width(&call) <= WIDTH;
        if self.fits(&format!("{head} {call}")) || (width(argument) <= CALL_WIDTH && next_line) {
            self.pair(head, &call);
        } else {
            self.open(format_args!("{head} {function}("));
            self.line(format_args!("{argument},"));
            self.close(");");
        }
    }

    /// `event_runtime::name!(head{ arms });`, on one line or one arm a line.
    pub(super) fn table(&mut self, name: &str, head: &str, arms: &[String]) {
        let open = format!("event_runtime::{name}!({head}{{");
        let whole = format!("{open} {} }});", arms.join(", "));
        if self.fits(&whole) {
            self.line(whole);
            return;
        }
        self.open(open);
        for arm in arms {
            self.line(format_args!("{arm},"));
        }
        self.close("});");
    }

    /// `head[items]tail`, on one line, filled or stacked as rustfmt does it with literals.
    pub(super) fn array(&mut self, head: &str, items: &[String], tail: &str) {
        let joined = items.join(", ");
        let whole = format!("{head}[{joined}]{tail}");
        if width(&joined) <= ARRAY_WIDTH && self.fits(&whole) {
            self.line(whole);
            return;
        }
        self.open(format_args!("{head}["));
        if items.iter().all(|item| width(item) <= SHORT_ELEMENT) {
            self.fill(items);
        } else {
            for item in items {
                self.line(format_args!("{item},"));
            }
        }
        self.close(format_args!("]{tail}"));
    }

    /// As many items a line as fit.
    pub(super) fn fill(&mut self, items: &[String]) {
        let mut line = String::new();
        for item in items {
            let more = if line.is_empty() {
                format!("{item},")
            } else {
                format!("{line} {item},")
            };
            if self.fits(&more) || line.is_empty() {
                line = more;
            } else {
                self.line(&line);
                line = format!("{item},");
            }
        }
        if !line.is_empty() {
            self.line(line);
        }
    }

    /// A doc comment.
    pub(super) fn doc(&mut self, text: &str) {
        if doc::is_plain(text) {
            return self.line(format_args!("/// {text}"));
        }
        for line in doc::lines(text) {
            if line.is_empty() {
                self.line("///");
            } else {
                self.line(format_args!("/// {line}"));
            }
        }
    }
}

/// Columns that a text takes; East Asian wide characters take two, as rustfmt counts them.
fn width(text: &str) -> usize {
    // Nearly every text, and build scripts run unoptimised.
    if text.is_ascii() {
        return text.len();
    }
    text.chars()
        .map(|c| match u32::from(c) {
            0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF => 2,
            0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1FAFF => 2,
            0x20000..=0x3FFFD => 2,
            _ => 1,
        })
        .sum()
}

/// A string literal. What rustc or an eye would trip over is escaped: controls, and marks that turn the reading order.
pub(super) fn literal(text: &str) -> String {
    // Nearly every text, and build scripts run unoptimised.
    if is_printable(text) && !text.contains(['"', '\\']) {
        return ["\"", text, "\""].concat();
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            c if c.is_control() || is_invisible(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Returns whether a text is ASCII without controls.
pub(super) fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Marks that change the reading order or cannot be seen; rustc refuses the first kind in comments and literals.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_read_back_as_written() {
        assert_eq!(literal("a\"b\\c"), r#""a\"b\\c""#);
        assert_eq!(literal("\n\r\t\0"), r#""\n\r\t\0""#);
        assert_eq!(literal("Ünï */ {}"), "\"Ünï */ {}\"");
        assert_eq!(literal("\u{202e}\u{7f}"), r#""\u{202e}\u{7f}""#);
    }

    #[test]
    fn what_is_too_wide_is_stacked() {
        let mut writer = Writer::default();
        writer.attribute(
            "serde",
            &[
                "default".to_owned(),
                format!("with = \"{}\"", "x".repeat(60)),
            ],
        );
        assert_eq!(writer.finish().lines().count(), 4);
    }
}
