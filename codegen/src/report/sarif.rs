//! The report for code scanners: SARIF 2.1.0.

use super::places::{Places, Region, severity};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::json::Json;
use crate::source::{Sources, Span};

/// Renders one run with every code as a rule. Columns count code points.
#[must_use]
pub fn sarif(diagnostics: &Diagnostics, sources: &Sources) -> String {
    let places = Places::new(sources);
    let rules = Code::ALL.iter().map(|code| {
        let level = severity(code.severity());
        rule(code.as_str(), code.summary(), code.page(), level, None)
    });
    let results = diagnostics
        .iter()
        .map(|diagnostic| result(diagnostic, &places));
    log(rules, results)
}

fn result(diagnostic: &Diagnostic, places: &Places<'_>) -> Json {
    let index = Code::ALL
        .iter()
        .position(|code| *code == diagnostic.code)
        .unwrap_or(0);
    let mut text = diagnostic.message.clone();
    if !diagnostic.label.is_empty() {
        text = format!("{text} ({})", diagnostic.label);
    }
    if let Some(help) = &diagnostic.help {
        text = format!("{text}. help: {help}");
    }
    let mut members = vec![
        ("ruleId", Json::text(diagnostic.code.as_str())),
        ("ruleIndex", number(index)),
        ("level", Json::text(severity(diagnostic.code.severity()))),
        ("message", message(&text)),
        (
            "locations",
            Json::list([Json::object([location(diagnostic.span, places)])]),
        ),
    ];
    if !diagnostic.related.is_empty() {
        let related = diagnostic.related.iter().enumerate().map(|(at, label)| {
            Json::object([
                ("id", number(at + 1)),
                location(label.span, places),
                ("message", message(&label.text)),
            ])
        });
        members.push(("relatedLocations", Json::list(related)));
    }
    Json::object(members)
}

/// One run with its rules and results.
pub(super) fn log(
    rules: impl Iterator<Item = Json>,
    results: impl Iterator<Item = Json>,
) -> String {
    let driver = Json::object([
        ("name", Json::text("event-contracts")),
        ("version", Json::text(env!("CARGO_PKG_VERSION"))),
        ("rules", Json::list(rules)),
    ]);
    let run = Json::object([
        ("tool", Json::object([("driver", driver)])),
        ("columnKind", Json::text("unicodeCodePoints")),
        ("results", Json::list(results)),
    ]);
    Json::object([
        (
            "$schema",
            Json::text("https://json.schemastore.org/sarif-2.1.0.json"),
        ),
        ("version", Json::text("2.1.0")),
        ("runs", Json::list([run])),
    ])
    .to_pretty()
}

/// A rule with its page, its usual level and its tags.
pub(super) fn rule(id: &str, summary: &str, page: &str, level: &str, tags: Option<Json>) -> Json {
    let level = Json::object([("level", Json::text(level))]);
    let help = Json::object([("text", Json::text(page)), ("markdown", Json::text(page))]);
    let tags = tags.map(|tags| ("properties", Json::object([("tags", tags)])));
    let members = [
        ("id", Json::text(id)),
        ("shortDescription", message(summary)),
        ("help", help),
        ("defaultConfiguration", level),
    ];
    Json::object(members.into_iter().chain(tags))
}

pub(super) fn message(text: &str) -> Json {
    Json::object([("text", Json::text(text))])
}

pub(super) fn location(span: Span, places: &Places<'_>) -> (&'static str, Json) {
    let Region { start, end } = places.region(span);
    let physical = Json::object([
        (
            "artifactLocation",
            Json::object([("uri", Json::text(uri(places.exact_path(span.file))))]),
        ),
        (
            "region",
            Json::object([
                ("startLine", number(start.line)),
                ("startColumn", number(start.column)),
                ("endLine", number(end.line)),
                ("endColumn", number(end.column)),
            ]),
        ),
    ]);
    ("physicalLocation", physical)
}

pub(super) fn number(n: usize) -> Json {
    Json::Number(n.to_string())
}

/// A path as a URI: relative to whatever the report is read against, unless it is absolute.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.strip_prefix("./").unwrap_or(path).bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte))
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("contracts/shop/a.toml"), "contracts/shop/a.toml");
        assert_eq!(uri("./my contracts/ü.toml"), "my%20contracts/%C3%BC.toml");
        assert_eq!(uri("/tmp/a.toml"), "file:///tmp/a.toml");
    }
}
