//! An account per service, and one for the streams.
//!
//! Subjects of different accounts have nothing to do with each other, so each thing that passes from one to another is an
//! export here and an import there: stored events, dead letters, the two requests and the outcomes of each durable as
//! services of the account of the streams; ephemeral events as streams of whoever publishes them.

use std::collections::{BTreeMap, BTreeSet};

use super::grants::{API, ack, info, next};
use super::{Plan, Service, head, quoted, service_user};

pub(super) fn write(plan: &Plan<'_>) -> String {
    let mut out = head(
        plan,
        "One account per service, and one for the streams; include it in a server's configuration.",
        &format!(
            "# JetStream is in another account: NATS_JS_DOMAIN={}, or Config::js_domain({:?}).\n",
            plan.account, plan.account
        ),
    );
    out.push_str("accounts: {\n");
    out.push_str(&streams(plan));
    for service in &plan.services {
        out.push_str(&account(plan, service));
    }
    out.push_str("}\n");
    out
}

/// Something that a service uses of the account of the streams.
struct Use {
    /// Its subject there.
    subject: String,
    /// Its subject in the service's account.
    here: String,
    /// True if an answer is many messages.
    many: bool,
}

/// What a service uses of the account of the streams, by the subject there.
///
/// Requests to JetStream have another subject in the service's account: under their own the server answers too, that
/// there is no JetStream in this account. What a client calls a domain is just another start of these subjects.
fn uses(plan: &Plan<'_>, service: &Service<'_>) -> Vec<Use> {
    let api = api(plan);
    let same = |subject: String| Use {
        here: subject.clone(),
        subject,
        many: false,
    };
    let grants = &service.grants;
    let stores = grants.stores.iter().cloned();
    let mut all: Vec<Use> = stores.chain(grants.dead_letters()).map(same).collect();
    for (stream, durable) in &grants.durables {
        all.push(same(ack(stream, durable)));
        for (request, many) in [
            (info as fn(&str, &str, &str) -> String, false),
            (next, true),
        ] {
            all.push(Use {
                subject: request(API, stream, durable),
                here: request(&api, stream, durable),
                many,
            });
        }
    }
    all.sort_by(|a, b| a.subject.cmp(&b.subject));
    all
}

/// Prefix of requests to JetStream in the account of a service.
fn api(plan: &Plan<'_>) -> String {
    format!("$JS.{}.API", plan.account)
}

fn streams(plan: &Plan<'_>) -> String {
    let mut exports: BTreeMap<String, (bool, BTreeSet<&str>)> = BTreeMap::new();
    for service in &plan.services {
        for used in uses(plan, service) {
            let entry = exports.entry(used.subject);
            let entry = entry.or_insert((used.many, BTreeSet::new()));
            entry.1.insert(&service.user.name);
        }
    }
    let mut out = format!(
        "  {}: {{
    jetstream: enabled
    # Creates streams and durables (`event-contracts streams apply`), redrives dead letters: for people, not for services.
    users: [ {{ user: {}, password: ${} }} ]
    exports: [
",
        quoted(&plan.account),
        quoted(&plan.operator.name),
        plan.operator.variable
    );
    for (subject, (many, services)) in &exports {
        let answers = if *many { ", response_type: stream" } else { "" };
        out.push_str(&format!(
            "      {{ service: {}{answers}, accounts: {} }}\n",
            quoted(subject),
            list(services.iter().copied())
        ));
    }
    out.push_str("    ]\n  }\n");
    out
}

fn account(plan: &Plan<'_>, service: &Service<'_>) -> String {
    let name = &service.user.name;
    let mut out = format!("  {}: {{\n    users: [\n", quoted(name));
    out.push_str(&service_user(service, &api(plan), "      "));
    out.push_str("    ]\n");
    let hears = |subject: &String| {
        let others = plan
            .services
            .iter()
            .filter(|other| other.user.name != *name);
        let hears = others.filter(|other| other.grants.hears.contains(subject));
        let hears: Vec<&str> = hears.map(|other| other.user.name.as_str()).collect();
        hears
    };
    let exports = service
        .grants
        .emits
        .iter()
        .map(|subject| (subject, hears(subject)));
    let exports: Vec<_> = exports
        .filter(|(_, services)| !services.is_empty())
        .collect();
    if !exports.is_empty() {
        out.push_str("    exports: [\n");
        for (subject, services) in exports {
            let services = list(services.into_iter());
            out.push_str(&format!(
                "      {{ stream: {}, accounts: {services} }}\n",
                quoted(subject)
            ));
        }
        out.push_str("    ]\n");
    }
    let imports = imports(plan, service);
    if !imports.is_empty() {
        out.push_str(&format!("    imports: [\n{imports}    ]\n"));
    }
    out.push_str("  }\n");
    out
}

fn imports(plan: &Plan<'_>, service: &Service<'_>) -> String {
    let line = |kind: &str, account: &str, subject: &str, here: &str| {
        let to = if here == subject {
            String::new()
        } else {
            format!(", to: {}", quoted(here))
        };
        let (account, subject) = (quoted(account), quoted(subject));
        format!("      {{ {kind}: {{ account: {account}, subject: {subject} }}{to} }}\n")
    };
    let uses = uses(plan, service);
    let uses = uses.iter();
    let uses = uses.map(|used| line("service", &plan.account, &used.subject, &used.here));
    let mut out: String = uses.collect();
    for subject in &service.grants.hears {
        for other in &plan.services {
            if other.user.name != service.user.name && other.grants.emits.contains(subject) {
                out.push_str(&line("stream", &other.user.name, subject, subject));
            }
        }
    }
    out
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    format!("[{}]", names.map(quoted).collect::<Vec<_>>().join(", "))
}
