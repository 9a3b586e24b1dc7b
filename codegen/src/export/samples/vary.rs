//! Variations of one value: good, newer and bad ones of a scalar or an enum.

use super::Kind;
use super::walk::{Spot, Walk};
use crate::json::Json;
use crate::model::Enum;
use crate::payload::make_text as texts;
use crate::payload::shape::{Range, Text};
use crate::payload::write::float;

const NEWER_VALUE: &str = "value_of_a_newer_publisher";

impl Walk<'_, '_> {
    pub(super) fn good(
        &mut self,
        spot: Spot<'_>,
        name: &str,
        reason: impl Into<String>,
        value: Json,
    ) {
        if spot.path.get(spot.base) != Some(&value) {
            let payload = spot.path.set(spot.base, value);
            self.add(Kind::Valid, spot.path, name, reason, None, payload);
        }
    }

    pub(super) fn newer(
        &mut self,
        spot: Spot<'_>,
        name: &str,
        reason: impl Into<String>,
        value: Json,
    ) {
        let payload = spot.path.set(spot.base, value);
        self.add(Kind::Unknown, spot.path, name, reason, None, payload);
    }

    pub(super) fn bad(
        &mut self,
        spot: Spot<'_>,
        name: &str,
        reason: impl Into<String>,
        keyword: &'static str,
        value: Json,
    ) {
        let payload = spot.path.set(spot.base, value);
        self.add(
            Kind::Invalid,
            spot.path,
            name,
            reason,
            Some(keyword),
            payload,
        );
    }

    /// Another JSON type than the one that belongs here.
    pub(super) fn wrong_type(&mut self, spot: Spot<'_>, wanted: &str, value: Json) {
        let reason = format!("{wanted} is expected");
        self.bad(spot, "wrong-type", reason, "type", value);
    }

    pub(super) fn integer(&mut self, range: Range, spot: Spot<'_>) {
        self.good(spot, "minimum", "the smallest", Json::integer(range.min));
        self.good(spot, "maximum", "the largest", Json::integer(range.max));
        self.wrong_type(spot, "an integer", Json::text("text"));
        self.bad(
            spot,
            "fraction",
            "an integer cannot have a fraction",
            "type",
            Json::Number("1.5".to_owned()),
        );
        // Schemas leave the size of an i32 or i64 to its `format`, which validators do not look at.
        if ![i32::MIN.into(), i64::MIN.into()].contains(&range.min) {
            let reason = format!("below the minimum of {}", range.min);
            self.bad(
                spot,
                "below-minimum",
                reason,
                "minimum",
                Json::integer(range.min - 1),
            );
        }
        if ![i32::MAX.into(), i64::MAX.into()].contains(&range.max) {
            let reason = format!("above the maximum of {}", range.max);
            self.bad(
                spot,
                "above-maximum",
                reason,
                "maximum",
                Json::integer(range.max + 1),
            );
        }
    }

    pub(super) fn float(&mut self, min: f64, max: f64, spot: Spot<'_>) {
        self.wrong_type(spot, "a number", Json::text("text"));
        // Beyond these a step of 1 is none, and unbounded ends are the type's own.
        let steps = |n: f64| n.abs() < 1e15;
        if steps(min) {
            self.good(spot, "minimum", "the smallest", float(min));
            self.bad(
                spot,
                "below-minimum",
                format!("below the minimum of {min}"),
                "minimum",
                float(min - 1.0),
            );
        }
        if steps(max) {
            self.good(spot, "maximum", "the largest", float(max));
            self.bad(
                spot,
                "above-maximum",
                format!("above the maximum of {max}"),
                "maximum",
                float(max + 1.0),
            );
        }
    }

    pub(super) fn text(&mut self, text: &Text, spot: Spot<'_>) {
        if !spot.token {
            for (name, value, reason) in texts::more_good(text) {
                self.good(spot, name, reason, Json::Text(value));
            }
        }
        let wanted = format!("a text ({})", text.format.name());
        self.wrong_type(spot, &wanted, Json::integer(5));
        for bad in texts::bad(text) {
            self.bad(
                spot,
                bad.name,
                bad.reason,
                bad.keyword,
                Json::Text(bad.text),
            );
        }
    }

    pub(super) fn any(&mut self, spot: Spot<'_>) {
        self.good(spot, "a-text", "any JSON value", Json::text("text"));
        self.good(
            spot,
            "a-list",
            "any JSON value",
            Json::list([Json::Bool(true)]),
        );
        if !spot.optional {
            self.good(spot, "null", "null is a JSON value", Json::Null);
        }
    }

    pub(super) fn choice(&mut self, choice: &Enum, spot: Spot<'_>) {
        for value in &choice.values {
            let name = format!("is-{}", value.value);
            self.good(
                spot,
                &name,
                format!("the value {:?}", value.value),
                Json::text(value.value.as_str()),
            );
        }
        let newer = Json::Text(unlike(
            choice.values.iter().map(|value| value.value.as_str()),
        ));
        if choice.closed {
            self.bad(
                spot,
                "no-value",
                "no value of the closed enum",
                "enum",
                newer,
            );
        } else {
            self.newer(
                spot,
                "value",
                "a value that the contract does not know is kept",
                newer,
            );
        }
    }
}

/// A text that is none of these.
pub(super) fn unlike<'v>(known: impl Iterator<Item = &'v str> + Clone) -> String {
    let mut text = NEWER_VALUE.to_owned();
    while known.clone().any(|value| value == text) {
        text.push('x');
    }
    text
}
