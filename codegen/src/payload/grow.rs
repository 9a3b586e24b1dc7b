//! Texts made to match a pattern or to miss it. Knows no model.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::shape::{Count, Format, Text};
use super::text::{matches, spells};

/// The plainest text of a format.
pub(crate) fn plainest(format: Format) -> String {
    match format {
        Format::Plain | Format::Bytes => String::new(),
        Format::Uuid => "00000000-0000-0000-0000-000000000000".to_owned(),
        Format::Timestamp => "2024-01-01T00:00:00Z".to_owned(),
        Format::Date => "2024-01-01".to_owned(),
        Format::Duration => "PT0S".to_owned(),
        Format::Decimal => "0".to_owned(),
        Format::Integer(range) => range.nearest_zero().to_string(),
    }
}

/// Longest text that is made for a report: a counterexample of megabytes helps nobody.
const LONGEST: u64 = 100_000;

/// A short text that a slot accepts, when one is found.
pub(crate) fn accepted(text: &Text) -> Option<String> {
    candidates(text)
        .into_iter()
        .find(|candidate| accepts(text, candidate))
}

/// A text that `writer` accepts and `reader` does not.
pub(crate) fn between(writer: &Text, reader: &Text) -> Option<String> {
    let mut all = candidates(writer);
    all.extend(candidates(reader));
    all.extend(["x", "", "0", "0.5", "A", "é", " ", "x y"].map(str::to_owned));
    if let Some(length) = writer.length.outside(reader.length)
        && length <= LONGEST
    {
        all.insert(0, "x".repeat(usize::try_from(length).unwrap_or(0)));
        all.extend(patterned(
            writer,
            Count {
                min: length,
                max: Some(length),
            },
        ));
    }
    all.into_iter()
        .find(|candidate| accepts(writer, candidate) && !accepts(reader, candidate))
}

/// Returns whether a text fulfils everything that a slot demands.
pub(crate) fn accepts(text: &Text, candidate: &str) -> bool {
    spells(text.format, candidate)
        && text.length.contains(candidate.chars().count() as u64)
        && text.patterns.iter().all(|p| matches(p, candidate))
}

fn candidates(text: &Text) -> Vec<String> {
    let mut all = vec![plainest(text.format)];
    if text.length.min <= LONGEST {
        let shortest = usize::try_from(text.length.min).unwrap_or(0);
        all.push("x".repeat(shortest));
    }
    all.extend(patterned(text, text.length));
    all
}

/// Texts grown from the patterns: shortest ones, ones with a repetition more, and ones filled up to a length.
fn patterned(text: &Text, length: Count) -> Vec<String> {
    let mut all = Vec::new();
    for pattern in &text.patterns {
        let Ok(hir) = regex_syntax::parse(pattern) else {
            continue;
        };
        for extra in [0, 1, 2, 5] {
            for pick in 0..4 {
                let mut out = String::new();
                grow(&hir, extra, pick, &mut out);
                all.push(out);
            }
        }
        let wanted = length.min.min(LONGEST);
        if wanted > 0 {
            let mut out = String::new();
            grow(&hir, u32::try_from(wanted).unwrap_or(0), 0, &mut out);
            // Cut or filled at the end: right for patterns that end in a class or are not anchored.
            let mut cut: String = out
                .chars()
                .take(usize::try_from(wanted).unwrap_or(0))
                .collect();
            let last = cut.chars().last().unwrap_or('x');
            while (cut.chars().count() as u64) < wanted {
                cut.push(last);
            }
            all.push(cut);
        }
    }
    all
}

/// Appends a text that matches; `extra` repetitions beyond the fewest, and the `pick`-th choice where there is one.
fn grow(hir: &Hir, extra: u32, pick: usize, out: &mut String) {
    // A pattern of a contract is short, but what it may produce is not.
    if out.len() as u64 > 2 * LONGEST {
        return;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => out.extend(one_of(class, pick)),
        HirKind::Repetition(repeat) => {
            let most = repeat.max.unwrap_or(u32::MAX);
            for _ in 0..repeat.min.saturating_add(extra).min(most) {
                grow(&repeat.sub, extra.min(2), pick, out);
            }
        }
        HirKind::Capture(capture) => grow(&capture.sub, extra, pick, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| grow(part, extra, pick, out)),
        HirKind::Alternation(parts) => {
            if let Some(part) = parts.get(pick % parts.len().max(1)) {
                grow(part, extra, pick, out);
            }
        }
    }
}

/// A character of a class, letters and digits first: they are easiest to read.
fn one_of(class: &Class, pick: usize) -> Option<char> {
    let Class::Unicode(class) = class else {
        return None;
    };
    let within = |c: &char| class.iter().any(|r| r.start() <= *c && *c <= r.end());
    let readable: Vec<char> = ('0'..='9')
        .chain('A'..='Z')
        .chain('a'..='z')
        .filter(within)
        .collect();
    match readable.get(pick * 7 % readable.len().max(1)) {
        Some(c) => Some(*c),
        None => class
            .iter()
            .nth(pick % class.iter().count().max(1))
            .map(|r| r.start()),
    }
}
