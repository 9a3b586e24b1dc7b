//! The report for GitHub Actions: one workflow command a line, which becomes an annotation on the pull request.

use std::fmt::Write;

use super::places::{Places, Region, severity};
use crate::diagnostic::Diagnostics;
use crate::source::Sources;

/// Renders `::error file=…,line=…,col=…,endLine=…,endColumn=…,title=…::message` for each diagnostic.
#[must_use]
pub fn github(diagnostics: &Diagnostics, sources: &Sources) -> String {
    let places = Places::new(sources);
    let mut out = String::new();
    for diagnostic in diagnostics.iter() {
        let region = places.region(diagnostic.span);
        let mut text = diagnostic.message.clone();
        for more in [&diagnostic.label]
            .into_iter()
            .filter(|label| !label.is_empty())
        {
            let _ = write!(text, " ({more})");
        }
        if let Some(help) = &diagnostic.help {
            let _ = write!(text, "\nhelp: {help}");
        }
        for related in &diagnostic.related {
            let at = places.region(related.span).start;
            let path = places.path(related.span.file);
            let _ = write!(text, "\n{path}:{}:{}: {}", at.line, at.column, related.text);
        }
        let place = Some((places.path(diagnostic.span.file), &region));
        let (level, id) = (
            severity(diagnostic.code.severity()),
            diagnostic.code.as_str(),
        );
        out.push_str(&command(level, place, id, &text));
    }
    out
}

/// One command with its line end.
pub(super) fn command(
    level: &str,
    place: Option<(&str, &Region)>,
    title: &str,
    text: &str,
) -> String {
    let place = place.map_or_else(String::new, |(path, Region { start, end })| {
        format!(
            "file={},line={},col={},endLine={},endColumn={},",
            property(path),
            start.line,
            start.column,
            end.line,
            end.column,
        )
    });
    format!(
        "::{level} {place}title={}::{}\n",
        property(title),
        message(text)
    )
}

/// A line end would end the command.
fn message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// `:` and `,` would end the property as well.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(message("50% a:b,c\r\nd"), "50%25 a:b,c%0D%0Ad");
        assert_eq!(property("50% a:b,c\n"), "50%25 a%3Ab%2Cc%0A");
    }
}
