//! `mod services`: per service its settings, the `Handlers` trait it must implement, and `listen`.

use super::scope::module_path;
use super::streams::{duration, start};
use super::uses::Uses;
use super::writer::{Writer, literal};
use crate::model::{Contracts, Event, Service};
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
        service(w, contracts, &contracts[*id]);
    }
    w.close("}");
}

/// An event that a service handles.
struct Handled {
    doc: String,
    method: String,
    path: String,
}

fn service(w: &mut Writer, contracts: &Contracts, service: &Service) {
    match &service.doc {
        Some(doc) => w.doc(doc),
        None => w.doc(&format!("The service `{}`.", service.name.value)),
    }
    w.open(format!("pub mod {} {{", name::module_ident(&service.name)));
    w.line("use super::super::event_runtime;");
    w.blank();
    w.doc("The queue group, and the name of the durable consumers.");
    w.pair(
        "pub const QUEUE_GROUP: &str =",
        &format!("{};", literal(service.group())),
    );
    w.blank();
    settings(w, service);
    let handled = handled(contracts, service);
    if !handled.is_empty() {
        handlers(w, &handled);
        listen(w, &handled);
    }
    w.close("}");
}

fn settings(w: &mut Writer, service: &Service) {
    w.doc("How this service consumes: from its contract.");
    w.open(format!(
        "pub const SERVICE: event_runtime::Service = event_runtime::Service::new({})",
        literal(&service.name)
    ));
    w.line(format!(".queue_group({})", literal(service.group())));
    w.line(format!(".concurrency({})", service.concurrency));
    w.line(format!(".max_in_flight({})", service.in_flight()));
    w.line(format!(".ack_wait({})", duration(service.ack_wait)));
    w.open(".retry(");
    w.line(format!("{},", service.retry.max_attempts));
    w.line(format!("{},", duration(service.retry.first_delay)));
    w.line(format!("{},", duration(service.retry.max_delay)));
    w.close(")");
    w.line(format!(".start({});", start(&service.start)));
    w.dedent();
}

/// What a service handles, each with the method that handles it.
fn handled(contracts: &Contracts, service: &Service) -> Vec<Handled> {
    let events: Vec<&Event> = service
        .subscribes
        .iter()
        .filter_map(|event| event.value)
        .map(|id| &contracts[id])
        .collect();
    let names: Vec<(&str, &str)> = events
        .iter()
        .map(|event| {
            (
                contracts[event.domain].name.as_str(),
                event.name.value.as_str(),
            )
        })
        .collect();
    let methods = name::handler_methods(&names);
    let handled = events.into_iter().zip(methods).map(|(event, method)| {
        let domain = module_path(&contracts[event.domain].name);
        Handled {
            doc: match &event.doc {
                Some(doc) => doc.clone(),
                None => format!("The event `{}`.", contracts.event_name(event)),
            },
            method,
            path: format!("super::super::{domain}::{}", name::type_ident(&event.name)),
        }
    });
    handled.collect()
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
        w.open(format!("fn {}(", event.method));
        w.line("&self,");
        let delivery = format!("delivery: event_runtime::Delivery<{}>,", event.path);
        if w.fits(&delivery) {
            w.line(delivery);
        } else {
            w.open("delivery: event_runtime::Delivery<");
            w.line(format!("{},", event.path));
            w.close(">,");
        }
        w.close(") -> impl Future<Output = Result<(), event_runtime::Failure>> + Send;");
    }
    w.close("}");
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
