//! Rules about names: those that the product or NATS keeps, and those that become one name in Rust.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Contracts, Domain, DomainId};
use crate::name;
use crate::source::{Span, Spanned};

/// The stream of what could not be handled; the runtime makes and fills it.
const DEAD_LETTERS: &str = "DEAD_LETTERS";

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
                    .help("give one of them another name"),
                );
            }
        }
    }
}

/// `reserved-name`: a name that the product uses itself.
pub(super) fn reserved(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for stream in &contracts.streams {
        if stream.name.value == DEAD_LETTERS {
            diagnostics.push(
                Diagnostic::new(
                    Code::ReservedName,
                    stream.name.span,
                    format!("the stream {DEAD_LETTERS} is reserved"),
                )
                .label("the runtime keeps events there that could not be handled")
                .help("give the stream another name; DEAD_LETTERS needs no declaration"),
            );
        }
    }
    for domain in &contracts.domains {
        let mut segments = domain.name.split('.').map(name::module_ident);
        let why = if segments.next().as_deref() == Some("services") {
            "services in a module of this name"
        } else if domain
            .name
            .split('.')
            .any(|s| name::module_ident(s) == "event_runtime")
        {
            "the runtime in a module of this name"
        } else {
            continue;
        };
        diagnostics.push(
            Diagnostic::new(
                Code::ReservedName,
                start(domain),
                format!(
                    "the domain \"{}\" is reserved: generated code has {why}",
                    domain.name
                ),
            )
            .help("give the file or folder another name"),
        );
    }
}

/// The first byte of a domain's file: a file's name stands nowhere in it.
fn start(domain: &Domain) -> Span {
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
    subject_modules(contracts, diagnostics);
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

/// The constants of `shop` are in `shop::subjects`, where `shop/subjects.toml` would be too.
fn subject_modules(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let mut parents: HashMap<String, &Domain> = HashMap::new();
    for domain in contracts
        .domains
        .iter()
        .filter(|domain| domain.name.ends_with(".subjects"))
    {
        if parents.is_empty() {
            parents = contracts
                .events
                .iter()
                .map(|event| &contracts[event.domain])
                .map(|d| (path(d), d))
                .collect();
        }
        let path = path(domain);
        let Some(parent) = path
            .strip_suffix("::subjects")
            .and_then(|parent| parents.get(parent))
        else {
            continue;
        };
        diagnostics.push(
            Diagnostic::new(
                Code::NameCollision,
                start(domain),
                format!(
                    "the domain \"{}\" and the subjects of \"{}\" would both be the module `{path}`",
                    domain.name, parent.name
                ),
            )
            .label("second use of the name")
            .related(start(parent), "the subjects of this file")
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

/// `name-collision`: two events that one service would handle in methods of one name.
pub(super) fn methods(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for service in &contracts.services {
        let handled: Vec<_> = service
            .subscribes
            .iter()
            .filter_map(|named| Some((named.span, named.value?)))
            .collect();
        let names: Vec<(&str, &str)> = handled
            .iter()
            .map(|(_, id)| {
                let event = &contracts[*id];
                let domain = contracts[event.domain].name.as_str();
                (domain, event.name.value.as_str())
            })
            .collect();
        let mut taken: HashMap<String, usize> = HashMap::new();
        for (at, method) in name::handler_methods(&names).into_iter().enumerate() {
            let entry = match taken.entry(method) {
                Entry::Vacant(free) => {
                    free.insert(at);
                    continue;
                }
                Entry::Occupied(entry) => entry,
            };
            let (first_place, first) = handled[*entry.get()];
            let (place, second) = handled[at];
            if first == second {
                continue; // a value twice, reported as that
            }
            diagnostics.push(
                Diagnostic::new(
                    Code::NameCollision,
                    place,
                    format!(
                        "the service \"{}\" would handle \"{}\" and \"{}\" in one method, `{}`",
                        service.name.value,
                        contracts.event_name(&contracts[first]),
                        contracts.event_name(&contracts[second]),
                        entry.key()
                    ),
                )
                .label("second use of the name")
                .related(first_place, "first used here")
                .help("give one of the events another name"),
            );
        }
    }
}

/// `bad-name`: a stream, service or queue group that NATS refuses, or a service that can be no Rust module.
pub(super) fn server_names(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for stream in &contracts.streams {
        server_name("stream", &stream.name, 0, diagnostics);
    }
    for service in &contracts.services {
        // Keyed events are consumed by `<group>-p<N>`, which has to fit too.
        let partitions = service
            .subscribes
            .iter()
            .filter_map(|named| named.value)
            .filter(|id| contracts[*id].key.is_some())
            .filter_map(|id| contracts.stream_of(&contracts[id])?.partitions.as_ref())
            .map(|partitions| partitions.value.saturating_sub(1))
            .max();
        let suffix = partitions.map_or(0, |last| format!("-p{last}").len());
        let (what, group) = match &service.queue_group {
            Some(group) => ("queue group", group),
            None => ("service", &service.name),
        };
        let sound = server_name(what, group, suffix, diagnostics);
        let sound =
            sound && (what == "service" || server_name("service", &service.name, 0, diagnostics));
        let module = name::module_ident(&service.name);
        if sound && !name::is_field_name(module.trim_start_matches("r#")) {
            diagnostics.push(
                Diagnostic::new(
                    Code::BadName,
                    service.name.span,
                    format!("the service \"{}\" cannot become a Rust module", service.name.value),
                )
                .label("has to begin with a letter")
                .help("services are named like `order-service`; `queue_group` can be any name that NATS takes"),
            );
        }
    }
}

/// Checks one name; `suffix` more bytes are put behind it.
fn server_name(
    what: &str,
    written: &Spanned<String>,
    suffix: usize,
    diagnostics: &mut Diagnostics,
) -> bool {
    const LONGEST: usize = 255;
    let help = if written.len() + suffix > LONGEST {
        format!("a name has at most {} bytes", LONGEST - suffix)
    } else if !name::is_nats_name(written) {
        "write letters, digits, `-` and `_`: no spaces, dots, slashes, `*` or `>`".to_owned()
    } else {
        return true;
    };
    diagnostics.push(
        Diagnostic::new(
            Code::BadName,
            written.span,
            format!("NATS refuses the {what} name {:?}", written.value),
        )
        .help(help),
    );
    false
}
