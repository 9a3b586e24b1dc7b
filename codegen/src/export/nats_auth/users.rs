//! One account, and a user per service.

use super::grants::API;
use super::{Plan, head, quoted, service_user};

pub(super) fn write(plan: &Plan<'_>) -> String {
    let mut out = head(
        plan,
        "One user per service, with what its `publishes` and `subscribes` need; include it in a server's configuration.",
        "",
    );
    out.push_str(&format!(
        "accounts: {{
  {}: {{
    jetstream: enabled
    users: [
",
        quoted(&plan.account)
    ));
    for service in &plan.services {
        out.push_str(&service_user(service, API, "      "));
    }
    out.push_str(&format!(
        "      # Creates streams and durables (`event-contracts streams apply`), redrives dead letters: for people, not for services.
      {{ user: {}, password: ${} }}
    ]
  }}
}}
",
        quoted(&plan.operator.name),
        plan.operator.variable
    ));
    out
}
