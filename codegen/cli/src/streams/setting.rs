//! The settings of a stream and of a durable: how each is compared and written, and what it means to change it.

use serde_json::Value;

use super::subjects::{folded, lost};
use crate::jetstream::{metadata, text};
use crate::units::{bytes, count, duration};
use crate::wanted::{DOMAIN, SERVICE, subjects_of};

/// One setting that differs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    pub(crate) setting: Setting,
    /// As people read it; nothing where there is none.
    pub(crate) old: Option<String>,
    pub(crate) new: String,
    pub(crate) effect: Effect,
}

/// Effect of a change of a setting.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Nothing is lost.
    Free,
    /// Something is, or may be: it is counted before anybody is asked.
    Shrinks,
    /// The server does not do it; why, and what to do instead.
    Cannot(&'static str),
}

/// A setting, by what the contract calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    Subjects,
    MaxAge,
    MaxBytes,
    MaxMessages,
    Replicas,
    Storage,
    Retention,
    DuplicateWindow,
    Discard,
    AckPolicy,
    AckWait,
    MaxDeliver,
    MaxInFlight,
    Owner,
}

use Setting as S;

const OF_STREAM: [S; 10] = [
    S::Subjects,
    S::Storage,
    S::Retention,
    S::MaxAge,
    S::MaxBytes,
    S::MaxMessages,
    S::Discard,
    S::DuplicateWindow,
    S::Replicas,
    S::Owner,
];
const OF_DURABLE: [S; 6] = [
    S::Subjects,
    S::AckPolicy,
    S::AckWait,
    S::MaxDeliver,
    S::MaxInFlight,
    S::Owner,
];

impl Setting {
    /// What people call it: the key of the contract where there is one.
    pub(crate) fn label(self) -> &'static str {
        match self {
            S::Subjects => "subjects",
            S::MaxAge => "max_age",
            S::MaxBytes => "max_bytes",
            S::MaxMessages => "max_messages",
            S::Replicas => "replicas",
            S::Storage => "storage",
            S::Retention => "retention",
            S::DuplicateWindow => "duplicate_window",
            S::Discard => "discard",
            S::AckPolicy => "ack_policy",
            S::AckWait => "ack_wait",
            S::MaxDeliver => "max_deliver",
            S::MaxInFlight => "max_in_flight",
            S::Owner => "owner",
        }
    }

    /// The key of the server's configuration; subjects and owner have more than one.
    pub(crate) fn key(self) -> &'static str {
        match self {
            S::MaxMessages => "max_msgs",
            S::Replicas => "num_replicas",
            S::MaxInFlight => "max_ack_pending",
            S::Owner => "metadata",
            other => other.label(),
        }
    }

    /// Its value as people read it.
    fn shown(self, config: &Value) -> Option<String> {
        let value = config.get(self.key());
        let number = || value.and_then(Value::as_i64);
        let limit = |shown: fn(u64) -> String| {
            let limit = number().and_then(|n| u64::try_from(n).ok());
            limit
                .filter(|n| *n > 0)
                .map_or_else(|| "any".to_owned(), shown)
        };
        match self {
            S::Subjects => {
                let mut all = subjects_of(config);
                all.sort();
                Some(if all.is_empty() {
                    "all of the stream".to_owned()
                } else {
                    folded(&all).join(", ")
                })
            }
            S::MaxAge => Some(match number().unwrap_or(0) {
                0 => "unlimited".to_owned(),
                age => duration(age),
            }),
            S::MaxBytes => Some(limit(bytes)),
            S::MaxMessages => Some(limit(count)),
            S::DuplicateWindow | S::AckWait => Some(duration(number().unwrap_or(0))),
            S::MaxDeliver => Some(match number().unwrap_or(-1) {
                ..=0 => "any".to_owned(),
                n => n.to_string(),
            }),
            S::Replicas | S::MaxInFlight => Some(number().unwrap_or(0).to_string()),
            S::Storage | S::Retention | S::Discard | S::AckPolicy => {
                Some(text(config, self.key()).to_owned())
            }
            S::Owner => match (metadata(config, DOMAIN), metadata(config, SERVICE)) {
                (Some(domain), Some(service)) => Some(format!("service {service} of {domain}")),
                (Some(domain), None) => Some(format!("domain {domain}")),
                (None, Some(service)) => Some(format!("service {service}")),
                (None, None) => None,
            },
        }
    }

    /// What it means to bring it from `there` to `wanted`, which differ.
    fn effect(self, wanted: &Value, there: &Value) -> Effect {
        let number = |config: &Value| config.get(self.key()).and_then(Value::as_i64);
        // No limit is the largest one.
        let limit = |config: &Value| number(config).filter(|n| *n > 0).unwrap_or(i64::MAX);
        let shrinks = |yes: bool| if yes { Effect::Shrinks } else { Effect::Free };
        match self {
            S::Subjects => {
                let wanted = subjects_of(wanted);
                let lost = lost(&wanted, &subjects_of(there));
                shrinks(lost.is_some_and(|lost| !lost.is_empty()))
            }
            S::MaxAge | S::MaxBytes | S::MaxMessages => shrinks(limit(wanted) < limit(there)),
            S::DuplicateWindow | S::Replicas => shrinks(number(wanted) < number(there)),
            S::Discard => shrinks(text(wanted, "discard") == "old"),
            S::Storage => Effect::Cannot(
                "a stream cannot be moved between disk and memory: stop the publishers, let its durables drain, delete \
                 the stream (`nats stream rm`) and apply again; or a new stream, and new events that `supersedes` the old",
            ),
            S::Retention
                if [wanted, there]
                    .iter()
                    .any(|c| text(c, "retention") == "workqueue") =>
            {
                Effect::Cannot(
                    "a stream cannot be changed to or from `workqueue`: stop the publishers, let its durables drain, delete \
                 the stream (`nats stream rm`) and apply again; or a new stream, and new events that `supersedes` the old",
                )
            }
            S::Retention => shrinks(text(wanted, "retention") == "interest"),
            S::AckPolicy => Effect::Cannot(
                "the ack policy of a consumer cannot be changed: let it drain, delete it (`nats consumer rm`) and \
                 apply again; the new one starts where the contract says, and `services reset` moves it",
            ),
            S::AckWait | S::MaxDeliver | S::MaxInFlight => Effect::Free,
            S::Owner => shrinks(self.shown(there).is_some()),
        }
    }
}

/// What differs between the wanted stream and the one that is there.
pub(crate) fn of_stream(wanted: &Value, there: &Value, at_least: bool) -> Vec<Difference> {
    let mut all = differences(&OF_STREAM, wanted, there);
    if at_least {
        // The dead letters are everybody's: other contracts on this server may need more.
        let enough = |key: &str| {
            let number = |config: &Value| config.get(key).and_then(Value::as_i64);
            number(there) >= number(wanted)
        };
        all.retain(|difference| match difference.setting {
            S::Replicas => !enough("num_replicas"),
            S::DuplicateWindow => !enough("duplicate_window"),
            S::Subjects => lost(&subjects_of(there), &subjects_of(wanted))
                .is_some_and(|missing| !missing.is_empty()),
            S::Owner => false,
            _ => true,
        });
    }
    all
}

/// What differs between the wanted durable and the one that is there. Where it starts is no difference: it only counts
/// when a durable is made, and `services reset` changes it.
pub(crate) fn of_durable(wanted: &Value, there: &Value) -> Vec<Difference> {
    differences(&OF_DURABLE, wanted, there)
}

fn differences(settings: &[Setting], wanted: &Value, there: &Value) -> Vec<Difference> {
    let differs = |setting: &&Setting| setting.shown(wanted) != setting.shown(there);
    // What the contracts do not say (the limits of the dead letters) is the operator's.
    let said = |setting: &&Setting| {
        matches!(setting, S::Subjects | S::Owner) || wanted.get(setting.key()).is_some()
    };
    settings
        .iter()
        .filter(said)
        .filter(differs)
        .map(|setting| Difference {
            setting: *setting,
            old: setting.shown(there),
            new: setting.shown(wanted).unwrap_or_else(|| "none".to_owned()),
            effect: setting.effect(wanted, there),
        })
        .collect()
}

/// Everything that a new stream or durable says.
pub(crate) fn all(wanted: &Value) -> Vec<(&'static str, String)> {
    let settings: &[Setting] = match wanted.get("subjects") {
        Some(_) => &OF_STREAM,
        None => &OF_DURABLE,
    };
    let said = |setting: &&Setting| match setting {
        S::Subjects | S::Owner => true,
        S::MaxDeliver | S::AckPolicy => false,
        other => wanted.get(other.key()).is_some(),
    };
    let mut all: Vec<(&'static str, String)> = settings
        .iter()
        .filter(said)
        .filter_map(|setting| Some((setting.label(), setting.shown(wanted)?)))
        // A limit that is none needs no line.
        .filter(|(_, value)| value != "any")
        .collect();
    if let Some(start) = wanted.get("deliver_policy").and_then(Value::as_str) {
        let at = wanted.get("opt_start_time").and_then(Value::as_str);
        all.push(("start", at.unwrap_or(start).to_owned()));
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_limit_shrinks_when_it_comes_and_not_when_it_goes() {
        let effect = |from: i64, to: i64| {
            let config = |n: i64| json!({ "subjects": ["a"], "max_bytes": n });
            of_stream(&config(to), &config(from), false)
                .into_iter()
                .map(|d| d.effect)
                .collect::<Vec<_>>()
        };
        assert_eq!(effect(-1, 10), [Effect::Shrinks]);
        assert_eq!(effect(10, -1), [Effect::Free]);
        assert_eq!(effect(20, 10), [Effect::Shrinks]);
        assert_eq!(effect(10, 20), [Effect::Free]);
        // Both say that there is no limit.
        assert_eq!(effect(0, -1), []);
    }

    #[test]
    fn the_dead_letters_are_compared_as_a_minimum() {
        let config = |window: u64, replicas: u64| json!({ "subjects": ["d.>"], "duplicate_window": window, "num_replicas": replicas });
        assert!(of_stream(&config(1, 1), &config(2, 3), true).is_empty());
        assert_eq!(of_stream(&config(2, 3), &config(1, 1), true).len(), 2);
        assert_eq!(of_stream(&config(1, 1), &config(2, 3), false).len(), 2);
    }
}
