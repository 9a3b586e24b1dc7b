//! The keywords about numbers, texts and counts. Objects and choices are [`super::build`]'s.

use super::document::Value as Json;
use super::facts::{JsonKind, Leaf, Reader};
use super::keywords::Draft;
use super::number;
use super::shape::{Count, Format, Integer, Number, Shape, Text, Width};
use super::store::Site;

impl Count {
    /// Both hold.
    pub fn and(self, other: Self) -> Self {
        Self {
            min: self.min.max(other.min),
            max: tighter(self.max, other.max),
        }
    }
}

fn tighter(a: Option<u64>, b: Option<u64>) -> Option<u64> {
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

pub(super) fn boolean(read: &mut Reader<'_, '_>, leaves: &[Leaf]) -> Shape {
    let mut allowed = Vec::new();
    for leaf in leaves {
        match read.values(&leaf.sites) {
            None => return Shape::Bool { only: None },
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
    Shape::Bool { only }
}

pub(super) fn number(read: &mut Reader<'_, '_>, leaves: &[Leaf]) -> Shape {
    if leaves.iter().any(|leaf| leaf.kind == JsonKind::Number) {
        let numbers: Vec<Number> = leaves.iter().map(|leaf| float(read, &leaf.sites)).collect();
        return Shape::Number(same(numbers).unwrap_or_default());
    }
    let integers: Vec<Integer> = leaves
        .iter()
        .map(|leaf| integer(read, &leaf.sites))
        .collect();
    if let [only] = integers.as_slice() {
        return Shape::Integer(only.clone());
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
    Shape::Integer(same(integers).unwrap_or(Integer {
        width,
        only: only.map(|lists| lists.concat()),
        ..Integer::default()
    }))
}

fn same<T: PartialEq>(all: Vec<T>) -> Option<T> {
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
            .collect()
    });
    out.width = width(&out, format.as_deref());
    // What writes draft-04 to this day are generators for protobuf, whose JSON has 64-bit integers as text.
    let plain = format.is_none() && out.min.is_none() && out.max.is_none() && out.only.is_none();
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
    let unsigned = integer.min.is_some_and(|min| min >= 0)
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
        let number = |read: &mut Reader<'_, '_>, keyword| {
            bound(read, *site, keyword).and_then(|text| number::float(&text))
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
        for keyword in ["enum", "const"] {
            if let Some(value) = read.store.get(*site, keyword) {
                read.unchecked.insert((value, keyword));
            }
        }
    }
    out
}

pub(super) fn text(read: &mut Reader<'_, '_>, leaves: &[Leaf]) -> Shape {
    let mut texts = Vec::new();
    for leaf in leaves {
        if let Some(values) = read.values(&leaf.sites) {
            // Beside a free text, fixed ones say nothing.
            debug_assert!(!values.is_empty());
            continue;
        }
        texts.push(one_text(read, &leaf.sites));
    }
    let alone = texts.len() == leaves.len();
    Shape::Text(same(texts).filter(|_| alone).unwrap_or_default())
}

fn one_text(read: &mut Reader<'_, '_>, sites: &[Site]) -> Text {
    let mut out = Text::default();
    for site in sites {
        let length = count(read, *site, "minLength", "maxLength");
        out.min = out.min.max(length.min);
        out.max = tighter(out.max, length.max);
        let format = match read.store.text(*site, "format") {
            Some("uuid") => Some(Format::Uuid),
            Some("date-time") => Some(Format::Timestamp),
            Some("date") => Some(Format::Date),
            _ => None,
        };
        out.format = out.format.or(format);
        let Some(pattern) = read.store.get(*site, "pattern") else {
            continue;
        };
        match read.store.value(pattern) {
            Json::Text(text) if regex::Regex::new(text).is_ok() => out.patterns.push(text.clone()),
            Json::Text(_) => {
                read.unchecked.insert((pattern, "pattern"));
            }
            _ => read.problem(pattern, "`pattern` must be a text"),
        }
    }
    if out.format.is_some() {
        // A text of these formats has one length and one form; what else is said about it is said by the format.
        out = Text {
            format: out.format,
            ..Text::default()
        };
    }
    if let (Some(site), Some(min), Some(max)) = (sites.first(), out.min, out.max)
        && min > max
    {
        read.problem(
            *site,
            format!("no text has at least {min} and at most {max} characters"),
        );
    }
    out
}

/// What schemas say about a list.
pub(super) struct List {
    /// Schemas of elements; one of them holds for each.
    pub items: Vec<Vec<Site>>,
    /// Whether some elements may be anything.
    pub any: bool,
    pub count: Count,
    prefix: Vec<Vec<Site>>,
    /// Whether nothing may follow the prefix.
    closed: bool,
}

impl List {
    /// The schemas of the elements of a list that always has as many.
    pub fn tuple(&self) -> Option<Vec<Vec<Site>>> {
        let length = u64::try_from(self.prefix.len())
            .ok()
            .filter(|length| *length > 0)?;
        let ends = self.closed || self.count.max == Some(length);
        (ends && self.count.min == Some(length)).then(|| self.prefix.clone())
    }
}

pub(super) fn list(read: &mut Reader<'_, '_>, sites: &[Site]) -> List {
    let mut out = List {
        items: Vec::new(),
        any: false,
        count: Count::default(),
        prefix: Vec::new(),
        closed: false,
    };
    let mut together: Vec<Site> = Vec::new();
    let mut rest_is_open = false;
    for site in sites {
        out.count = out.count.and(count(read, *site, "minItems", "maxItems"));
        let items = read.store.get(*site, "items");
        let old_tuple = items.filter(|items| matches!(read.store.value(*items), Json::List(_)));
        let (prefix, rest) = match (old_tuple, read.store.get(*site, "prefixItems")) {
            (Some(prefix), _) => (Some(prefix), read.store.get(*site, "additionalItems")),
            (None, prefix) => (prefix, items),
        };
        if let Some(prefix) = prefix {
            let schemas = read.list_of_schemas(prefix, "items");
            out.prefix = schemas.into_iter().map(|schema| vec![schema]).collect();
        }
        match rest.map(|rest| (rest, read.store.value(rest))) {
            Some((_, Json::Bool(false))) => out.closed = true,
            Some((_, Json::Bool(true))) => {}
            Some((rest, Json::Object(_))) => together.push(rest),
            Some((rest, _)) => read.problem(rest, "`items` must be a schema"),
            None => rest_is_open |= prefix.is_some(),
        }
    }
    out.items.extend(out.prefix.iter().cloned());
    if !together.is_empty() {
        out.items.push(together);
    } else if !out.closed {
        out.any = true;
    }
    out.any |= rest_is_open && !out.closed;
    out
}
