//! The keywords about truth values, numbers and counts. Objects and choices are [`super::build`]'s.

use super::facts::{JsonKind, Leaf, Reader};
use super::keywords::Draft;
use super::number;
use super::shape::{Count, Integer, Number, SchemaShape, Width};
use super::store::Site;
use crate::json::document::Value as Json;

impl Count {
    /// Both hold.
    pub fn and(self, other: Self) -> Self {
        Self {
            min: self.min.max(other.min),
            max: tighter(self.max, other.max),
        }
    }
}

/// Keywords that list values.
const VALUES: &[&str] = &["enum", "const"];

pub(super) fn tighter(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// A pair of keywords that limit a count. A lower limit of nothing is none.
pub(super) fn count(read: &mut Reader<'_, '_>, site: Site, min: &str, max: &str) -> Count {
    let mut one = |keyword: &str| {
        let value = read.store.get(site, keyword)?;
        let number = match read.store.value(value) {
            Json::Number(text) => number::integer(text).filter(|number| *number >= 0),
            _ => None,
        };
        if number.is_none() {
            read.problem(
                value,
                format!("`{keyword}` must be a whole number from 0 on"),
            );
        }
        number.map(|number| u64::try_from(number).unwrap_or(u64::MAX))
    };
    Count {
        min: one(min).filter(|min| *min > 0),
        max: one(max).filter(|max| *max < u64::from(u32::MAX)),
    }
}

pub(super) fn boolean(read: &mut Reader<'_, '_>, leaves: &[Leaf]) -> SchemaShape {
    let mut allowed = Vec::new();
    for leaf in leaves {
        read.account(leaf, VALUES);
    }
    for leaf in leaves {
        match read.values(&leaf.sites) {
            None => return SchemaShape::Bool { only: None },
            Some(values) => {
                allowed.extend(
                    values
                        .into_iter()
                        .filter_map(|site| match read.store.value(site) {
                            Json::Bool(value) => Some(*value),
                            _ => None,
                        }),
                )
            }
        }
    }
    let only = allowed
        .first()
        .copied()
        .filter(|first| allowed.iter().all(|value| value == first));
    SchemaShape::Bool { only }
}

/// Keywords that a shape of a number holds.
const BOUNDS: &[&str] = &[
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
];

pub(super) fn number(read: &mut Reader<'_, '_>, leaves: &[Leaf]) -> SchemaShape {
    if leaves.iter().any(|leaf| leaf.kind == JsonKind::Number) {
        let numbers: Vec<Number> = leaves.iter().map(|leaf| float(read, &leaf.sites)).collect();
        let whole = |leaf: &Leaf| leaf.kind == JsonKind::Integer;
        let free = leaves
            .iter()
            .zip(&numbers)
            .any(|(leaf, number)| !whole(leaf) && *number == Number::default());
        let held = same(numbers.clone()).filter(|_| !leaves.iter().all(whole));
        return SchemaShape::Number(held_or_merged(read, leaves, held, free));
    }
    let integers: Vec<Integer> = leaves
        .iter()
        .map(|leaf| integer(read, &leaf.sites))
        .collect();
    if let ([only], [leaf]) = (integers.as_slice(), leaves) {
        let step = only.step.map(|_| "multipleOf");
        let held: Vec<&str> = BOUNDS.iter().copied().chain(step).collect();
        read.account(leaf, &held);
        return SchemaShape::Integer(only.clone());
    }
    // One of several ranges: the widest type, and no bounds, for what lies between two ranges is neither.
    let width = if integers.iter().any(|integer| integer.width == Width::U64)
        && integers.iter().all(|integer| integer.min >= Some(0))
    {
        Width::U64
    } else {
        Width::I64
    };
    let only: Option<Vec<Vec<i128>>> = integers
        .iter()
        .map(|integer| integer.only.clone())
        .collect();
    let listed = only.map(|lists| Integer {
        width,
        only: Some(lists.concat()),
        ..Integer::default()
    });
    let free = integers
        .iter()
        .any(|integer| integer.min.is_none() && integer.max.is_none() && integer.only.is_none());
    let held = same(integers).or(listed);
    let merged = held_or_merged(read, leaves, held, free);
    SchemaShape::Integer(Integer {
        width: if merged == Integer::default() {
            width
        } else {
            merged.width
        },
        ..merged
    })
}

/// Returns a shape with exactly the demands of the leaves, or with none, which is noted unless one leaf is `free` of demands.
fn held_or_merged<T: Default>(
    read: &mut Reader<'_, '_>,
    leaves: &[Leaf],
    held: Option<T>,
    free: bool,
) -> T {
    match held {
        Some(held) => {
            for leaf in leaves {
                read.account(leaf, BOUNDS);
            }
            held
        }
        None => {
            if !free {
                read.account_merged(leaves);
            }
            T::default()
        }
    }
}

pub(super) fn same<T: PartialEq>(all: Vec<T>) -> Option<T> {
    let mut all = all.into_iter();
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// The text of a number keyword.
fn bound(read: &mut Reader<'_, '_>, site: Site, keyword: &str) -> Option<String> {
    let value = read.store.get(site, keyword)?;
    match read.store.value(value) {
        Json::Number(text) => Some(text.clone()),
        // Draft-04: says that the other keyword's bound is not allowed itself.
        Json::Bool(_) if keyword.starts_with("exclusive") => None,
        _ => {
            read.problem(value, format!("`{keyword}` must be a number"));
            None
        }
    }
}

fn flagged(read: &Reader<'_, '_>, site: Site, keyword: &str) -> bool {
    read.store
        .get(site, keyword)
        .is_some_and(|value| matches!(read.store.value(value), Json::Bool(true)))
}

fn integer(read: &mut Reader<'_, '_>, sites: &[Site]) -> Integer {
    let mut out = Integer::default();
    let mut format = None;
    for site in sites {
        let strict = flagged(read, *site, "exclusiveMinimum");
        let low = [
            bound(read, *site, "minimum").and_then(|text| number::ceil(&text, strict)),
            bound(read, *site, "exclusiveMinimum").and_then(|text| number::ceil(&text, true)),
        ];
        out.min = low.into_iter().flatten().chain(out.min).max();
        let strict = flagged(read, *site, "exclusiveMaximum");
        let high = [
            bound(read, *site, "maximum").and_then(|text| number::floor(&text, strict)),
            bound(read, *site, "exclusiveMaximum").and_then(|text| number::floor(&text, true)),
        ];
        out.max = high.into_iter().flatten().chain(out.max).min();
        format = format.or_else(|| read.store.text(*site, "format").map(str::to_owned));
    }
    out.only = read.values(sites).map(|values| {
        values
            .into_iter()
            .filter_map(|site| match read.store.value(site) {
                Json::Number(text) => number::integer(text),
                _ => None,
            })
            // A value that the bounds forbid is none; so the list alone says all of it.
            .filter(|value| out.min.is_none_or(|min| *value >= min))
            .filter(|value| out.max.is_none_or(|max| *value <= max))
            .collect()
    });
    out.step = step(read, sites);
    if let (Some(only), Some(site)) = (&out.only, sites.first()) {
        (out.min, out.max) = (None, None);
        if only.is_empty() {
            read.problem(*site, "none of the listed values is within the bounds");
        }
    }
    out.width = width(&out, format.as_deref());
    let lost = match format.as_deref() {
        Some("int32") => out.width != Width::I32,
        Some("uint32") => out.width != Width::U32,
        Some("uint64") => out.width != Width::U64,
        _ => false,
    };
    // A format beside bounds that it has no room for.
    let places = sites
        .iter()
        .filter_map(|site| read.store.get(*site, "format"));
    if lost {
        let places: Vec<_> = places.map(|place| (place, "format")).collect();
        read.unchecked.extend(places);
    }
    // What writes draft-04 to this day are generators for protobuf, whose JSON has 64-bit integers as text.
    let bare = out.min.is_none() && out.max.is_none() && out.step.is_none();
    let plain = format.is_none() && bare && out.only.is_none();
    if plain
        && !sites.is_empty()
        && sites
            .iter()
            .all(|site| read.store.draft(*site) == Draft::Four)
    {
        out.width = Width::Loose;
    }
    let (least, most) = out.width.range();
    out.min = out.min.filter(|min| *min > least);
    out.max = out.max.filter(|max| *max < most);
    if let (Some(only), Some(site)) = (&out.only, sites.first())
        && only.iter().any(|value| *value < least || *value > most)
    {
        read.problem(*site, "an integer that does not fit 64 bits");
    }
    if let (Some(site), (Some(min), max)) = (sites.first(), (out.min, out.max.unwrap_or(most)))
        && min > max
    {
        read.problem(
            *site,
            format!("no integer is at least {min} and at most {max}"),
        );
    }
    if let (Some(site), (Some(max), min)) = (sites.first(), (out.max, out.min.unwrap_or(least)))
        && max < min
    {
        read.problem(
            *site,
            format!("no integer is at least {min} and at most {max}"),
        );
    }
    out
}

/// Returns the least common multiple of every `multipleOf`, if all are whole numbers of a size that every type has.
fn step(read: &Reader<'_, '_>, sites: &[Site]) -> Option<i128> {
    let mut all: Option<i128> = None;
    for value in sites
        .iter()
        .filter_map(|site| read.store.get(*site, "multipleOf"))
    {
        let Json::Number(text) = read.store.value(value) else {
            return None;
        };
        let fits = |step: &i128| (1..=i128::from(i32::MAX)).contains(step);
        let step = number::integer(text).filter(fits)?;
        let before = all.unwrap_or(1);
        let (mut a, mut b) = (before, step);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        all = Some(before / a * step).filter(fits);
        all?;
    }
    all
}

fn width(integer: &Integer, format: Option<&str>) -> Width {
    let fits = |width: Width| {
        let (least, most) = width.range();
        let within = |value: &i128| (least..=most).contains(value);
        integer
            .min
            .iter()
            .chain(&integer.max)
            .chain(integer.only.iter().flatten())
            .all(within)
    };
    let large = |value: &i128| *value > i128::from(i64::MAX);
    let least = integer.min.or(integer.only.iter().flatten().min().copied());
    let unsigned = least.is_some_and(|least| least >= 0)
        && (integer.max.as_ref().is_some_and(large)
            || integer.only.iter().flatten().any(large)
            || format == Some("uint64"));
    match format {
        Some("int32") if fits(Width::I32) => Width::I32,
        Some("uint32") if fits(Width::U32) => Width::U32,
        Some("uint64") if fits(Width::U64) => Width::U64,
        _ if unsigned => Width::U64,
        _ => Width::I64,
    }
}

fn float(read: &mut Reader<'_, '_>, sites: &[Site]) -> Number {
    let mut out = Number::default();
    let larger = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    };
    let smaller = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    for site in sites {
        let number = |read: &mut Reader<'_, '_>, keyword: &'static str| {
            let bound = bound(read, *site, keyword)?;
            let number = number::float(&bound);
            if let (None, Some(value)) = (number, read.store.get(*site, keyword)) {
                read.unchecked.insert((value, keyword));
            }
            number
        };
        let min = number(read, "minimum");
        let max = number(read, "maximum");
        if flagged(read, *site, "exclusiveMinimum") {
            out.above = larger(out.above, min);
        } else {
            out.min = larger(out.min, min);
        }
        if flagged(read, *site, "exclusiveMaximum") {
            out.below = smaller(out.below, max);
        } else {
            out.max = smaller(out.max, max);
        }
        let above = number(read, "exclusiveMinimum");
        let below = number(read, "exclusiveMaximum");
        out.above = larger(out.above, above);
        out.below = smaller(out.below, below);
    }
    out.only = read.values(sites).map(|values| {
        let values = values.into_iter();
        values
            .filter_map(|site| match read.store.value(site) {
                Json::Number(text) => number::float(text),
                _ => None,
            })
            .collect()
    });
    out
}
