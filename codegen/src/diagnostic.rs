//! What can be said about a contract: codes, diagnostics, and the bag that collects them.
//!
//! Rendering lives in [`crate::report`], so that the derive macro, which reports through the compiler, does not pay for it.

pub use crate::code::{Code, Severity};
use crate::source::{Span, Spanned};

/// A second place that explains the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Place.
    pub span: Span,
    /// What is there, for example `first defined here`.
    pub text: String,
}

/// One problem at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code; its severity is the diagnostic's.
    pub code: Code,
    /// Place where the problem is.
    pub span: Span,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What stands under the underlined source; often empty.
    pub label: String,
    /// Other places that matter.
    pub related: Vec<Label>,
    /// Returns advice on what to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A diagnostic without label, related places or help.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            span,
            message: message.into(),
            label: String::new(),
            related: Vec::new(),
            help: None,
        }
    }

    /// Says something right under the underlined source.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// Points to a second place.
    #[must_use]
    pub fn related(mut self, span: Span, text: impl Into<String>) -> Self {
        self.related.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Adds `did you mean "…"?` when one of the candidates is close to what was written, else lists a few of them.
    #[must_use]
    pub fn suggest<'a>(self, written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        let candidates: Vec<&str> = candidates.into_iter().collect();
        if let Some(best) = closest(written, candidates.iter().copied()) {
            return self.help(format!("did you mean \"{best}\"?"));
        }
        match candidates.len() {
            0 => self,
            1..=12 => self.help(format!("expected one of: {}", candidates.join(", "))),
            _ => self,
        }
    }
}

/// Collects every problem of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    all: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds one. Its texts may quote what somebody wrote: control characters become visible, so that no report can move a
    /// terminal's cursor or end a line of a log.
    pub fn push(&mut self, mut diagnostic: Diagnostic) {
        let related = diagnostic.related.iter_mut().map(|label| &mut label.text);
        let texts = [&mut diagnostic.message, &mut diagnostic.label];
        for text in texts.into_iter().chain(&mut diagnostic.help).chain(related) {
            if text.contains(char::is_control) {
                *text = text.chars().map(visible).collect();
            }
        }
        self.all.push(diagnostic);
    }

    /// Returns whether something forbids use of the contract.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many there are of one severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.all
            .iter()
            .filter(|d| d.code.severity() == severity)
            .count()
    }

    /// All of them, in the order of the sources once [`Diagnostics::sort`] has run.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.all.iter()
    }

    /// Returns whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// By place, so that a report reads from top to bottom and is the same on every run; exact repeats go.
    pub fn sort(&mut self) {
        self.all
            .sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
        self.all.dedup();
    }
}

/// A control character's picture; any other character as it is. A terminal may have the result.
#[must_use]
pub fn visible(c: char) -> char {
    match u32::from(c) {
        code @ 0..=0x1f => char::from_u32(0x2400 + code).unwrap_or('\u{fffd}'),
        0x7f => '\u{2421}',
        0x80..=0x9f => '\u{fffd}',
        _ => c,
    }
}

/// The candidate nearest to what was written, when it is near enough to be meant.
#[must_use]
pub fn closest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let length = written.chars().count();
    // One edit makes any short name of any other, and nobody has a name this long in mind.
    let limit = match length {
        0..=2 => 0,
        3..=200 => (length / 3).min(4),
        _ => return None,
    };
    candidates
        .into_iter()
        // Cheap, and most names differ by more than the edits allowed.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= limit)
        .map(|candidate| (distance(written, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edits between two words: insert, delete, replace, or swap two neighbours; letter case costs nothing.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// An unknown key or name, with its nearest neighbour.
#[must_use]
pub fn unknown<'a>(
    code: Code,
    what: &str,
    written: &Spanned<String>,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    Diagnostic::new(
        code,
        written.span,
        format!("unknown {what} \"{}\"", written.value),
    )
    .suggest(&written.value, candidates)
}

/// A value that is none of a key's few.
#[must_use]
pub fn no_choice(
    key: &str,
    written: &Spanned<String>,
    choices: &'static [&'static str],
) -> Diagnostic {
    Diagnostic::new(
        Code::WrongValue,
        written.span,
        format!("`{key}` cannot be \"{}\"", written.value),
    )
    .suggest(&written.value, choices.iter().copied())
}
