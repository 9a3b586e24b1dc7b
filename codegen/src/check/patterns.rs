//! The rule about patterns: only what Rust's `regex` and ECMA-262 with the flag `u` read alike.
//!
//! A pattern is checked by Rust services and stands in the JSON Schema that all the others check with. Where the two
//! languages differ, one side would refuse what the other one sends. What is left out, and why:
//!
//! - `.`, `\d`, `\w`, `\s`, `\b`: other characters in each (line ends; Unicode or ASCII only);
//! - `(?i)`, `(?P<…>)`, `\A`, `\z`, `[[:alpha:]]`, `[a&&b]`, `\x{…}`, `\pL`, `\a`: Rust only;
//! - look-around, back-references: JavaScript only, as Rust matches in linear time;
//! - `a**`, `^*`, a single `]` or `}`, escapes that need none: refused by JavaScript.

use std::collections::HashMap;
use std::ops::Range;

use regex_syntax::ast::{self, ErrorKind};
use regex_syntax::hir::{Hir, HirKind};

use super::shape;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Contracts, TypeKind};
use crate::source::Spanned;

mod common;

use common::Common;

/// A pattern this heavy is compiled to see whether the engine takes it; a lighter one never meets the engine's limit.
const HEAVY: usize = 5_000;

/// What is wrong with a pattern.
#[derive(Clone, Debug)]
struct Fault {
    /// Bytes of the pattern.
    at: Range<usize>,
    message: String,
    help: String,
}

/// `bad-pattern`: a pattern that does not parse, or that Rust and JavaScript read differently.
pub(super) fn patterns(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    // Patterns repeat: each is read once.
    let mut known: HashMap<&str, Option<Fault>> = HashMap::new();
    let fields = shape::field_lists(contracts)
        .flatten()
        .map(|field| &field.constraints);
    let scalars = contracts
        .types
        .iter()
        .filter_map(|def| match &def.body.kind {
            TypeKind::Scalar { constraints, .. } => Some(constraints),
            _ => None,
        });
    for pattern in fields.chain(scalars).filter_map(|c| c.pattern.as_ref()) {
        let fault = known
            .entry(&pattern.value)
            .or_insert_with(|| fault(&pattern.value));
        if let Some(fault) = fault {
            diagnostics.push(report(contracts, pattern, fault));
        }
    }
}

fn report(contracts: &Contracts, pattern: &Spanned<String>, fault: &Fault) -> Diagnostic {
    Diagnostic::new(
        Code::BadPattern,
        contracts.sources.inside(pattern.span, fault.at.clone()),
        fault.message.clone(),
    )
    .help(fault.help.clone())
}

/// The first thing that is wrong with a pattern, at a place that is never empty unless the pattern is.
fn fault(pattern: &str) -> Option<Fault> {
    let mut fault = first_fault(pattern)?;
    if fault.at.is_empty() {
        let rest = pattern.get(fault.at.start..).unwrap_or_default();
        match rest.chars().next() {
            Some(c) => fault.at.end = fault.at.start + c.len_utf8(),
            None => fault.at.start -= pattern.chars().next_back().map_or(0, char::len_utf8),
        }
    }
    Some(fault)
}

fn first_fault(pattern: &str) -> Option<Fault> {
    let ast = match ast::parse::Parser::new().parse(pattern) {
        Ok(ast) => ast,
        Err(error) => return Some(unparsed(&error)),
    };
    if let Err(fault) = ast::visit(&ast, Common::new(pattern)) {
        return Some(fault);
    }
    let whole = |message: String, help: &str| {
        Some(Fault {
            at: 0..pattern.len(),
            message,
            help: help.to_owned(),
        })
    };
    match regex_syntax::hir::translate::Translator::new().translate(pattern, &ast) {
        Err(error) => Some(Fault {
            at: bytes(error.span()),
            message: format!("the pattern does not parse: {}", error.kind()),
            help: "see https://docs.rs/regex/latest/regex/#syntax".to_owned(),
        }),
        Ok(hir) if weight(&hir) > HEAVY && regex::Regex::new(pattern).is_err() => whole(
            "the pattern is too large to be compiled".to_owned(),
            "use smaller repetitions; `max_length` limits a length without cost",
        ),
        Ok(_) => None,
    }
}

fn bytes(span: &ast::Span) -> Range<usize> {
    span.start.offset..span.end.offset
}

fn unparsed(error: &ast::Error) -> Fault {
    let (message, help) = match error.kind() {
        ErrorKind::UnsupportedLookAround => (
            "look-around is not available in Rust".to_owned(),
            "express it without look-around, or validate in the handler",
        ),
        ErrorKind::UnsupportedBackreference => (
            "back-references are not available in Rust".to_owned(),
            "express it without `\\1`, or validate in the handler; octal escapes are written `\\x00`",
        ),
        ErrorKind::EscapeUnrecognized | ErrorKind::ClassEscapeInvalid => (
            format!("the pattern does not parse: {}", error.kind()),
            "a backslash is written `\\\\\\\\` in a basic TOML string; a literal string, '…', needs only `\\\\`",
        ),
        kind => (
            format!("the pattern does not parse: {kind}"),
            "escape special characters with a backslash: `\\(`",
        ),
    };
    Fault {
        at: bytes(error.span()),
        message,
        help: help.to_owned(),
    }
}

/// How many states a pattern needs, roughly.
fn weight(hir: &Hir) -> usize {
    let mut total = 0_usize;
    let mut open = vec![(hir, 1_usize)];
    while let Some((hir, times)) = open.pop() {
        let own = match hir.kind() {
            HirKind::Literal(literal) => literal.0.len(),
            HirKind::Class(class) => match class {
                regex_syntax::hir::Class::Unicode(class) => class.ranges().len(),
                regex_syntax::hir::Class::Bytes(class) => class.ranges().len(),
            },
            HirKind::Repetition(repetition) => {
                let most = repetition.max.unwrap_or(repetition.min).max(1);
                let times = times.saturating_mul(most as usize);
                open.push((&repetition.sub, times));
                1
            }
            HirKind::Capture(capture) => {
                open.push((&capture.sub, times));
                1
            }
            HirKind::Concat(parts) | HirKind::Alternation(parts) => {
                open.extend(parts.iter().map(|part| (part, times)));
                1
            }
            HirKind::Empty | HirKind::Look(_) => 1,
        };
        total = total.saturating_add(own.saturating_mul(times));
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_languages_read_alike_is_accepted() {
        for pattern in [
            "",
            "^[A-Z]{3}$",
            "^\\+[0-9]{6,15}$",
            "a|b|",
            "(a)(?:b)?(?<name>c)*?",
            "[^\\n]+",
            "[-a]",
            "[a-]",
            "[\\]\\-\\\\/]",
            "\\/",
            "\\u{1F600}\\u00e9\\x41",
            "\\p{L}\\P{Nd}[\\p{Lu}_]",
            "\\p{Script=Greek}",
            "\\t\\r\\n\\f\\v",
            "a{2}b{2,}c{2,3}?",
            "é☃",
        ] {
            assert!(fault(pattern).is_none(), "{pattern}: {:?}", fault(pattern));
        }
    }

    #[test]
    fn what_differs_is_named() {
        for (pattern, part) in [
            ("a.b", "."),
            ("\\d", "\\d"),
            ("[\\w]", "\\w"),
            ("\\bx", "\\b"),
            ("(?i)a", "(?i)"),
            ("(?i:a)", "i"),
            ("(?P<n>a)", "n"),
            ("\\Aa", "\\A"),
            ("a\\z", "\\z"),
            ("[[:alpha:]]", "[:alpha:]"),
            ("[a&&b]", "a&&b"),
            ("[a--b]", "a--b"),
            ("[[a]]", "[a]"),
            ("\\x{41}", "\\x{41}"),
            ("\\pL", "\\pL"),
            ("\\p{Greek}", "\\p{Greek}"),
            ("\\p{letter}", "\\p{letter}"),
            ("\\a", "\\a"),
            ("a]", "]"),
            ("a}", "}"),
            ("[]a]", "]"),
            ("a\\-b", "\\-"),
            ("\\#", "\\#"),
            ("\\\"", "\\\""),
            ("a**", "*"),
            ("^*a", "*"),
            ("(?=a)", "(?="),
            ("(?<!a)", "(?<!"),
            ("(a)\\1", "\\1"),
            ("[b-a]", "b-a"),
            ("(", "("),
            ("a{3,2}", "{3,2}"),
            ("*", "*"),
            ("\\q", "\\q"),
            ("\\p{Script=Grek1}", "\\p{Script=Grek1}"),
            ("(?x) a", "(?x)"),
            ("\\h", "\\h"),
            ("\\U00000041", "\\U00000041"),
        ] {
            let fault = fault(pattern).unwrap_or_else(|| panic!("{pattern} is accepted"));
            assert_eq!(&pattern[fault.at.clone()], part, "{pattern}: {fault:?}");
            assert!(!fault.help.is_empty());
        }
    }

    #[test]
    fn what_is_accepted_compiles() {
        // Every text of up to four of these pieces: what the rule lets through, the engine takes.
        let pieces = [
            "a", "[", "]", "(", ")", "{2}", "*", "?", "\\", "-", "^", "|", "\\p{L}",
        ];
        let mut texts = vec![String::new()];
        for _ in 0..4 {
            let longer: Vec<String> = texts
                .iter()
                .flat_map(|text| pieces.iter().map(move |piece| format!("{text}{piece}")))
                .collect();
            texts = longer;
            for text in texts
                .iter()
                .step_by(if texts.len() > 5_000 { 17 } else { 1 })
            {
                if fault(text).is_none() {
                    assert!(regex::Regex::new(text).is_ok(), "{text}");
                }
            }
        }
        assert!(fault("(?:(?:a{1000}){1000}){1000}").is_some());
    }
}
