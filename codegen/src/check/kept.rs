//! Rules about names that are not the contract's to choose: the product's own, and what NATS takes.

use super::names::start;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::Contracts;
use crate::name;
use crate::source::Spanned;

/// The stream of what could not be handled; the runtime makes and fills it.
const DEAD_LETTERS: &str = "DEAD_LETTERS";

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
                .label("the runtime stores dead letters there")
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

/// `bad-name`: a stream, service or queue group that NATS rejects, or a service that can be no Rust module.
pub(super) fn server_names(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for stream in &contracts.streams {
        server_name("stream", &stream.name, 0, diagnostics);
    }
    for service in &contracts.services {
        // Keyed events are consumed by `<group>-p<N>`, which has to fit too.
        let partitions = contracts
            .delivered(service)
            .into_iter()
            .map(|delivered| &contracts[delivered.event])
            .filter(|event| event.key.is_some())
            .filter_map(|event| contracts.stream_of(event)?.partitions.as_ref())
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
                .label("must begin with a letter")
                .help("services are named like `order-service`; `queue_group` can be any name that NATS accepts"),
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
            format!("NATS rejects the {what} name {:?}", written.value),
        )
        .help(help),
    );
    false
}
