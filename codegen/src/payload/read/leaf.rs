//! Values without parts: what is wrong with one, and how that is said.

use super::Look;
use crate::json::Json;
use crate::payload::demands::Demands;
use crate::payload::fault::{self, Fault};
use crate::payload::scalar::Broken;
use crate::payload::text;

pub(super) fn fault(rule: &'static str, cause: &str, reason: String) -> Vec<Fault> {
    vec![Fault {
        at: Vec::new(),
        rule,
        cause: cause.to_owned(),
        reason,
    }]
}

pub(super) fn no_kind(wanted: Vec<&str>, json: &Json) -> Vec<Fault> {
    let (wanted, shown) = (wanted.join(" or "), fault::shown_kind(json));
    let reason = format!("expected {wanted}, found {shown}");
    fault("type", fault::kind(json), reason)
}

pub(super) fn no_value(demands: &Demands<'_>, values: &[Json], json: &Json) -> Vec<Fault> {
    let value = text::shortened(&json.to_compact());
    match values {
        [only] if demands.fixed => {
            let only = text::shortened(&only.to_compact());
            let reason = format!("{value} is not {only}, the only value allowed");
            fault("const", "", reason)
        }
        _ => fault("enum", "", format!("{value} is none of the allowed values")),
    }
}

/// Numbers are equal however they are written.
pub(super) fn equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => match (a.parse::<i128>(), b.parse::<i128>()) {
            (Ok(a), Ok(b)) => a == b,
            _ => a.parse::<f64>().ok() == b.parse::<f64>().ok(),
        },
        (a, b) => a == b,
    }
}

pub(super) fn integer(demands: &Demands<'_>, digits: &str, look: Look) -> Vec<Fault> {
    let Ok(n) = digits.parse::<i128>() else {
        return fault("type", "a fraction", format!("{digits} is not an integer"));
    };
    let (range, step) = (demands.range, demands.step);
    if look == Look::Form || (range.contains(n) && n % step == 0) {
        return Vec::new();
    }
    if range.contains(n) {
        let reason = format!("{n} is not a multiple of {step}");
        return fault("multipleOf", "", reason);
    }
    // The other bound is often only that of the type.
    let (rule, reason) = match n < range.min {
        true => ("minimum", format!("{n} is less than {}", range.min)),
        false => ("maximum", format!("{n} is more than {}", range.max)),
    };
    fault(rule, "", reason)
}

/// The fault of a broken rule.
pub(super) fn broken(broken: Option<Broken>) -> Vec<Fault> {
    let faults = broken.into_iter();
    faults
        .flat_map(|broken| fault(broken.rule, &broken.cause, broken.reason))
        .collect()
}
