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

use regex_syntax::ast::{
    self, AssertionKind, Ast, ClassSetItem, ClassUnicode, ClassUnicodeKind, ClassUnicodeOpKind,
    ErrorKind, GroupKind, HexLiteralKind, Literal, LiteralKind, SpecialLiteralKind,
};
use regex_syntax::hir::{Hir, HirKind};

use super::shape;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Contracts, TypeKind};
use crate::source::Spanned;

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
    let scalars = contracts.types.iter().filter_map(|def| match &def.kind {
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
    if let Err(fault) = ast::visit(&ast, Common { pattern }) {
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
            "use smaller repetitions; `max_length` limits a length at no cost",
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
            "say it with what may stand there, or check it in the handler",
        ),
        ErrorKind::UnsupportedBackreference => (
            "back-references are not available in Rust".to_owned(),
            "say it without `\\1`, or check it in the handler; octal escapes are written `\\x00`",
        ),
        ErrorKind::EscapeUnrecognized | ErrorKind::ClassEscapeInvalid => (
            format!("the pattern does not parse: {}", error.kind()),
            "a backslash is written `\\\\\\\\` in a basic TOML string; a literal string, '…', needs only `\\\\`",
        ),
        kind => (
            format!("the pattern does not parse: {kind}"),
            "a character with a meaning of its own is taken literally after a backslash: `\\(`",
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

/// Walks a pattern that Rust can read and stops at the first thing that JavaScript reads differently.
struct Common<'a> {
    pattern: &'a str,
}

impl Common<'_> {
    fn differs(&self, span: &ast::Span, why: &str, help: impl Into<String>) -> Result<(), Fault> {
        let at = bytes(span);
        let text = self.pattern.get(at.clone()).unwrap_or_default();
        Err(Fault {
            message: format!("`{text}` {why}"),
            at,
            help: help.into(),
        })
    }

    fn perl(&self, class: &ast::ClassPerl) -> Result<(), Fault> {
        let help = match (&class.kind, class.negated) {
            (ast::ClassPerlKind::Digit, false) => "write `[0-9]`",
            (ast::ClassPerlKind::Digit, true) => "write `[^0-9]`",
            (ast::ClassPerlKind::Word, false) => "write `[A-Za-z0-9_]`",
            (ast::ClassPerlKind::Word, true) => "write `[^A-Za-z0-9_]`",
            (ast::ClassPerlKind::Space, false) => "write `[ \\t\\r\\n]`",
            (ast::ClassPerlKind::Space, true) => "write `[^ \\t\\r\\n]`",
        };
        self.differs(
            &class.span,
            "matches other characters in Rust than in JavaScript",
            help,
        )
    }

    fn unicode(&self, class: &ClassUnicode) -> Result<(), Fault> {
        match &class.kind {
            ClassUnicodeKind::OneLetter(letter) => self.differs(
                &class.span,
                "is read by Rust only",
                format!("write `\\p{{{letter}}}`"),
            ),
            ClassUnicodeKind::Named(name) if is_shared_property(name) => Ok(()),
            ClassUnicodeKind::NamedValue {
                op: ClassUnicodeOpKind::Equal,
                name,
                value,
            } if matches!(name.as_str(), "Script" | "sc" | "Script_Extensions" | "scx")
                && is_title_case(value) =>
            {
                Ok(())
            }
            _ => self.differs(
                &class.span,
                "is not read alike by Rust and JavaScript",
                "write a general category (`\\p{L}`, `\\p{Lu}`, `\\p{Nd}`) or a script with its full name (`\\p{Script=Greek}`)",
            ),
        }
    }

    fn literal(&self, literal: &Literal, in_class: bool) -> Result<(), Fault> {
        let c = literal.c;
        match &literal.kind {
            LiteralKind::Verbatim if matches!(c, ']' | '}') => self.differs(
                &literal.span,
                "without a backslash is refused by JavaScript",
                format!("write `\\{c}`"),
            ),
            LiteralKind::Meta | LiteralKind::Superfluous
                if !("^$\\.*+?()[]{}|/".contains(c) || in_class && c == '-') =>
            {
                self.differs(
                    &literal.span,
                    "is an escape that JavaScript refuses",
                    format!("write `{c}` without the backslash"),
                )
            }
            LiteralKind::Octal
            | LiteralKind::HexFixed(HexLiteralKind::UnicodeLong)
            | LiteralKind::HexBrace(HexLiteralKind::X | HexLiteralKind::UnicodeLong)
            | LiteralKind::Special(SpecialLiteralKind::Bell | SpecialLiteralKind::Space) => self
                .differs(
                    &literal.span,
                    "is read by Rust only",
                    format!("write `\\u{{{:X}}}`", u32::from(c)),
                ),
            _ => Ok(()),
        }
    }
}

impl ast::Visitor for Common<'_> {
    type Output = ();
    type Err = Fault;

    fn finish(self) -> Result<(), Fault> {
        Ok(())
    }

    fn visit_pre(&mut self, node: &Ast) -> Result<(), Fault> {
        match node {
            Ast::Flags(flags) => self.differs(
                &flags.span,
                "is read by Rust only",
                "flags cannot be set inside a pattern; write both cases out, as in `[Aa]`",
            ),
            Ast::Dot(span) => self.differs(
                span,
                "stops at other line ends in Rust than in JavaScript",
                "write `[^\\n]`, or the characters that may stand there",
            ),
            Ast::Assertion(assertion) => match assertion.kind {
                AssertionKind::StartLine | AssertionKind::EndLine => Ok(()),
                AssertionKind::StartText => {
                    self.differs(&assertion.span, "is read by Rust only", "write `^`")
                }
                AssertionKind::EndText => {
                    self.differs(&assertion.span, "is read by Rust only", "write `$`")
                }
                _ => self.differs(
                    &assertion.span,
                    "finds other word boundaries in Rust than in JavaScript",
                    "write the characters that may stand before and after",
                ),
            },
            Ast::Literal(literal) => self.literal(literal, false),
            Ast::ClassPerl(class) => self.perl(class),
            Ast::ClassUnicode(class) => self.unicode(class),
            Ast::Repetition(repetition) => match &*repetition.ast {
                Ast::Repetition(_) | Ast::Assertion(_) => self.differs(
                    &repetition.op.span,
                    "repeats what JavaScript cannot repeat",
                    "put what is repeated into `(?:…)`, or leave this out",
                ),
                _ => Ok(()),
            },
            Ast::Group(group) => match &group.kind {
                GroupKind::NonCapturing(flags) if !flags.items.is_empty() => self.differs(
                    &flags.span,
                    "as a flag is read by Rust only",
                    "flags cannot be set inside a pattern; write both cases out, as in `[Aa]`",
                ),
                GroupKind::CaptureName {
                    starts_with_p,
                    name,
                } if *starts_with_p || !is_group_name(&name.name) => self.differs(
                    &name.span,
                    "names a group in a way that only Rust reads",
                    "write `(?:…)`: nothing reads a pattern's groups",
                ),
                _ => Ok(()),
            },
            Ast::Empty(_) | Ast::ClassBracketed(_) | Ast::Alternation(_) | Ast::Concat(_) => Ok(()),
        }
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Fault> {
        match item {
            ClassSetItem::Literal(literal) => self.literal(literal, true),
            ClassSetItem::Range(range) => {
                self.literal(&range.start, true)?;
                self.literal(&range.end, true)
            }
            ClassSetItem::Perl(class) => self.perl(class),
            ClassSetItem::Unicode(class) => self.unicode(class),
            ClassSetItem::Ascii(class) => self.differs(
                &class.span,
                "is read by Rust only",
                "write the characters: `[A-Za-z]`, `[0-9]`",
            ),
            ClassSetItem::Bracketed(class) => self.differs(
                &class.span,
                "inside a class is read by Rust only",
                "write all characters into one pair of brackets; a literal `[` is `\\[`",
            ),
            ClassSetItem::Empty(_) | ClassSetItem::Union(_) => Ok(()),
        }
    }

    fn visit_class_set_binary_op_pre(&mut self, op: &ast::ClassSetBinaryOp) -> Result<(), Fault> {
        self.differs(
            &op.span,
            "is a set operation, which only Rust reads",
            "write out the characters; literal ones get a backslash, as in `\\-`",
        )
    }
}

fn is_group_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// General categories and a few properties, spelled as JavaScript demands. Rust takes any spelling.
fn is_shared_property(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "L",
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "M",
        "Mn",
        "Mc",
        "Me",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Pi",
        "Pf",
        "Po",
        "S",
        "Sm",
        "Sc",
        "Sk",
        "So",
        "Z",
        "Zs",
        "Zl",
        "Zp",
        "C",
        "Cc",
        "Cf",
        "Co",
        "Letter",
        "Uppercase_Letter",
        "Lowercase_Letter",
        "Mark",
        "Number",
        "Decimal_Number",
        "Punctuation",
        "Symbol",
        "Separator",
        "Control",
        "Alphabetic",
        "Uppercase",
        "Lowercase",
        "White_Space",
    ];
    NAMES.contains(&name)
}

/// `Old_Italic`: how JavaScript wants a script. Whether there is one of that name, Rust says.
fn is_title_case(name: &str) -> bool {
    name.split('_').all(|word| {
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.chars().skip(1).all(|c| c.is_ascii_lowercase())
    })
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
