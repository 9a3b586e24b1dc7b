//! The Rust front end: the struct under `#[derive(Event)]`, as a model with one event.
//!
//! Sees tokens only: whether a field's type can be a token of a subject is for the compiler to say (the trait `Token`), so
//! types are [`Type::Invalid`] here and the rules say nothing about them. Emits nothing.

mod arguments;
mod serde;

use proc_macro2::Span as TokenSpan;
use syn::ext::IdentExt;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Fields};

use self::arguments::Arguments;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, no_choice};
use crate::model::{
    Constraints, Contracts, Discard, Domain, DomainId, Envelope, Event, Field, FieldRef, Retention,
    Storage, Stream, StreamId, Type, TypeKind,
};
use crate::name;
use crate::source::{FileId, Span, Spanned};
use crate::subject::Template;

/// The tokens that a model of this front end refers to: a [`Span`] is an index here.
#[derive(Debug, Default)]
pub struct Tokens(Vec<TokenSpan>);

impl Tokens {
    /// Remembers a token and says how to refer to it.
    pub fn add(&mut self, token: TokenSpan) -> Span {
        self.0.push(token);
        Span::new(FileId(0), self.0.len() - 1..self.0.len())
    }

    /// The token behind a span; the macro's call site for a span that is not of this table.
    #[must_use]
    pub fn get(&self, span: Span) -> TokenSpan {
        self.0
            .get(span.start as usize)
            .copied()
            .unwrap_or_else(TokenSpan::call_site)
    }
}

/// A struct as it was read.
pub struct Derived<'a> {
    /// The model: one domain without a name, one event, and its stream if it names one.
    pub contracts: Contracts,
    /// Tokens that the model's spans refer to.
    pub tokens: Tokens,
    /// The struct's fields, in the order of the event's.
    pub fields: Vec<&'a syn::Field>,
    /// The path of the runtime: `::event_runtime`, or what `crate = "…"` says.
    pub runtime: syn::Path,
    /// True if the event gets functions that publish it.
    pub publish: bool,
    /// The services that this code is for, when none of them may publish it.
    pub not_published_by: Option<String>,
    /// True if the struct implements `Validate`.
    pub validate: bool,
}

/// Reads the struct and its attributes, and reports everything that is wrong with them.
pub fn read<'a>(input: &'a DeriveInput, diagnostics: &mut Diagnostics) -> Derived<'a> {
    let mut tokens = Tokens::default();
    let ident = tokens.add(input.ident.span());
    let arguments = Arguments::read(&input.attrs, &mut tokens, diagnostics);
    let fields = struct_fields(input, &mut tokens, diagnostics);
    if let Some(fields) = fields.as_ref().filter(|_| !arguments.wire_struct) {
        serde::container(input, !fields.is_empty(), &mut tokens, diagnostics);
        serde::fields(fields, &mut tokens, diagnostics);
    }
    let model: Option<Vec<Field>> = fields.as_ref().map(|fields| {
        let read = |f: &&syn::Field| field(f, arguments.wire_struct, &mut tokens);
        fields.iter().map(read).collect()
    });
    let subject = subject(&arguments, ident, diagnostics);
    let mut contracts = Contracts::default();
    contracts.domains.push(Domain {
        name: String::new(),
        file: FileId(0),
        doc: None,
        owner: None,
    });
    let stream = arguments.stream.as_ref().map(|stream| {
        let id = stream.value.as_ref().map(|name| {
            contracts.streams.push(self::stream(
                &arguments,
                Spanned::new(name.clone(), stream.span),
            ));
            StreamId(0)
        });
        Spanned::new(id, stream.span)
    });
    partitions(&arguments, diagnostics);
    let reference = |written: &Option<Spanned<Option<String>>>, diagnostics: &mut Diagnostics| {
        let written = written.as_ref()?;
        Some(Spanned::new(
            field_ref(written, model.as_deref(), diagnostics),
            written.span,
        ))
    };
    let id = reference(&arguments.id, diagnostics);
    let key = reference(&arguments.key, diagnostics);
    contracts.events.push(Event {
        name: event_name(&arguments, input, ident, diagnostics),
        domain: DomainId(0),
        doc: None,
        subject,
        stream,
        id,
        key,
        version: 1,
        deprecated: arguments
            .deprecated
            .as_ref()
            .and_then(|note| Some(Spanned::new(note.value.clone()?, note.span))),
        supersedes: None,
        envelope: envelope(&arguments, diagnostics),
        // What is no struct has been reported: no rule may miss its fields.
        body: model.map_or(TypeKind::Invalid, TypeKind::Struct).into(),
        reserved: Vec::new(),
        examples: Vec::new(),
    });
    Derived {
        contracts,
        tokens,
        fields: fields.unwrap_or_default(),
        runtime: arguments
            .runtime
            .unwrap_or_else(|| syn::parse_quote!(::event_runtime)),
        publish: arguments.publish.unwrap_or(true),
        not_published_by: arguments.not_published_by.and_then(|names| names.value),
        validate: arguments.validate,
    }
}

/// The named fields; `None` for anything that is no plain struct.
fn struct_fields<'a>(
    input: &'a DeriveInput,
    tokens: &mut Tokens,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<&'a syn::Field>> {
    let mut refuse = |place: TokenSpan, what: &str, help: &str| {
        let span = tokens.add(place);
        diagnostics.push(Diagnostic::new(Code::Unsupported, span, what).help(help));
    };
    if let Some(parameter) = input.generics.params.first() {
        refuse(
            parameter.span(),
            "an event cannot be generic",
            "an event has one name and one shape: write one struct for each",
        );
    }
    let help = "an event is a JSON object: write a struct with named fields";
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(fields.named.iter().collect()),
            Fields::Unnamed(fields) => {
                refuse(
                    fields.paren_token.span.open(),
                    "an event cannot be a tuple struct",
                    help,
                );
            }
            Fields::Unit => {
                let help = "an event is a JSON object: write `{}` for one without fields";
                refuse(input.ident.span(), "an event cannot be a unit struct", help);
            }
        },
        Data::Enum(data) => refuse(data.enum_token.span, "an event cannot be an enum", help),
        Data::Union(data) => refuse(data.union_token.span, "an event cannot be a union", help),
    }
    None
}

/// With `wire_struct!` the name on the wire stands there, where a derive cannot see it; any name that no other field has will do.
fn field(field: &syn::Field, wire_struct: bool, tokens: &mut Tokens) -> Field {
    let (written, token) = match &field.ident {
        Some(ident) => (ident.unraw().to_string(), ident.span()),
        None => (String::new(), field.ty.span()),
    };
    // The identifiers of fields named `self`, `super` and `crate`: see `name::field_ident`.
    let name = match written.as_str() {
        "self_" | "super_" | "crate_" => written.trim_end_matches('_').to_owned(),
        _ => written,
    };
    let name = Spanned::new(name, tokens.add(token));
    let rename = match wire_struct {
        true => Some(name.clone()),
        false => serde::renamed(field, tokens),
    };
    Field {
        name,
        rename,
        ty: Spanned::new(Type::Invalid, tokens.add(field.ty.span())),
        optional: serde::is_option(&field.ty),
        doc: None,
        default: None,
        alias: None,
        constraints: Constraints::default(),
        as_text: None,
        deprecated: None,
        sensitive: None,
    }
}

/// The full name, as it will stand in message ids.
fn event_name(
    arguments: &Arguments,
    input: &DeriveInput,
    ident: Span,
    diagnostics: &mut Diagnostics,
) -> Spanned<String> {
    let written = match &arguments.name {
        None => Spanned::new(input.ident.unraw().to_string(), ident),
        Some(Spanned { value: None, span }) => return Spanned::new(String::new(), *span),
        Some(Spanned {
            value: Some(name),
            span,
        }) => Spanned::new(name.clone(), *span),
    };
    let mut segments = written.rsplit('.');
    let good = segments.next().is_some_and(name::is_type_name) && segments.all(name::is_field_name);
    if !good {
        diagnostics.push(
            Diagnostic::new(
                Code::BadName,
                written.span,
                format!("\"{}\" cannot be the name of an event", written.value),
            )
            .help("write UpperCamelCase in ASCII, after the domain if there is one: name = \"shop.OrderPlaced\""),
        );
    }
    written
}

fn subject(arguments: &Arguments, ident: Span, diagnostics: &mut Diagnostics) -> Spanned<Template> {
    let Some(written) = &arguments.subject else {
        let diagnostic = match arguments.attribute {
            Some(place) => Diagnostic::new(Code::MissingKey, place, "an event needs a `subject`"),
            None => Diagnostic::new(
                Code::MissingKey,
                ident,
                "an event needs the attribute `#[event(…)]`",
            ),
        };
        let help = "write where it is published: #[event(subject = \"orders.{region}.placed\")]";
        diagnostics.push(diagnostic.help(help));
        return Spanned::new(Template::default(), ident);
    };
    let Some(text) = &written.value else {
        return Spanned::new(Template::default(), written.span);
    };
    let template = Template::parse(text).unwrap_or_else(|errors| {
        for error in errors {
            diagnostics.push(error.kind.diagnostic(written.span));
        }
        Template::default()
    });
    Spanned::new(template, written.span)
}

fn stream(arguments: &Arguments, name: Spanned<String>) -> Stream {
    let span = name.span;
    // With a key and no partitions, which is reported, a stand-in keeps the rules quiet.
    let partitions = match (&arguments.partitions, &arguments.key) {
        (Some(n), _) => Some(Spanned::new(n.value.unwrap_or(1), n.span)),
        (None, Some(key)) => Some(Spanned::new(1, key.span)),
        (None, None) => None,
    };
    Stream {
        name,
        domain: DomainId(0),
        doc: None,
        max_age: None,
        max_bytes: None,
        max_messages: None,
        replicas: 1,
        storage: Storage::default(),
        retention: Spanned::new(Retention::default(), span),
        duplicate_window: None,
        discard: Discard::default(),
        partitions,
        subjects: Vec::new(),
    }
}

/// The envelope that is written, plain where none is or where it cannot be read.
fn envelope(arguments: &Arguments, diagnostics: &mut Diagnostics) -> Envelope {
    let written = arguments.envelope.as_ref();
    let Some(written) = written.and_then(|w| Some(Spanned::new(w.value.clone()?, w.span))) else {
        return Envelope::Plain;
    };
    Envelope::find(&written.value).unwrap_or_else(|| {
        diagnostics.push(no_choice("envelope", &written, Envelope::TEXTS));
        Envelope::Plain
    })
}

/// `key` and `partitions` come together: here nobody else knows how many partitions the stream has.
fn partitions(arguments: &Arguments, diagnostics: &mut Diagnostics) {
    match (&arguments.key, &arguments.partitions) {
        (Some(key), None) => diagnostics.push(
            Diagnostic::new(Code::BadKey, key.span, "`key` needs `partitions`")
                .help("write how many partitions the stream has, for example partitions = 8"),
        ),
        (None, Some(partitions)) => diagnostics.push(
            Diagnostic::new(Code::BadKey, partitions.span, "`partitions` needs `key`")
                .help("write the field whose events are to stay in order: key = \"…\""),
        ),
        _ => {}
    }
}

fn field_ref(
    written: &Spanned<Option<String>>,
    fields: Option<&[Field]>,
    diagnostics: &mut Diagnostics,
) -> FieldRef {
    let (name, fields) = (written.value.as_ref()?, fields?);
    let found = fields.iter().position(|field| field.name.value == *name);
    if found.is_none() {
        diagnostics.push(
            Diagnostic::new(
                Code::UnknownField,
                written.span,
                format!("the event has no field \"{name}\""),
            )
            .suggest(name, fields.iter().map(|field| field.name.value.as_str())),
        );
    }
    found
}
