//! The arguments of `#[event(…)]`, each at most once and of its own kind. An argument that cannot be read is there and
//! has no value, so that nobody reports it as missing.

use proc_macro2::{Delimiter, Ident, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, Lit, LitStr, Token};

use super::Tokens;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, closest, unknown};
use crate::source::{Span, Spanned};

/// Every argument that people write: `not_published_by` is for generated code.
const KEYS: &[&str] = &[
    "subject",
    "stream",
    "id",
    "key",
    "partitions",
    "name",
    "envelope",
    "publish",
    "deprecated",
    "validate",
    "wire_struct",
    "crate",
];

/// A written value; `None` when it could not be read (reported).
type Written<T> = Option<Spanned<Option<T>>>;

/// Arguments of the attribute.
#[derive(Default)]
pub(super) struct Arguments {
    /// The word `event` of the first attribute.
    pub(super) attribute: Option<Span>,
    pub(super) subject: Written<String>,
    pub(super) stream: Written<String>,
    pub(super) id: Written<String>,
    pub(super) key: Written<String>,
    pub(super) name: Written<String>,
    pub(super) envelope: Written<String>,
    pub(super) partitions: Written<u32>,
    pub(super) publish: Option<bool>,
    pub(super) not_published_by: Written<String>,
    pub(super) deprecated: Written<String>,
    pub(super) validate: bool,
    pub(super) wire_struct: bool,
    pub(super) runtime: Option<syn::Path>,
}

/// One argument as syntax: `key`, `key = value`, or `key(…)`, which no argument of ours is.
struct Argument {
    key: Ident,
    value: Value,
}

enum Value {
    None,
    Expression(Expr),
    List,
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.call(Ident::parse_any)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Value::Expression(input.parse()?)
        } else if matches!(input.cursor().token_tree(), Some((TokenTree::Group(group), _)) if group.delimiter() != Delimiter::None)
        {
            input.parse::<TokenTree>()?;
            Value::List
        } else {
            Value::None
        };
        Ok(Self { key, value })
    }
}

impl Arguments {
    /// Reads every `#[event(…)]` of a struct.
    pub(super) fn read(
        attributes: &[Attribute],
        tokens: &mut Tokens,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut arguments = Self::default();
        let mut first: Vec<(String, Span)> = Vec::new();
        for attribute in attributes.iter().filter(|a| a.path().is_ident("event")) {
            let place = tokens.add(attribute.path().span());
            arguments.attribute.get_or_insert(place);
            let parsed =
                attribute.parse_args_with(Punctuated::<Argument, Token![,]>::parse_terminated);
            let list = match parsed {
                Ok(list) => list,
                Err(error) => {
                    let place = tokens.add(error.span());
                    diagnostics.push(
                        Diagnostic::new(Code::WrongValue, place, error.to_string()).help(
                            "the attribute is written #[event(subject = \"…\", stream = \"…\")]",
                        ),
                    );
                    // Whatever it says, it is not missing.
                    arguments.poison("subject", place);
                    arguments.poison("key", place);
                    arguments.poison("partitions", place);
                    continue;
                }
            };
            for argument in list {
                let key = argument.key.unraw().to_string();
                let place = tokens.add(argument.key.span());
                if let Some((_, earlier)) = first.iter().find(|(name, _)| *name == key) {
                    diagnostics.push(
                        Diagnostic::new(
                            Code::DuplicateName,
                            place,
                            format!("`{key}` stands twice"),
                        )
                        .related(*earlier, "first here")
                        .help("remove one of them"),
                    );
                    continue;
                }
                first.push((key.clone(), place));
                arguments.take(&key, place, &argument.value, tokens, diagnostics);
            }
        }
        arguments
    }

    fn take(
        &mut self,
        key: &str,
        place: Span,
        value: &Value,
        tokens: &mut Tokens,
        diagnostics: &mut Diagnostics,
    ) {
        let mut reading = Reading {
            key,
            place,
            value,
            tokens,
            diagnostics,
        };
        match key {
            "subject" => self.subject = Some(reading.text()),
            "stream" => self.stream = Some(reading.text()),
            "id" => self.id = Some(reading.text()),
            "key" => self.key = Some(reading.text()),
            "name" => self.name = Some(reading.text()),
            "envelope" => self.envelope = Some(reading.text()),
            "partitions" => self.partitions = Some(reading.number()),
            "publish" => self.publish = reading.bool(),
            "not_published_by" => self.not_published_by = Some(reading.text()),
            "deprecated" => self.deprecated = Some(reading.text()),
            "validate" => self.validate = reading.flag(),
            "wire_struct" => self.wire_struct = reading.flag(),
            "crate" => self.runtime = reading.path(),
            _ => {
                let written = Spanned::new(key.to_owned(), place);
                diagnostics.push(unknown(
                    Code::UnknownKey,
                    "argument",
                    &written,
                    KEYS.iter().copied(),
                ));
                // The one that was meant is not missing.
                if let Some(meant) = closest(key, KEYS.iter().copied()) {
                    self.poison(meant, place);
                }
            }
        }
    }

    /// Marks an argument as there but unreadable, unless it is there.
    fn poison(&mut self, key: &str, place: Span) {
        let text = match key {
            "subject" => &mut self.subject,
            "stream" => &mut self.stream,
            "key" => &mut self.key,
            "partitions" => {
                self.partitions.get_or_insert(Spanned::new(None, place));
                return;
            }
            _ => return,
        };
        text.get_or_insert(Spanned::new(None, place));
    }
}

/// One argument while its value is read.
struct Reading<'a> {
    key: &'a str,
    place: Span,
    value: &'a Value,
    tokens: &'a mut Tokens,
    diagnostics: &'a mut Diagnostics,
}

impl Reading<'_> {
    /// The literal, through the invisible group that a `macro_rules!` puts around it.
    fn literal(&self) -> Option<&Lit> {
        let Value::Expression(written) = self.value else {
            return None;
        };
        let mut expression = written;
        while let Expr::Group(group) = expression {
            expression = &group.expr;
        }
        match expression {
            Expr::Lit(literal) => Some(&literal.lit),
            _ => None,
        }
    }

    /// Returns the place where the value stands; the key when there is none.
    fn value_place(&mut self) -> Span {
        match self.value {
            Value::Expression(expression) => self.tokens.add(expression.span()),
            _ => self.place,
        }
    }

    fn wrong(&mut self, form: &str) -> Span {
        let place = self.value_place();
        let key = self.key;
        self.diagnostics.push(Diagnostic::new(
            Code::WrongValue,
            place,
            format!("`{key}` must be written {form}"),
        ));
        place
    }

    fn text(&mut self) -> Spanned<Option<String>> {
        let text = match self.literal() {
            Some(Lit::Str(text)) => Some(text.value()),
            _ => None,
        };
        let place = match text {
            Some(_) => self.value_place(),
            None => self.wrong(&format!("{} = \"…\"", self.key)),
        };
        Spanned::new(text, place)
    }

    fn number(&mut self) -> Spanned<Option<u32>> {
        let number = match self.literal() {
            Some(Lit::Int(number)) => number.base10_parse::<u32>().ok().filter(|n| *n > 0),
            _ => None,
        };
        let place = match number {
            Some(_) => self.value_place(),
            None => self.wrong(&format!(
                "{} = 8, with a number from 1 to {}",
                self.key,
                u32::MAX
            )),
        };
        Spanned::new(number, place)
    }

    fn bool(&mut self) -> Option<bool> {
        match self.literal() {
            Some(Lit::Bool(value)) => Some(value.value),
            _ => {
                self.wrong(&format!("{0} = true or {0} = false", self.key));
                None
            }
        }
    }

    fn flag(&mut self) -> bool {
        if !matches!(self.value, Value::None) {
            self.wrong("as it is, without a value");
        }
        true
    }

    fn path(&mut self) -> Option<syn::Path> {
        let path = match self.literal() {
            Some(Lit::Str(text)) => parse_path(text),
            _ => None,
        };
        if path.is_none() {
            self.wrong(&format!("{} = \"path::to::event_runtime\"", self.key));
        }
        path
    }
}

fn parse_path(text: &LitStr) -> Option<syn::Path> {
    text.parse_with(syn::Path::parse_mod_style).ok()
}
