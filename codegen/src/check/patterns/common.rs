//! The part of Rust's patterns that JavaScript reads alike.

use regex_syntax::ast::{
    self, AssertionKind, Ast, ClassSetItem, ClassUnicode, ClassUnicodeKind, ClassUnicodeOpKind,
    GroupKind, HexLiteralKind, Literal, LiteralKind, SpecialLiteralKind,
};

use super::{Fault, bytes};

/// Walks a pattern that Rust can read and stops at the first thing that JavaScript reads differently.
pub(super) struct Common<'a> {
    pattern: &'a str,
}

impl<'a> Common<'a> {
    pub fn new(pattern: &'a str) -> Self {
        Self { pattern }
    }

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
                "is supported by Rust only",
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
                "differs between Rust and JavaScript",
                "write a general category (`\\p{L}`, `\\p{Lu}`, `\\p{Nd}`) or a script with its full name (`\\p{Script=Greek}`)",
            ),
        }
    }

    fn literal(&self, literal: &Literal, in_class: bool) -> Result<(), Fault> {
        let c = literal.c;
        match &literal.kind {
            LiteralKind::Verbatim if matches!(c, ']' | '}') => self.differs(
                &literal.span,
                "without a backslash is rejected by JavaScript",
                format!("write `\\{c}`"),
            ),
            LiteralKind::Meta | LiteralKind::Superfluous
                if !("^$\\.*+?()[]{}|/".contains(c) || in_class && c == '-') =>
            {
                self.differs(
                    &literal.span,
                    "is an escape that JavaScript rejects",
                    format!("write `{c}` without the backslash"),
                )
            }
            LiteralKind::Octal
            | LiteralKind::HexFixed(HexLiteralKind::UnicodeLong)
            | LiteralKind::HexBrace(HexLiteralKind::X | HexLiteralKind::UnicodeLong)
            | LiteralKind::Special(SpecialLiteralKind::Bell | SpecialLiteralKind::Space) => self
                .differs(
                    &literal.span,
                    "is supported by Rust only",
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
                "is supported by Rust only",
                "flags cannot be set inside a pattern; write both cases out, as in `[Aa]`",
            ),
            Ast::Dot(span) => self.differs(
                span,
                "matches other line terminators in Rust than in JavaScript",
                "write `[^\\n]`, or the characters that are allowed there",
            ),
            Ast::Assertion(assertion) => match assertion.kind {
                AssertionKind::StartLine | AssertionKind::EndLine => Ok(()),
                AssertionKind::StartText => {
                    self.differs(&assertion.span, "is supported by Rust only", "write `^`")
                }
                AssertionKind::EndText => {
                    self.differs(&assertion.span, "is supported by Rust only", "write `$`")
                }
                _ => self.differs(
                    &assertion.span,
                    "finds other word boundaries in Rust than in JavaScript",
                    "write the characters that are allowed before and after",
                ),
            },
            Ast::Literal(literal) => self.literal(literal, false),
            Ast::ClassPerl(class) => self.perl(class),
            Ast::ClassUnicode(class) => self.unicode(class),
            Ast::Repetition(repetition) => match &*repetition.ast {
                Ast::Repetition(_) | Ast::Assertion(_) => self.differs(
                    &repetition.op.span,
                    "repeats an expression that JavaScript cannot repeat",
                    "put what is repeated into `(?:…)`, or leave this out",
                ),
                _ => Ok(()),
            },
            Ast::Group(group) => match &group.kind {
                GroupKind::NonCapturing(flags) if !flags.items.is_empty() => self.differs(
                    &flags.span,
                    "as a flag is supported by Rust only",
                    "flags cannot be set inside a pattern; write both cases out, as in `[Aa]`",
                ),
                GroupKind::CaptureName {
                    starts_with_p,
                    name,
                } if *starts_with_p || !is_group_name(&name.name) => self.differs(
                    &name.span,
                    "uses group syntax that only Rust supports",
                    "write `(?:…)`: groups of a pattern are not used",
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
                "is supported by Rust only",
                "write the characters: `[A-Za-z]`, `[0-9]`",
            ),
            ClassSetItem::Bracketed(class) => self.differs(
                &class.span,
                "inside a class is supported by Rust only",
                "write all characters into one pair of brackets; a literal `[` is `\\[`",
            ),
            ClassSetItem::Empty(_) | ClassSetItem::Union(_) => Ok(()),
        }
    }

    fn visit_class_set_binary_op_pre(&mut self, op: &ast::ClassSetBinaryOp) -> Result<(), Fault> {
        self.differs(
            &op.span,
            "is a set operation, which only Rust supports",
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
