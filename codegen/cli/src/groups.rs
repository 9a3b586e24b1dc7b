//! What is wrong with many messages: the same thing at the same place counts as one.

use std::collections::{BTreeMap, BTreeSet};

use event_codegen::json::Json;

use crate::message::Violation;

/// Problems by place, rule and cause; the values of messages tell no groups apart.
#[derive(Default)]
pub(crate) struct Groups {
    groups: BTreeMap<GroupKey, Group>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct GroupKey {
    place: String,
    rule: &'static str,
    cause: String,
}

/// Messages with the same thing wrong.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) messages: u64,
    /// The first of them: its sequence, or its line.
    pub(crate) first: u64,
    /// What is wrong with that one.
    pub(crate) example: String,
}

impl Group {
    pub(crate) fn add(&mut self, number: u64, example: impl FnOnce() -> String) {
        self.messages += 1;
        // A sample does not come in order.
        if self.messages == 1 || number < self.first {
            self.first = number;
            self.example = example();
        }
    }
}

impl Group {
    /// How many, and the first; nothing for none.
    pub(crate) fn json(&self) -> Json {
        let first = Some(self.first).filter(|_| self.messages > 0);
        Json::object([
            ("messages", Json::integer(self.messages)),
            ("first", first.map_or(Json::Null, Json::integer)),
        ])
    }
}

impl Groups {
    /// Adds a message. It counts once in a group, however many of its items have the fault.
    pub(crate) fn add(&mut self, number: u64, problems: &[Violation]) {
        let mut counted = BTreeSet::new();
        for problem in problems {
            if !counted.insert((&problem.place, problem.rule, &problem.cause)) {
                continue;
            }
            let key = GroupKey {
                place: problem.place.clone(),
                rule: problem.rule,
                cause: problem.cause.clone(),
            };
            let group = self.groups.entry(key).or_default();
            group.add(number, || problem.line());
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    pub(crate) fn json(&self) -> Json {
        Json::list(self.groups.iter().map(|(key, group)| {
            Json::object([
                ("rule", Json::text(key.rule)),
                ("path", Json::text(key.place.as_str())),
                ("cause", Json::text(key.cause.as_str())),
                ("messages", Json::integer(group.messages)),
                ("first", Json::integer(group.first)),
                ("example", Json::text(group.example.as_str())),
            ])
        }))
    }
}
