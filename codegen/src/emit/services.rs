//! `mod services`: per service its settings, the `Handlers` trait it must implement, and `listen`.

use super::about;
use super::scope::module_path;
use super::streams::{duration, start};
use super::uses::Uses;
use super::writer::{Writer, literal};
use crate::model::{Contracts, EventId, Service};
use crate::name;

/// The module; nothing without a service.
pub(super) fn module(w: &mut Writer, contracts: &Contracts, uses: &Uses) {
    if uses.services.is_empty() {
        return;
    }
    w.blank();
    w.doc("The services of these contracts.");
    w.open("pub mod services {");
    for (at, id) in uses.services.iter().enumerate() {
        if at > 0 {
            w.blank();
        }
        service(w, contracts, uses, &contracts[*id]);
    }
    w.close("}");
}

/// An event that a service handles, or turns into the newer one that it handles.
struct Handled {
    event: EventId,
    newer: Option<EventId>,
    doc: String,
    method: String,
    path: String,
}

fn service(w: &mut Writer, contracts: &Contracts, uses: &Uses, service: &Service) {
    match &service.doc {
        Some(doc) => w.doc(doc),
        None => w.doc(&format!("The service `{}`.", service.name.value)),
    }
    w.open(format_args!(
        "pub mod {} {{",
        name::module_ident(&service.name)
    ));
    let handled = handled(contracts, uses, service);
    // The prelude of edition 2024 has it, that of 2021 does not.
    if !handled.is_empty() {
        w.line("use ::core::future::Future;");
        w.blank();
    }
    w.line("use super::super::event_runtime;");
    w.blank();
    w.doc("The queue group, and the name of the durable consumers.");
    w.pair(
        "pub const QUEUE_GROUP: &str =",
        &format!("{};", literal(service.group())),
    );
    w.blank();
    settings(w, service);
    if !handled.is_empty() {
        handlers(w, &handled);
        listen(w, &handled);
    }
    w.close("}");
}

fn settings(w: &mut Writer, service: &Service) {
    w.doc("How this service consumes: from its contract.");
    w.open(format_args!(
        "pub const SERVICE: event_runtime::Service = event_runtime::Service::new({})",
        literal(&service.name)
    ));
    w.line(format_args!(".queue_group({})", literal(service.group())));
    w.line(format_args!(".concurrency({})", service.concurrency));
    w.line(format_args!(".max_in_flight({})", service.in_flight()));
    w.line(format_args!(".ack_wait({})", duration(service.ack_wait)));
    w.open(".retry(");
    w.line(format_args!("{},", service.retry.max_attempts));
    w.line(format_args!("{},", duration(service.retry.first_delay)));
    w.line(format_args!("{},", duration(service.retry.max_delay)));
    w.close(")");
    w.line(format_args!(".start({});", start(&service.start)));
    w.dedent();
}

/// What a service handles, each with the method that handles it.
fn handled(contracts: &Contracts, uses: &Uses, service: &Service) -> Vec<Handled> {
    let delivered = contracts.delivered(service);
    let names: Vec<(&str, &str)> = delivered
        .iter()
        .map(|delivered| {
            let event = &contracts[delivered.event];
            (
                contracts[event.domain].name.as_str(),
                event.name.value.as_str(),
            )
        })
        .collect();
    let methods = name::handler_methods(&names);
    let handled = delivered.iter().zip(methods).map(|(delivered, method)| {
        let event = &contracts[delivered.event];
        let domain = module_path(&contracts[event.domain].name);
        Handled {
            event: delivered.event,
            newer: delivered.newer,
            doc: match delivered.newer {
                Some(newer) => format!(
                    "`{}` as the `{}` that replaces it: the stream still has old ones, and publishers switch last.",
                    event.name.value, contracts[newer].name.value
                ),
                None => about::handled(contracts, uses, delivered.event),
            },
            method: match delivered.newer {
                Some(_) => name::upcast_method(&method),
                None => method,
            },
            path: format!("super::super::{domain}::{}", name::type_ident(&event.name)),
        }
    });
    handled.collect()
}

/// What an older event becomes, step by step, up to the one that is handled.
fn chain<'a>(handled: &'a [Handled], event: &'a Handled) -> Vec<&'a Handled> {
    std::iter::successors(Some(event), |event| {
        let newer = event.newer?;
        handled.iter().find(|other| other.event == newer)
    })
    .collect()
}

fn handlers(w: &mut Writer, handled: &[Handled]) {
    w.blank();
    w.doc("What this service does with each event. Implement it with `async fn`.\n\n`Ok` acknowledges; a [`Failure`](event_runtime::Failure) is retried, or goes to the dead letters.");
    w.open("pub trait Handlers: Send + Sync + 'static {");
    for (at, event) in handled.iter().enumerate() {
        if at > 0 {
            w.blank();
        }
        w.doc(&event.doc);
        w.open(format_args!("fn {}(", event.method));
        w.line("&self,");
        match chain(handled, event).get(1) {
            None => {
                wrapped(w, "delivery: event_runtime::Delivery<", &event.path, ">,");
                w.close(") -> impl Future<Output = Result<(), event_runtime::Failure>> + Send;");
            }
            Some(newer) => {
                w.line(format_args!("old: {},", event.path));
                w.close(format_args!(
                    ") -> Result<{}, event_runtime::Failure>;",
                    newer.path
                ));
            }
        }
    }
    w.close("}");
}

/// A type argument, on a line of its own when the whole does not fit one.
fn wrapped(w: &mut Writer, before: &str, path: &str, after: &str) {
    let whole = format!("{before}{path}{after}");
    if w.fits(&whole) {
        w.line(whole);
    } else {
        w.open(before);
        w.line(format_args!("{path},"));
        w.close(after);
    }
}

fn listen(w: &mut Writer, handled: &[Handled]) {
    w.blank();
    w.doc("Handles every event that this service subscribes to, until `shutdown`.\n\n# Errors\nWhen a stream or durable consumer is missing or narrower than this build needs, or goes away.");
    w.open("pub async fn listen<H: Handlers>(");
    w.line("bus: &event_runtime::Bus,");
    w.line("handlers: H,");
    w.line("shutdown: event_runtime::Shutdown,");
    w.close(") -> Result<event_runtime::ListenReport, event_runtime::Error> {");
    w.indent();
    w.line("listener(bus, handlers).run(shutdown).await");
    w.close("}");
    w.blank();
    w.doc("The listener behind [`listen`], for its hooks.");
    w.open("pub fn listener<H: Handlers>(");
    w.line("bus: &event_runtime::Bus,");
    w.line("handlers: H,");
    w.close(") -> event_runtime::Listener<H> {");
    w.indent();
    w.open("event_runtime::Listener::new(bus, SERVICE, handlers)");
    for event in handled {
        if event.newer.is_some() {
            upcast(w, &chain(handled, event));
            continue;
        }
        let call = format!("handlers.{}(delivery).await", event.method);
        let whole = format!(".on(|handlers, delivery| async move {{ {call} }})");
        if w.fits(&whole) {
            w.line(whole);
        } else {
            w.open(".on(|handlers, delivery| async move {");
            w.line(call);
            w.close("})");
        }
    }
    w.dedent();
    w.close("}");
}

/// The route of an older event: upcast until it is the one that is handled.
fn upcast(w: &mut Writer, chain: &[&Handled]) {
    let Some((handler, older)) = chain.split_last() else {
        return;
    };
    w.open(".on(");
    let oldest = older.first().map_or("", |event| event.path.as_str());
    w.open(format_args!(
        "|handlers, delivery: event_runtime::Delivery<{oldest}>| async move {{"
    ));
    for event in older {
        w.line(format_args!(
            "let delivery = delivery.try_map(|old| handlers.{}(old))?;",
            event.method
        ));
    }
    w.line(format_args!("handlers.{}(delivery).await", handler.method));
    w.close("},");
    w.close(")");
}
