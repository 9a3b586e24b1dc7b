//! Type expressions: `list<Money>`, `map<string>`, `string?`. Parses text; resolves the names in it.

use std::ops::Range;

use super::names::Sort;
use super::table::TableReader;
use crate::diagnostic::{Code, Diagnostic, closest};
use crate::model::{Type, TypeId};
use crate::name;
use crate::read::keys::SCALARS;
use crate::source::{Span, Spanned};

/// Deeper than any payload should be, and shallow enough that nothing that walks types can run out of stack.
const DEEPEST: usize = 16;

/// What people write who come from elsewhere.
const ELSEWHERE: &[(&str, &str)] = &[
    ("str", "string"),
    ("text", "string"),
    ("varchar", "string"),
    ("char", "string"),
    ("int", "i32\" or \"i64"),
    ("integer", "i32\" or \"i64"),
    ("number", "i64\", \"f64\" or \"decimal"),
    ("long", "i64"),
    ("short", "i32"),
    ("byte", "u32"),
    ("i8", "i32"),
    ("i16", "i32"),
    ("u8", "u32"),
    ("u16", "u32"),
    ("usize", "u64"),
    ("i128", "decimal"),
    ("float", "f64"),
    ("double", "f64"),
    ("f32", "f64"),
    ("boolean", "bool"),
    ("guid", "uuid"),
    ("datetime", "timestamp"),
    ("date-time", "timestamp"),
    ("instant", "timestamp"),
    ("time", "timestamp"),
    ("binary", "bytes"),
    ("blob", "bytes"),
    ("any", "json"),
    ("object", "json"),
    ("value", "json"),
    ("list", "list<T>"),
    ("array", "list<T>"),
    ("vec", "list<T>"),
    ("map", "map<T>"),
    ("dict", "map<T>"),
    ("hashmap", "map<T>"),
];

impl TableReader<'_> {
    /// A field's type, and whether a `?` makes it optional.
    pub(super) fn field_type(&mut self, text: &Spanned<String>) -> (Spanned<Type>, bool) {
        let (whole, optional) = match text.value.strip_suffix('?') {
            Some(whole) => (whole, true),
            None => (text.value.as_str(), false),
        };
        (
            Spanned::new(self.parse(text, 0..whole.len()), text.span),
            optional,
        )
    }

    /// The type of a named scalar.
    pub(super) fn scalar_type(&mut self, text: &Spanned<String>) -> Spanned<Type> {
        let mut ty = Type::Invalid;
        if text.value.ends_with('?') {
            let mark = text.value.len() - 1..text.value.len();
            self.bad_type(
                text,
                mark,
                "a named type cannot be optional",
                "put the `?` where a field uses the type",
            );
        } else {
            ty = self.parse(text, 0..text.value.len());
        }
        if matches!(
            ty,
            Type::List(_) | Type::Map(_) | Type::Named(_) | Type::Json
        ) {
            self.bad_type(
                text,
                0..text.value.len(),
                "a named type with `type` must be a scalar",
                "use the list, map or type where a field needs it",
            );
            ty = Type::Invalid;
        }
        Spanned::new(ty, text.span)
    }

    fn bad_type(&mut self, text: &Spanned<String>, part: Range<usize>, message: &str, help: &str) {
        let at = self.inside(text, part);
        self.report(Diagnostic::new(Code::BadType, at, message).help(help));
    }

    /// Parses a part of a type's text. The brackets are taken from outside in, so no depth of them needs a stack.
    fn parse(&mut self, text: &Spanned<String>, whole: Range<usize>) -> Type {
        let mut range = whole;
        let mut wrappers: Vec<fn(Box<Type>) -> Type> = Vec::new();
        loop {
            let part = &text.value[range.clone()];
            let (wrapper, prefix): (fn(Box<Type>) -> Type, usize) = if part.starts_with("list<") {
                (Type::List, "list<".len())
            } else if part.starts_with("map<") {
                (Type::Map, "map<".len())
            } else {
                break;
            };
            if wrappers.len() == DEEPEST {
                let help = "give the inner part a name in [types]";
                self.bad_type(
                    text,
                    range,
                    &format!("a type nests more than {DEEPEST} deep"),
                    help,
                );
                return Type::Invalid;
            }
            if !part.ends_with('>') {
                let open = range.start + prefix - 1;
                self.bad_type(
                    text,
                    open..open + 1,
                    "`<` is not closed by a `>` at the end",
                    "write list<T> or map<T>",
                );
                return Type::Invalid;
            }
            wrappers.push(wrapper);
            range = range.start + prefix..range.end - 1;
        }
        let inner = self.leaf(text, range);
        wrappers.into_iter().rev().fold(inner, |ty, wrap| match ty {
            Type::Invalid => Type::Invalid,
            ty => wrap(Box::new(ty)),
        })
    }

    fn leaf(&mut self, text: &Spanned<String>, range: Range<usize>) -> Type {
        let part = &text.value[range.clone()];
        if let Some((_, ty)) = SCALARS.iter().find(|(name, _)| *name == part) {
            return ty.clone();
        }
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if !part.is_empty() && part.chars().all(word) {
            let written = Spanned::new(part.to_owned(), self.inside(text, range));
            return self.named_type(&written).map_or(Type::Invalid, Type::Named);
        }
        let (message, help) = match part {
            "" => (
                "a type is missing",
                "write a scalar such as string, list<T>, map<T>, or the name of a type",
            ),
            _ if part.ends_with('?') => (
                "only a field as a whole can be optional",
                "write the `?` at the end of the field's type, or leave it out",
            ),
            _ if part.contains('|') => (
                "a type has no alternatives",
                "declare a union with [types.Name.union] and use its name",
            ),
            _ if part.contains(char::is_whitespace) => (
                "a type has no spaces",
                "write it in one piece, such as list<string>",
            ),
            _ if part.contains(',') => (
                "a map has one type, that of its values",
                "its keys are always strings: map<T>",
            ),
            _ if part.contains(['<', '>']) => (
                "only list and map take a type in brackets",
                "write list<T> or map<T>",
            ),
            _ => (
                "this is not a valid type",
                "write a scalar such as string, list<T>, map<T>, or the name of a type",
            ),
        };
        self.bad_type(text, range, message, help);
        Type::Invalid
    }

    /// Returns whether a text is the name of a scalar.
    pub(super) fn is_scalar(text: &str) -> bool {
        SCALARS.iter().any(|(name, _)| *name == text)
    }

    /// The type of a name; reports when there is none.
    pub(super) fn named_type(&mut self, written: &Spanned<String>) -> Option<TypeId> {
        let here = self.document.domain;
        let found = self.names.ty(here, &written.value);
        if found.is_none() && !self.names.may_be_lost(here, &written.value) {
            let help = if self.names.event(here, &written.value).is_some() {
                Some("that is an event; a field needs a type".to_owned())
            } else {
                self.near_type(&written.value)
            };
            let message = format!("there is no type \"{}\"", written.value);
            self.unknown(Code::UnknownType, written.span, message, help);
        }
        found
    }

    fn near_type(&self, written: &str) -> Option<String> {
        let lower = written.to_ascii_lowercase();
        if let Some((_, ours)) = ELSEWHERE.iter().find(|(theirs, _)| *theirs == lower) {
            return Some(format!("write \"{ours}\""));
        }
        if let Some(best) = closest(written, SCALARS.iter().map(|(name, _)| *name)) {
            return Some(format!("did you mean \"{best}\"?"));
        }
        self.near_name(Sort::Type, written)
    }

    /// The name that was meant: the same in another file, or one that is spelled nearly so.
    pub(super) fn near_name(&self, sort: Sort, written: &str) -> Option<String> {
        if !self.names.may_suggest() {
            return None;
        }
        let names = self.names.candidates(sort, self.document.domain);
        let last = written.rsplit('.').next().unwrap_or(written);
        let elsewhere = names
            .iter()
            .find(|name| name.rsplit('.').next() == Some(last));
        if let Some(name) = elsewhere
            .map(String::as_str)
            .or_else(|| closest(written, names.iter().map(String::as_str)))
        {
            return Some(format!("did you mean \"{name}\"?"));
        }
        let kind = match sort {
            Sort::Event => "[events.Name]",
            Sort::Type => "[types.Name]",
        };
        Some(match names.len() {
            0 => format!("declare it with {kind}"),
            1..=12 => format!(
                "declare it with {kind}, or use one of: {}",
                names.join(", ")
            ),
            _ => format!("declare it with {kind}"),
        })
    }

    /// Reports a name that means nothing.
    pub(super) fn unknown(&mut self, code: Code, at: Span, message: String, help: Option<String>) {
        let mut diagnostic = Diagnostic::new(code, at, message);
        diagnostic.help = help;
        self.report(diagnostic);
    }

    /// Reports a name that is not formed like an event's or type's.
    pub(super) fn check_type_name(&mut self, what: &str, written: &Spanned<String>) {
        if !name::is_type_name(&written.value) {
            self.report(
                Diagnostic::new(
                    Code::BadName,
                    written.span,
                    format!("\"{}\" cannot be the name of {what}", written.value),
                )
                .help(
                    "letters and digits, beginning with an upper-case letter, such as OrderPlaced",
                ),
            );
        }
    }
}
