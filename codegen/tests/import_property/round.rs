//! Whether what was read and written again is what was sent.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::judge::Judge;

/// What comes back otherwise on purpose, and why.
pub const LISTED: &[(&str, &str)] = &[
    (
        "null-left-out",
        "an optional member that is `null` is left out",
    ),
    (
        "unknown-left-out",
        "what the schema does not name is ignored, unless it says in so many words that it may be there",
    ),
    (
        "moment",
        "a moment is written in UTC, and a uuid in small letters",
    ),
];

/// Compares a payload with what became of it.
pub struct Round<'a> {
    /// The members that the schema has something to say of, by the place of their object.
    known: BTreeMap<String, BTreeSet<String>>,
    /// Called with each normalisation that is met: one of [`LISTED`].
    pub listed: &'a mut dyn FnMut(&'static str),
    pub lost: Vec<String>,
}

/// What is not the same, and listed nowhere. `payload` is one that the original accepts.
pub fn lost(
    judge: &Judge,
    payload: &Value,
    written: &Value,
    listed: &mut dyn FnMut(&'static str),
) -> Vec<String> {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in judge.original.evaluate(payload).iter_annotations() {
        let keyword = entry.schema_location.rsplit('/').next().unwrap_or_default();
        if matches!(
            keyword,
            "properties" | "patternProperties" | "additionalProperties"
        ) && let Value::Array(names) = entry.annotations.value()
        {
            let names = names
                .iter()
                .filter_map(|name| name.as_str().map(str::to_owned));
            known
                .entry(entry.instance_location.to_string())
                .or_default()
                .extend(names);
        }
    }
    let mut round = Round {
        known,
        listed,
        lost: Vec::new(),
    };
    round.compare("", payload, written);
    round.lost
}

impl Round<'_> {
    fn compare(&mut self, at: &str, sent: &Value, written: &Value) {
        match (sent, written) {
            (Value::Object(sent), Value::Object(written)) => {
                for (key, value) in sent {
                    let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                    match written.get(key) {
                        Some(other) => self.compare(&place, value, other),
                        None if value.is_null() => (self.listed)("null-left-out"),
                        None if !self.known.get(at).is_some_and(|names| names.contains(key)) => {
                            (self.listed)("unknown-left-out")
                        }
                        None => self.lost.push(format!("{place} is lost")),
                    }
                }
                let new = written.keys().filter(|key| !sent.contains_key(*key));
                self.lost
                    .extend(new.map(|key| format!("{at}/{key} is new")));
            }
            (Value::Array(sent), Value::Array(written)) if sent.len() == written.len() => {
                for (index, (sent, written)) in sent.iter().zip(written).enumerate() {
                    self.compare(&format!("{at}/{index}"), sent, written);
                }
            }
            (Value::Number(sent), Value::Number(written)) if sent.as_f64() == written.as_f64() => {}
            (Value::String(sent), Value::String(written))
                if sent != written && is_same_moment(sent, written) =>
            {
                (self.listed)("moment")
            }
            (sent, written) if sent == written => {}
            (sent, written) => self.lost.push(format!("{at}: {sent} became {written}")),
        }
    }
}

fn is_same_moment(sent: &str, written: &str) -> bool {
    let uuid = sent.len() == 36 && sent.eq_ignore_ascii_case(written);
    // The generator's moments: their zones are 0 and +2.
    let minutes = |text: &str| -> Option<i64> {
        let hour: i64 = text.get(11..13)?.parse().ok()?;
        let minute: i64 = text.get(14..16)?.parse().ok()?;
        let offset: i64 = if text.ends_with("+02:00") { 2 } else { 0 };
        Some((hour - offset) * 60 + minute)
    };
    let moment = |text: &str| {
        text.len() >= 20
            && text
                .as_bytes()
                .get(10)
                .is_some_and(|t| t.eq_ignore_ascii_case(&b'T'))
    };
    uuid || (moment(sent)
        && moment(written)
        && sent[..10] == written[..10]
        && minutes(sent) == minutes(written))
}
