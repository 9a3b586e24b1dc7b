//! Rules about names that become one name in generated Rust.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Contracts, Domain, DomainId, Field};
use crate::name;
use crate::source::Span;

/// One name space of generated code: who has which name.
#[derive(Default)]
pub(super) struct Taken<'a> {
    names: HashMap<String, (Span, &'a str, &'static str)>,
}

impl<'a> Taken<'a> {
    /// Takes a name for `what "written"`; says so when another one has it. Two that are written alike are one: whether
    /// that is right is somebody else's question.
    pub fn take(
        &mut self,
        ident: String,
        what: &'static str,
        written: &'a str,
        place: Span,
        diagnostics: &mut Diagnostics,
    ) {
        match self.names.entry(ident) {
            Entry::Vacant(free) => {
                free.insert((place, written, what));
            }
            Entry::Occupied(taken) => {
                let (first, other, other_what) = *taken.get();
                if other == written && other_what == what {
                    return;
                }
                diagnostics.push(
                    Diagnostic::new(
                        Code::NameCollision,
                        place,
                        format!(
                            "{what} \"{written}\" and {other_what} \"{other}\" would both be `{}`",
                            taken.key()
                        ),
                    )
                    .label("second use of the name")
                    .related(first, "first used here")
                    .help(match what {
                        "the value" | "the variant" => "give one of them another name with `names`",
                        _ => "give one of them another name",
                    }),
                );
            }
        }
    }
}

/// The first byte of a domain's file: a file's name stands nowhere in it.
pub(super) fn start(domain: &Domain) -> Span {
    Span::new(domain.file, 0..0)
}

/// `name-collision`: two domains, or two services, that become one module.
pub(super) fn modules(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let mut domains = Taken::default();
    for domain in &contracts.domains {
        domains.take(
            path(domain),
            "the domain",
            &domain.name,
            start(domain),
            diagnostics,
        );
    }
    own_modules(contracts, diagnostics);
    let mut services = Taken::default();
    for service in &contracts.services {
        services.take(
            format!("services::{}", name::module_ident(&service.name)),
            "the service",
            &service.name,
            service.name.span,
            diagnostics,
        );
    }
}

/// A domain's module: `shop.orders` is `shop::orders`.
fn path(domain: &Domain) -> String {
    let segments: Vec<String> = domain.name.split('.').map(name::module_ident).collect();
    segments.join("::")
}

/// What a domain's module has of its own: the constants of `shop` are in `shop::subjects`, where `shop/subjects.toml` would
/// be too.
fn own_modules(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let events = || contracts.events.iter().map(|event| event.domain);
    let structs = || {
        let events = contracts
            .events
            .iter()
            .map(|event| (event.domain, event.body.fields()));
        let types = contracts.types.iter().map(|def| {
            let renamed = contracts.renamed(&def.body);
            let body = renamed.map_or(&def.body, |id| &contracts[id].body);
            (def.domain, body.fields())
        });
        let all = events.chain(types);
        all.filter_map(|(domain, fields)| fields.iter().any(Field::required).then_some(domain))
    };
    own_module(
        contracts,
        ("subjects", "the subjects of"),
        events,
        diagnostics,
    );
    let what = ("required", "the required fields of");
    own_module(contracts, what, structs, diagnostics);
}

fn own_module<I: Iterator<Item = DomainId>>(
    contracts: &Contracts,
    (module, what): (&str, &str),
    owners: impl Fn() -> I,
    diagnostics: &mut Diagnostics,
) {
    let (file, below) = (format!(".{module}"), format!("::{module}"));
    let mut parents: HashMap<String, &Domain> = HashMap::new();
    let domains = contracts.domains.iter();
    for domain in domains.filter(|domain| domain.name.ends_with(&file)) {
        if parents.is_empty() {
            let owners = owners().map(|id| &contracts[id]);
            parents = owners.map(|d| (path(d), d)).collect();
        }
        let path = path(domain);
        let parent = path.strip_suffix(&below).and_then(|p| parents.get(p));
        let Some(parent) = parent else {
            continue;
        };
        diagnostics.push(
            Diagnostic::new(
                Code::NameCollision,
                start(domain),
                format!(
                    "the domain \"{}\" and {what} \"{}\" would both be the module `{path}`",
                    domain.name, parent.name
                ),
            )
            .label("second use of the name")
            .related(start(parent), format!("{what} this file"))
            .help("give the file another name"),
        );
    }
}

/// `name-collision`: events, types and filters of one domain that become one name.
pub(super) fn items(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let mut types: HashMap<DomainId, Taken<'_>> = HashMap::new();
    let mut constants: HashMap<DomainId, Taken<'_>> = HashMap::new();
    for def in &contracts.types {
        types.entry(def.domain).or_default().take(
            name::type_ident(&def.name),
            "the type",
            &def.name,
            def.name.span,
            diagnostics,
        );
    }
    for event in &contracts.events {
        let names = types.entry(event.domain).or_default();
        let ident = name::type_ident(&event.name);
        // An event and a type that are written alike are two things with one name, which the front end has reported.
        if names
            .names
            .get(&ident)
            .is_none_or(|taken| taken.1 != event.name.value)
        {
            names.take(
                ident,
                "the event",
                &event.name,
                event.name.span,
                diagnostics,
            );
        }
        constants.entry(event.domain).or_default().take(
            format!("subjects::{}", name::constant_ident(&event.name)),
            "the event",
            &event.name,
            event.name.span,
            diagnostics,
        );
    }
    for event in &contracts.events {
        if event.subject.placeholders().next().is_some() {
            types.entry(event.domain).or_default().take(
                name::filter_ident(&event.name),
                "the subscription filter of",
                &event.name,
                event.name.span,
                diagnostics,
            );
        }
    }
}

/// `name-collision`: two events that one service would handle, or turn into newer ones, in methods of one name.
pub(super) fn methods(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for service in &contracts.services {
        let handled = contracts.delivered(service);
        let names: Vec<(&str, &str)> = handled
            .iter()
            .map(|delivered| {
                let event = &contracts[delivered.event];
                let domain = contracts[event.domain].name.as_str();
                (domain, event.name.value.as_str())
            })
            .collect();
        let mut taken: HashMap<String, usize> = HashMap::new();
        for (at, method) in name::handler_methods(&names).into_iter().enumerate() {
            let method = match handled[at].newer {
                Some(_) => name::upcast_method(&method),
                None => method,
            };
            let entry = match taken.entry(method) {
                Entry::Vacant(free) => {
                    free.insert(at);
                    continue;
                }
                Entry::Occupied(entry) => entry,
            };
            let (first, second) = (handled[*entry.get()], handled[at]);
            diagnostics.push(
                Diagnostic::new(
                    Code::NameCollision,
                    second.span,
                    format!(
                        "the service \"{}\" would handle \"{}\" and \"{}\" in one method, `{}`",
                        service.name.value,
                        contracts.event_name(&contracts[first.event]),
                        contracts.event_name(&contracts[second.event]),
                        entry.key()
                    ),
                )
                .label("second use of the name")
                .related(first.span, "first used here")
                .help("give one of the events another name"),
            );
        }
    }
}

/// `name-collision`: a field that would be a method of the subscription filter, which has one of that name already.
pub(super) fn filters(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for event in &contracts.events {
        let subject = &event.subject;
        let key = event.key.as_ref().filter(|_| subject.has_partition());
        let key = key.and_then(|key| event.body.fields().get(key.value?));
        let fields = event.body.fields().iter().filter(|field| {
            let name = field.name.value.as_str();
            let keyed = key.is_some_and(|key| key.name.value == name);
            matches!(name, "pattern" | "subscribe")
                && (keyed
                    || subject
                        .field_placeholders()
                        .any(|placeholder| placeholder == name))
        });
        for field in fields {
            let (name, filter) = (&field.name.value, name::filter_ident(&event.name));
            diagnostics.push(
                Diagnostic::new(
                    Code::NameCollision,
                    field.name.span,
                    format!("the field \"{name}\" would be a method of `{filter}`, which has a method `{name}`"),
                )
                .label("subscribers set it by this name")
                .related(subject.span, "the subject that it stands in")
                .help("give the field another name; `rename` keeps its name on the wire"),
            );
        }
    }
}
