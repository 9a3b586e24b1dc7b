//! Events and types with fields: plain structs, and beside each its names on the wire; the derive `Event` writes the rest.

use super::fields::{
    Default, LITERAL_WIDTH, Payload, allow_deprecated, default, has_odd_name, payload,
};
use super::scope::Scope;
use super::writer::{Writer, literal};
use super::{about, defaults, required, validate};
use crate::model::{Envelope, Event, EventId, Field, Type, TypeId, TypeKind, Whole};
use crate::name;

/// One event.
pub(super) fn event(w: &mut Writer, scope: &Scope<'_>, id: EventId) {
    let contracts = scope.contracts;
    let event = &contracts[id];
    about::event(w, scope, id);
    let ident = name::type_ident(&event.name);
    let arguments = event_arguments(scope, event, id);
    let (fields, whole) = match payload(event) {
        Payload::Fields(fields, whole) => (fields, whole),
        Payload::Other(inner) => return around(w, scope, &ident, &arguments, inner),
    };
    let shape = StructText {
        ident,
        owner: None,
        fields,
        whole,
        event: Some(arguments),
    };
    shape.write(w, scope);
}

/// An event whose payload is no struct.
fn around(w: &mut Writer, scope: &Scope<'_>, ident: &str, arguments: &[String], inner: &Type) {
    let ty = scope.ty(inner);
    w.derive(&["Clone", "Debug", "PartialEq", "event_runtime::Event"]);
    w.attribute("event", arguments);
    w.open(format_args!("pub struct {ident} {{"));
    w.doc("The whole payload.");
    w.line(format_args!("pub payload: {ty},"));
    w.close("}");
    let payload = format!("payload: {ty}");
    let head = format!("event_runtime::wire_newtype!({ident} {{");
    if payload.len() <= LITERAL_WIDTH {
        w.line(format_args!("{head} {payload} }});"));
    } else {
        w.open(head);
        w.line(payload);
        w.close("});");
    }
    if validate::demands(scope.uses, inner) {
        validate::nested(w, ident, "&self.payload");
    }
}

/// One type with fields.
pub(super) fn ty(w: &mut Writer, scope: &Scope<'_>, id: TypeId, fields: &[Field]) {
    let ty = &scope.contracts[id];
    about::ty(w, scope, ty, "The type");
    let shape = StructText {
        ident: name::type_ident(&ty.name),
        owner: Some(id),
        fields,
        whole: &ty.body.whole,
        event: None,
    };
    shape.write(w, scope);
}

/// The arguments of `#[event(…)]`.
pub(super) fn event_arguments(scope: &Scope<'_>, event: &Event, id: EventId) -> Vec<String> {
    let contracts = scope.contracts;
    let fields = event.body.fields();
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
    let checked = match payload(event) {
        Payload::Fields(fields, whole) => validate::needed(scope.uses, fields, whole),
        Payload::Other(inner) => validate::demands(scope.uses, inner),
    };
    if checked {
        args.push("validate".to_owned());
    }
    args.push("wire_struct".to_owned());
    args
}

/// Struct of an event or a type.
struct StructText<'a> {
    ident: String,
    owner: Option<TypeId>,
    fields: &'a [Field],
    whole: &'a Whole,
    event: Option<Vec<String>>,
}

impl StructText<'_> {
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
        if default(self.fields) == Default::Written {
            required::default_implementation(w, &self.ident, self.fields);
        }
        validate::implementation(w, scope, self.owner, &self.ident, self.fields, self.whole);
    }

    fn derives(&self, w: &mut Writer, secret: bool) {
        let mut derives = vec!["Clone"];
        if !secret {
            derives.push("Debug");
        }
        if default(self.fields) == Default::Derived {
            derives.push("Default");
        }
        derives.push("PartialEq");
        if self.event.is_some() {
            derives.push("event_runtime::Event");
        }
        w.derive(&derives);
    }

    fn body(&self, w: &mut Writer, scope: &Scope<'_>) {
        if self.fields.is_empty() && self.whole.extra.is_none() {
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
        if let Some(extra) = &self.whole.extra {
            w.doc("Members without a field of their own.");
            let ty = scope.ty(&Type::Map(Box::new(extra.clone())));
            w.pair("pub extra:", &format!("{ty},"));
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
        let mut tail = match aliases.as_slice() {
            [] => String::new(),
            aliases => format!(", alias {{ {} }}", aliases.join(", ")),
        };
        if self.whole.extra.is_some() {
            tail.push_str(", extra = extra");
            if let Some(tag) = &self.whole.tag {
                tail.push_str(&format!(", tag = {}", literal(tag)));
            }
        }
        if self.fields.is_empty() {
            w.line(format_args!("{head}}}{tail});"));
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
        w.close(format_args!("}}{tail});"));
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

/// The word of `wire_struct!` for a field.
fn kind(scope: &Scope<'_>, field: &Field) -> &'static str {
    // `null` is one of these values.
    if field.optional && matches!(field.ty.value, Type::Any | Type::Null) {
        return "present";
    }
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

/// Returns `true` if a field is sent as text that serde would read less strictly: an integer by its own word or by that of the scalar
/// it is made of, and a decimal always.
fn is_text(scope: &Scope<'_>, field: &Field) -> bool {
    fn inner(scope: &Scope<'_>, ty: &Type) -> bool {
        match ty {
            Type::Decimal => true,
            Type::List(item) | Type::Map(item) => inner(scope, item),
            Type::Named(id) => match &scope.contracts[*id].body.kind {
                TypeKind::Scalar { ty, as_text, .. } => as_text.is_some() || inner(scope, ty),
                _ => false,
            },
            _ => false,
        }
    }
    field.as_text.is_some() || inner(scope, &field.ty)
}
