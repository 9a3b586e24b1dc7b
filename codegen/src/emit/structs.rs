//! Events and types with fields: plain structs, and beside each its names on the wire; the derive `Event` writes the rest.

use super::scope::Scope;
use super::writer::{Writer, literal};
use super::{about, defaults, import, required, validate};
use crate::model::{Body, Envelope, Event, EventId, Field, Type, TypeId, TypeKind};
use crate::name;

/// One event.
pub(super) fn event(w: &mut Writer, scope: &Scope<'_>, id: EventId) {
    let event = &scope.contracts[id];
    let fields = match &event.body {
        Body::Fields(fields) => fields,
        Body::Schema(schema) => return import::event(w, scope, id, schema),
    };
    about::event(w, scope, id);
    let mut arguments = event_arguments(scope, event, id);
    arguments.push("wire_struct".to_owned());
    let shape = Shape {
        ident: name::type_ident(&event.name),
        owner: None,
        fields,
        event: Some(arguments),
    };
    shape.write(w, scope);
}

/// One type with fields.
pub(super) fn ty(w: &mut Writer, scope: &Scope<'_>, id: TypeId, fields: &[Field]) {
    let ty = &scope.contracts[id];
    match &ty.doc {
        Some(doc) => w.doc(doc),
        None => w.doc(&format!("The type `{}`.", scope.contracts.type_name(ty))),
    }
    let shape = Shape {
        ident: name::type_ident(&ty.name),
        owner: Some(id),
        fields,
        event: None,
    };
    shape.write(w, scope);
}

/// The arguments of `#[event(…)]`.
pub(super) fn event_arguments(scope: &Scope<'_>, event: &Event, id: EventId) -> Vec<String> {
    let contracts = scope.contracts;
    let fields = contracts.members(event);
    let mut args = vec![
        "crate = \"event_runtime\"".to_owned(),
        format!("name = {}", literal(&contracts.event_name(event))),
        format!("subject = {}", literal(&event.subject.text)),
    ];
    if let Some(stream) = contracts.stream_of(event) {
        args.push(format!("stream = {}", literal(&stream.name)));
    }
    let field = |at: Option<usize>| {
        at.and_then(|at| fields.get(at))
            .map(|field| field.name.as_str())
    };
    if let Some(id) = event.id.as_ref().and_then(|id| field(id.value)) {
        args.push(format!("id = {}", literal(id)));
    }
    if let Some(key) = event.key.as_ref().and_then(|key| field(key.value)) {
        args.push(format!("key = {}", literal(key)));
        if let Some(partitions) = contracts
            .stream_of(event)
            .and_then(|s| s.partitions.as_ref())
        {
            args.push(format!("partitions = {}", partitions.value));
        }
    }
    if event.envelope != Envelope::Plain {
        args.push(format!("envelope = {}", literal(event.envelope.as_str())));
    }
    if !scope.uses.published(id) {
        let services = scope.uses.services.iter();
        let services: Vec<&str> = services
            .map(|id| contracts[*id].name.value.as_str())
            .collect();
        args.push(format!(
            "not_published_by = {}",
            literal(&services.join("` or `"))
        ));
    } else if let Some(note) = &event.deprecated {
        args.push(format!("deprecated = {}", literal(note)));
    }
    let checked = match &event.body {
        Body::Fields(fields) => validate::needed(contracts, fields),
        Body::Schema(schema) => contracts.import(schema).is_some_and(|import| import.checks),
    };
    if checked {
        args.push("validate".to_owned());
    }
    args
}

/// What events and types have in common.
struct Shape<'a> {
    ident: String,
    owner: Option<TypeId>,
    fields: &'a [Field],
    event: Option<Vec<String>>,
}

impl Shape<'_> {
    fn write(&self, w: &mut Writer, scope: &Scope<'_>) {
        let secret = self.fields.iter().any(|field| field.sensitive.is_some());
        self.derives(w, secret);
        if let Some(args) = &self.event {
            w.attribute("event", args);
        }
        if has_odd_name(self.fields) {
            w.line("#[allow(non_snake_case)]");
        }
        self.body(w, scope);
        self.wire(w, scope);
        if secret {
            w.blank();
            allow_deprecated(w, self.fields);
            self.debug(w);
        }
        defaults::functions(w, scope, &self.ident, self.fields);
        if required::default(self.fields) == required::Default::Written {
            required::default_implementation(w, &self.ident, self.fields);
        }
        validate::implementation(w, scope, self.owner, &self.ident, self.fields);
    }

    fn derives(&self, w: &mut Writer, secret: bool) {
        let mut derives = vec!["Clone"];
        if !secret {
            derives.push("Debug");
        }
        if required::default(self.fields) == required::Default::Derived {
            derives.push("Default");
        }
        derives.push("PartialEq");
        if self.event.is_some() {
            derives.push("event_runtime::Event");
        }
        w.derive(&derives);
    }

    fn body(&self, w: &mut Writer, scope: &Scope<'_>) {
        if self.fields.is_empty() {
            w.line(format_args!("pub struct {} {{}}", self.ident));
            return;
        }
        w.open(format_args!("pub struct {} {{", self.ident));
        for field in self.fields {
            about::field(w, field);
            // Who makes or reads the event can leave such a field alone. A required one nobody can.
            if let Some(note) = field.deprecated.as_ref().filter(|_| !field.required()) {
                w.attribute("deprecated", &[format!("note = {}", literal(note))]);
            }
            let ty = scope.field(self.owner, field);
            w.pair(
                &format!("pub {}:", name::field_ident(&field.name)),
                &format!("{ty},"),
            );
        }
        w.close("}");
    }

    /// The names on the wire, and the impls of serde: shared code of the runtime, for serde's derive costs more compile time
    /// than everything else here together.
    fn wire(&self, w: &mut Writer, scope: &Scope<'_>) {
        let head = format!("event_runtime::wire_struct!({} {{", self.ident);
        let aliases = self.fields.iter().filter_map(|field| {
            let alias = field.alias.as_ref()?;
            Some(format!("{} = {}", literal(alias), literal(&field.wire())))
        });
        let aliases: Vec<String> = aliases.collect();
        if self.fields.is_empty() {
            w.line(format_args!("{head}}});"));
            return;
        }
        w.open(head);
        for field in self.fields {
            let (ident, wire) = (name::field_ident(&field.name), literal(&field.wire()));
            let kind = kind(scope, field);
            if field.default.is_some() {
                let function = defaults::function_name(field);
                w.line(format_args!("{ident} = {kind}({wire}, Self::{function}),"));
            } else {
                w.line(format_args!("{ident} = {kind}({wire}),"));
            }
        }
        if aliases.is_empty() {
            w.close("});");
        } else {
            w.close(format_args!("}}, alias {{ {} }});", aliases.join(", ")));
        }
    }

    /// `Debug` that keeps what is sensitive to itself.
    fn debug(&self, w: &mut Writer) {
        w.open(format_args!(
            "impl ::core::fmt::Debug for {} {{",
            self.ident
        ));
        w.open("fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {");
        w.open(format_args!("f.debug_struct({})", literal(&self.ident)));
        for field in self.fields {
            let ident = name::field_ident(&field.name);
            let value = if field.sensitive.is_some() {
                "format_args!(\"<sensitive>\")".to_owned()
            } else {
                format!("self.{ident}")
            };
            w.line(format_args!(".field({}, &{value})", literal(&field.name)));
        }
        w.line(".finish()");
        w.dedent();
        w.close("}");
        w.close("}");
    }
}

/// The contract's own code is not what a deprecation warns of.
pub(super) fn allow_deprecated(w: &mut Writer, fields: &[Field]) {
    if fields.iter().any(|field| field.deprecated.is_some()) {
        w.line("#[allow(deprecated)]");
    }
}

/// Whether a field's name is one that the contract language takes and rustc's style lint does not: `two__bars`.
pub(super) fn has_odd_name(fields: &[Field]) -> bool {
    fields
        .iter()
        .any(|field| field.name.trim_matches('_').contains("__"))
}

/// The word of `wire_struct!` for a field.
fn kind(scope: &Scope<'_>, field: &Field) -> &'static str {
    match (
        is_text(scope, field),
        field.optional,
        field.default.is_some(),
    ) {
        (false, true, _) => "optional",
        (false, false, true) => "defaulted",
        (false, false, false) => "required",
        (true, true, _) => "optional_text",
        (true, false, true) => "defaulted_text",
        (true, false, false) => "text",
    }
}

/// Whether a field is sent as text that serde would read less strictly: an integer by its own word or by that of the scalar
/// it is made of, and a decimal always.
fn is_text(scope: &Scope<'_>, field: &Field) -> bool {
    fn inner(scope: &Scope<'_>, ty: &Type) -> bool {
        match ty {
            Type::Decimal => true,
            Type::List(item) | Type::Map(item) => inner(scope, item),
            Type::Named(id) => match &scope.contracts[*id].kind {
                TypeKind::Scalar { ty, as_text, .. } => as_text.is_some() || inner(scope, ty),
                _ => false,
            },
            _ => false,
        }
    }
    field.as_text.is_some() || inner(scope, &field.ty)
}
