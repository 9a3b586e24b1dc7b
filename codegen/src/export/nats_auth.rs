//! A configuration for nats-server: who may publish and subscribe to what, from what services publish and subscribe to.
//!
//! Least privilege: the subjects that the runtime uses for a service's own events and durables, and no other. Nobody but
//! the operator may create or change anything. Passwords are never in it: they are read from the server's environment.

mod accounts;
mod grants;
mod users;

use std::collections::BTreeSet;

use crate::check::Checked;
use crate::model::ServiceId;

use grants::Grants;

/// Separation of services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Separation {
    /// One account for all; each service is a user with permissions of its own.
    #[default]
    Users,
    /// One account for the streams, and one for each service, which imports what it needs.
    Accounts,
}

/// The account of the streams, and of everything when services are users.
const ACCOUNT: &str = "EVENTS";
/// The user that may do everything in that account.
const OPERATOR: &str = "operator";

/// Permissions of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// Every subject that it may publish to.
    pub publish: Vec<String>,
    /// Every subject that it may subscribe to; `a.b group` where it must be in that queue group.
    pub subscribe: Vec<String>,
}

/// Returns the permissions that the configuration gives to a service. `api` is what its requests to JetStream start with: `$JS.API`, or
/// `$JS.<domain>.API` when services have accounts of their own.
#[must_use]
pub fn permissions(contracts: &Checked, service: ServiceId, api: &str) -> Permissions {
    let grants = Grants::new(contracts, service);
    Permissions {
        publish: grants.publish(api),
        subscribe: grants.subscribe(),
    }
}

/// The text of a configuration that a server's own can `include`. The same on every run.
#[must_use]
pub fn nats_auth(contracts: &Checked, separation: Separation) -> String {
    let plan = Plan::new(contracts);
    match separation {
        Separation::Users => users::write(&plan),
        Separation::Accounts => accounts::write(&plan),
    }
}

/// Every service with what it may do, and the names that the configuration gives.
struct Plan<'a> {
    account: String,
    operator: User,
    services: Vec<Service<'a>>,
}

struct Service<'a> {
    user: User,
    grants: Grants<'a>,
}

/// A user and the variable of the environment that holds its password.
struct User {
    name: String,
    variable: String,
}

impl<'a> Plan<'a> {
    fn new(contracts: &'a Checked) -> Self {
        let ids = (0..contracts.services.len()).map(ServiceId);
        let names = || contracts.services.iter().map(|service| &service.name.value);
        let mut taken: BTreeSet<String> = names().cloned().collect();
        let account = claim(&mut taken, ACCOUNT);
        let operator = claim(&mut taken, OPERATOR);
        let mut variables = BTreeSet::new();
        let mut user = |name: &str| User {
            name: name.to_owned(),
            variable: claim(&mut variables, &variable(name)),
        };
        let services = ids.map(|id| Service {
            user: user(&contracts[id].name),
            grants: Grants::new(contracts, id),
        });
        let services = services.collect();
        Self {
            account,
            operator: user(&operator),
            services,
        }
    }
}

/// The wanted name, or the first of `name_2`, `name_3`, … that is free.
fn claim(taken: &mut BTreeSet<String>, wanted: &str) -> String {
    let mut name = wanted.to_owned();
    let mut n = 1;
    while !taken.insert(name.clone()) {
        n += 1;
        name = format!("{wanted}_{n}");
    }
    name
}

/// `order-handler` has its password in `ORDER_HANDLER_PASSWORD`.
fn variable(name: &str) -> String {
    let upper = name.chars().map(|c| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    });
    let name: String = upper.collect();
    let start = if name.starts_with(|c: char| c.is_ascii_digit()) {
        "_"
    } else {
        ""
    };
    format!("{start}{name}_PASSWORD")
}

/// A text as the configuration language quotes it. Names and subjects of checked contracts have no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The lines at the start of both configurations; `more` are further ones.
fn head(plan: &Plan<'_>, what: &str, more: &str) -> String {
    let mut out = format!(
        "# Generated from the contracts folder; do not edit: change the contracts.
#
# {what}
# The server reads these variables of its environment when it starts or reloads:
#
"
    );
    let users = plan.services.iter().map(|service| &service.user);
    for user in users.chain([&plan.operator]) {
        out.push_str(&format!("#   {}\n", user.variable));
    }
    out.push_str(
        "#
# Each holds a password or its bcrypt hash (`nats server passwd`) in single quotes, because the server reads the value
# like a value in this file: FOO_PASSWORD=\"'secret'\". A service connects with the inbox prefix _INBOX_<service>:
# NATS_INBOX_PREFIX=_INBOX_<service>, or Config::service(\"<service>\").
",
    );
    out.push_str(more);
    out.push('\n');
    out
}

/// `user: …, password: …` and the permissions of a service, at this indentation. `api` is what its requests to JetStream
/// start with.
fn service_user(service: &Service<'_>, api: &str, indent: &str) -> String {
    let lines = |subjects: Vec<String>| {
        let lines = subjects
            .iter()
            .map(|text| format!("{indent}      {}\n", quoted(text)));
        lines.collect::<String>()
    };
    format!(
        "{indent}{{
{indent}  user: {}, password: ${}
{indent}  permissions: {{
{indent}    publish: {{ allow: [
{}{indent}    ] }}
{indent}    subscribe: {{ allow: [
{}{indent}    ] }}
{indent}  }}
{indent}}}
",
        quoted(&service.user.name),
        service.user.variable,
        lines(service.grants.publish(api)),
        lines(service.grants.subscribe()),
    )
}
