//! Permissions: what the connected user may do, held against what is to be done.
//!
//! The server tells each user its own permissions and nobody else's. So `streams plan` speaks of those of whoever plans, and
//! with a service's credentials of that service's. Nothing is tried out: what a user may publish cannot be tried without
//! publishing it.

use std::fmt;

use event_codegen::export::nats_auth;
use event_runtime::raw::{ConnectedUser, Permitted, USER_INFO};
use event_runtime::streams::covers;
use event_runtime::{Bus, Error};
use serde_json::{Value, json};

use super::subjects::overlap;
use crate::connection::Version;

/// The first server that says of a permission in which queue group it is (seen on 2.15.1; 2.12.0 and before do not).
const TELLS_GROUPS: Version = Version(2, 15);

/// What is known of the user, and what of it is not in sync.
pub(crate) struct Rights {
    /// The user; or why the server does not tell.
    pub(crate) user: Result<ConnectedUser, String>,
    pub(crate) missing: Vec<Missing>,
    /// What it may do and does not need.
    pub(crate) extra: Vec<(Verb, String)>,
    tells_groups: bool,
}

/// A subject that the user needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) verb: Verb,
    /// With its queue group behind it, where it is in one.
    pub(crate) subject: String,
    /// Name of what needs it.
    pub(crate) by: String,
    /// The pattern that forbids it; nothing where none allows it.
    pub(crate) denied: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Publish,
    Subscribe,
}

impl Verb {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Verb::Publish => "publish",
            Verb::Subscribe => "subscribe",
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, subject, by) = (self.verb.text(), &self.subject, &self.by);
        match &self.denied {
            Some(pattern) => write!(f, "{verb} \"{subject}\": denied by \"{pattern}\"")?,
            None => write!(f, "{verb} \"{subject}\": missing")?,
        }
        write!(f, " (needed by: {by})")
    }
}

impl Rights {
    /// Asks the server.
    pub(crate) async fn ask(bus: &Bus, version: Option<Version>) -> Result<Self, Error> {
        let user = match bus.connected_user().await {
            Ok(user) => Ok(user),
            // Without an inbox there are no answers at all, and the operation is its subscription.
            Err(Error::Refused { operation }) if operation.contains(USER_INFO) => {
                Err(format!("it may not publish to \"{USER_INFO}\""))
            }
            Err(error @ (Error::Server { .. } | Error::NoAnswer { .. })) => Err(error.to_string()),
            Err(error) => return Err(error),
        };
        Ok(Self {
            user,
            missing: Vec::new(),
            extra: Vec::new(),
            tells_groups: version.is_some_and(|version| version >= TELLS_GROUPS),
        })
    }

    /// Notes which of these requests to JetStream's API the user may not make. What is not known is not missing.
    pub(crate) fn need(&mut self, bus: &Bus, by: &str, requests: impl IntoIterator<Item = String>) {
        let Ok(user) = &self.user else { return };
        for request in requests {
            let subject = format!("{}.{request}", bus.api_prefix());
            let missing = held(&user.publish, Verb::Publish, &subject, by);
            self.missing.extend(missing);
        }
    }

    /// Compares with what a service needs, in both directions.
    pub(crate) fn compare(&mut self, service: &str, needed: &nats_auth::Permissions) {
        let by = format!("service {service}");
        let Ok(user) = self.user.clone() else {
            // Its own permissions are one of them.
            self.lacks(Verb::Publish, USER_INFO, &by);
            return;
        };
        for (verb, there, needed) in [
            (Verb::Publish, &user.publish, &needed.publish),
            (Verb::Subscribe, &user.subscribe, &needed.subscribe),
        ] {
            let held = |subject: &String| held(there, verb, subject, &by);
            self.missing.extend(needed.iter().filter_map(held));
            let everything = [">".to_owned()];
            let allowed: &[String] = match there.allow.as_slice() {
                [] => &everything,
                some => some,
            };
            for allowed in allowed {
                let is_needed = |needed: &String| {
                    let needed = match self.tells_groups {
                        true => needed,
                        false => split(needed).0,
                    };
                    includes(needed, allowed)
                };
                let forbidden = there.deny.iter().any(|deny| covers(deny, split(allowed).0));
                if !needed.iter().any(is_needed) && !forbidden {
                    self.extra.push((verb, allowed.clone()));
                }
            }
        }
    }

    /// Notes a subject that the server has refused.
    pub(crate) fn lacks(&mut self, verb: Verb, subject: &str, by: &str) {
        let known = |missing: &Missing| missing.verb == verb && missing.subject == subject;
        if !self.missing.iter().any(known) {
            self.missing.push(Missing {
                verb,
                subject: subject.to_owned(),
                by: by.to_owned(),
                denied: None,
            });
        }
    }

    /// `as operator in the account EVENTS`, as far as the server tells.
    pub(crate) fn who(&self) -> Option<String> {
        let user = self.user.as_ref().ok()?;
        let name = user.name.as_ref().map(|name| format!("as {name} "));
        Some(format!(
            "{}in the account {}",
            name.unwrap_or_default(),
            user.account
        ))
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let subject =
            |verb: Verb, subject: &str| json!({ "verb": verb.text(), "subject": subject });
        let missing = self.missing.iter().map(|missing| {
            let mut value = subject(missing.verb, &missing.subject);
            value["neededBy"] = json!(missing.by);
            value["deniedBy"] = json!(missing.denied);
            value
        });
        let user = self.user.as_ref();
        json!({
            "user": user.ok().and_then(|user| user.name.clone()),
            "account": user.ok().map(|user| user.account.clone()),
            "unknown": self.user.as_ref().err(),
            "missing": missing.collect::<Vec<_>>(),
            "extra": self.extra.iter().map(|(verb, text)| subject(*verb, text)).collect::<Vec<_>>(),
        })
    }
}

/// Returns what is missing for this need.
fn held(permitted: &Permitted, verb: Verb, subject: &str, by: &str) -> Option<Missing> {
    let denied = match judge(permitted, subject) {
        Judged::Permitted => return None,
        Judged::Denied(pattern) => Some(pattern),
        Judged::NotAllowed => None,
    };
    Some(Missing {
        verb,
        subject: subject.to_owned(),
        by: by.to_owned(),
        denied,
    })
}

enum Judged {
    Permitted,
    /// By this pattern, all of it or a part.
    Denied(String),
    NotAllowed,
}

/// Returns whether all of `needed` is permitted, a pattern with perhaps a queue group.
fn judge(permitted: &Permitted, needed: &str) -> Judged {
    let (subject, group) = split(needed);
    let about = |pattern: &&String| covers(split(pattern).0, subject);
    let allowing: Vec<&String> = permitted.allow.iter().filter(about).collect();
    // As the server does: where a pattern names groups, only they count.
    let groups = || allowing.iter().filter_map(|pattern| split(pattern).1);
    let allowed = match group {
        _ if permitted.allow.is_empty() => true,
        Some(group) if groups().next().is_some() => groups().any(|wide| covers(wide, group)),
        _ => allowing.iter().any(|pattern| split(pattern).1.is_none()),
    };
    if !allowed {
        return Judged::NotAllowed;
    }
    let forbids = |pattern: &&String| {
        let (denied, of_group) = split(pattern);
        let concerns = of_group.is_none_or(|of| group.is_some_and(|group| covers(of, group)));
        overlap(denied, subject) && concerns
    };
    match permitted.deny.iter().find(forbids) {
        Some(pattern) => Judged::Denied(pattern.clone()),
        None => Judged::Permitted,
    }
}

/// Returns whether `wide` permits all that `narrow` does.
fn includes(wide: &str, narrow: &str) -> bool {
    let ((wide, of_group), (narrow, group)) = (split(wide), split(narrow));
    let in_group = of_group.is_none_or(|of| group.is_some_and(|group| covers(of, group)));
    covers(wide, narrow) && in_group
}

/// A subject and its queue group.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once(' ') {
        Some((subject, group)) => (subject, Some(group.trim())),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permitted(allow: &[&str], deny: &[&str]) -> Permitted {
        let texts = |all: &[&str]| all.iter().map(|&text| text.to_owned()).collect();
        Permitted {
            allow: texts(allow),
            deny: texts(deny),
        }
    }

    /// `+`, `-`, or the pattern that forbids it.
    fn judged(allow: &[&str], deny: &[&str], needed: &str) -> String {
        match judge(&permitted(allow, deny), needed) {
            Judged::Permitted => "+".to_owned(),
            Judged::NotAllowed => "-".to_owned(),
            Judged::Denied(pattern) => pattern,
        }
    }

    #[test]
    fn what_is_permitted() {
        for (allow, deny, needed, expected) in [
            (&[][..], &[][..], "a.b", "+"),
            (&["a.>"], &[], "a.b", "+"),
            (&["a.*"], &[], "a.*", "+"),
            (&["a.b"], &[], "a.*", "-"),
            (&["b"], &[], "a.b", "-"),
            (&[], &["a.>"], "a.b", "a.>"),
            // A part of what is needed.
            (&["a.>"], &["a.x"], "a.*", "a.x"),
            (&["a.>"], &["a.x.y"], "a.*", "+"),
            // Queue groups: of the pattern, of the need.
            (&["q g"], &[], "q g", "+"),
            (&["q *"], &[], "q g", "+"),
            (&["q h"], &[], "q g", "-"),
            (&["q g"], &[], "q", "-"),
            (&["q"], &[], "q g", "+"),
            (&["q", "q h"], &[], "q g", "-"),
            (&["q"], &["q h"], "q g", "+"),
            (&["q"], &["q g"], "q g", "q g"),
            (&["q"], &["q g"], "q", "+"),
        ] {
            assert_eq!(
                judged(allow, deny, needed),
                expected,
                "{allow:?} {deny:?} {needed}"
            );
        }
    }

    #[test]
    fn what_is_more_than_needed() {
        for (wide, narrow, expected) in [
            ("a.*", "a.b", true),
            ("a.b", "a.*", false),
            ("a g", "a g", true),
            ("a g", "a", false),
            ("a", "a g", true),
            ("a g", "a h", false),
        ] {
            assert_eq!(includes(wide, narrow), expected, "{wide} {narrow}");
        }
    }
}
