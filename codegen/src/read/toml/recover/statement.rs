//! Where statements begin and end in a text that may be broken. Knows strings, brackets and comments; judges nothing.

use std::ops::Range;

use super::LOST_VALUE;

/// Place where the lines start that begin with a bracket: every table's header, and a line of a list now and then.
pub(in crate::read::toml) struct Headers(Vec<usize>);

impl Headers {
    pub(in crate::read::toml) fn of(text: &str) -> Self {
        let mut start = 0;
        let mut headers = Vec::new();
        for line in text.split_inclusive('\n') {
            if line.trim_start().starts_with('[') {
                headers.push(start);
            }
            start += line.len();
        }
        Self(headers)
    }

    /// The start of the last header at or before a place; the start of the text when there is none.
    pub(in crate::read::toml) fn before(&self, at: usize) -> usize {
        let next = self.0.partition_point(|start| *start <= at);
        next.checked_sub(1)
            .and_then(|last| self.0.get(last))
            .copied()
            .unwrap_or(0)
    }
}

/// A statement that holds a mistake.
pub(super) struct Statement {
    pub range: Range<usize>,
    /// True if it is a table header.
    pub header: bool,
    /// Place where a bracket or a string begins that the statement does not close.
    pub unclosed: Option<usize>,
    /// Place where its value begins, if that is what is wrong.
    pub value: Option<usize>,
}

/// The statement around a place.
pub(super) fn statement(piece: &str, at: usize) -> Statement {
    let lines = lines(piece);
    let string = lines.iter().position(|line| line.unclosed_string.is_some());
    let line = lines.iter().rposition(|line| line.range.start <= at);
    let starts = |line: &Line| !line.in_string && line.open.is_none();
    let first = string.or_else(|| {
        let before = lines.get(..=line?)?;
        before.iter().rposition(starts)
    });
    let Some(first) = first else {
        return Statement {
            range: 0..piece.len(),
            header: false,
            unclosed: None,
            value: None,
        };
    };
    let next = (first + 1..lines.len()).find(|n| starts(&lines[*n]));
    let mut unclosed = lines[first].unclosed_string;
    let end = match next {
        Some(next) if unclosed.is_none() => next,
        // What is never closed takes everything in: the next line that begins like a statement is one.
        _ => {
            unclosed = unclosed.or_else(|| lines.last().and_then(|last| last.open_after));
            (first + 1..lines.len())
                .find(|n| !lines[*n].in_string && (lines[*n].key || lines[*n].header))
                .unwrap_or(lines.len())
        }
    };
    let range = lines[first].range.start..lines[end - 1].range.end;
    let (key, header) = (lines[first].key, lines[first].header);
    let value = if key && !header {
        value(&piece[range.clone()], at.saturating_sub(range.start))
    } else {
        None
    };
    Statement {
        value: value.map(|value| range.start + value),
        range,
        header,
        unclosed,
    }
}

/// Returns the place where the value of a statement begins, as long as the mistake is there and it has not been blanked out before.
fn value(statement: &str, at: usize) -> Option<usize> {
    let value = statement.find('=')? + 1;
    let text = &statement[value..];
    let can_hold = text.starts_with(|c: char| c.is_ascii() && !matches!(c, '\n' | '\r'));
    let before = text.trim().as_bytes() == [LOST_VALUE];
    (at >= value && can_hold && !before).then_some(value)
}

/// The text between table headers.
pub(super) fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut cuts = vec![0];
    cuts.extend(
        lines(text)
            .iter()
            .filter(|line| line.header && line.range.start > 0)
            .map(|line| line.range.start),
    );
    cuts.push(text.len());
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// One line, as far as brackets and strings matter.
struct Line {
    range: Range<usize>,
    /// True if it begins inside of a multi-line string.
    in_string: bool,
    /// The outermost bracket that is open where it begins; a header closes all.
    open: Option<usize>,
    /// The outermost bracket that is open where it ends.
    open_after: Option<usize>,
    /// A multi-line string that begins here and ends nowhere.
    unclosed_string: Option<usize>,
    /// True if it begins like `key =`.
    key: bool,
    /// True if it is `[name`, closed or not.
    header: bool,
}

fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut scan = Scan::default();
    let mut start = 0;
    for raw in text.split_inclusive('\n') {
        let trimmed = raw.trim_start();
        let in_string = scan.quotes.is_some();
        let header = !in_string && is_header(trimmed);
        if header {
            scan.brackets.clear();
        }
        let open = scan.brackets.first().copied();
        let end = start + raw.len();
        if !header {
            scan.line(raw, start);
        }
        // A string that is never closed would hide every line below: then it is no string.
        let mut unclosed_string = None;
        if !in_string
            && scan
                .quotes
                .is_some_and(|quotes| !text[end..].contains(quotes))
        {
            scan.quotes = None;
            unclosed_string = Some(scan.string);
        }
        lines.push(Line {
            range: start..end,
            in_string,
            open,
            open_after: scan.brackets.first().copied(),
            unclosed_string,
            key: is_key(trimmed),
            header,
        });
        start = end;
    }
    lines
}

/// State of a walk through a text.
#[derive(Default)]
struct Scan {
    /// The quotes of a multi-line string.
    quotes: Option<&'static str>,
    /// Place where the last multi-line string began.
    string: usize,
    /// Place where the open brackets stand.
    brackets: Vec<usize>,
}

impl Scan {
    /// Follows strings, brackets and comments through a line that begins at an offset.
    fn line(&mut self, line: &str, offset: usize) {
        let mut rest = line;
        loop {
            if let Some(quotes) = self.quotes {
                match rest.find(quotes) {
                    Some(at) => rest = &rest[at + quotes.len()..],
                    None => return,
                }
                self.quotes = None;
            }
            let Some(c) = rest.chars().next() else { return };
            let at = offset + line.len() - rest.len();
            rest = &rest[c.len_utf8()..];
            match c {
                '#' => return,
                '[' | '{' => self.brackets.push(at),
                ']' | '}' => {
                    self.brackets.pop();
                }
                '"' if rest.starts_with("\"\"") => self.quotes = Some("\"\"\""),
                '\'' if rest.starts_with("''") => self.quotes = Some("'''"),
                '"' | '\'' => match after_string(rest, c) {
                    Some(after) => rest = after,
                    None => return,
                },
                _ => {}
            }
            if self.quotes.is_some() {
                self.string = at;
                rest = &rest[2..];
            }
        }
    }
}

/// What follows a string on its line; nothing when it is not closed there.
fn after_string(rest: &str, quote: char) -> Option<&str> {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if c == quote => return Some(&rest[at + 1..]),
            _ => {}
        }
    }
    None
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'' | ' ' | '\t')
}

/// `[name`, `[[name`: a header, even one whose end is missing. An element of a list ends with a comma or has more in it.
fn is_header(line: &str) -> bool {
    let Some(rest) = line.strip_prefix('[') else {
        return false;
    };
    let rest = rest.strip_prefix('[').unwrap_or(rest);
    if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return false;
    }
    let end = rest.find(|c| !is_bare(c)).unwrap_or(rest.len());
    let after = rest[end..].trim_start_matches(']').trim();
    after.is_empty() || after.starts_with('#')
}

fn is_key(line: &str) -> bool {
    match line.find('=') {
        Some(at) if at > 0 => line[..at].chars().all(is_bare),
        _ => false,
    }
}
