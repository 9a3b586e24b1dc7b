//! The keywords about numbers, texts and counts. Objects and choices are [`super::build`]'s.

use super::document::Value as Json;
use super::facts::{JsonKind, Leaf, Reader};
use super::keywords::Draft;
use super::limits::is_unchecked_format;
use super::number;
use super::shape::{Count, Format, Integer, Number, Shape, Text, Width};
use super::store::Site;
use crate::{ecma, formats};

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
/// Keywords that a shape of a text holds. Formats are looked at one by one.
const TEXTS: &[&str] = &[
    "enum",
    "const",
    "minLength",
    "maxLength",
    "pattern",
    "format",
];

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
        read.account(leaf, VALUES);
    }
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

/// Keywords that a shape of a number holds.
const BOUNDS: &[&str] = &[
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
];

pub(super) fn number(read: &mut Reader<'_, '_>, leaves: &[Leaf]) -> Shape {
    if leaves.iter().any(|leaf| leaf.kind == JsonKind::Number) {
        let numbers: Vec<Number> = leaves.iter().map(|leaf| float(read, &leaf.sites)).collect();
        let whole = |leaf: &Leaf| leaf.kind == JsonKind::Integer;
        let free = leaves
            .iter()
            .zip(&numbers)
            .any(|(leaf, number)| !whole(leaf) && *number == Number::default());
        let held = same(numbers.clone()).filter(|_| !leaves.iter().all(whole));
        return Shape::Number(held_or_merged(read, leaves, held, free));
    }
    let integers: Vec<Integer> = leaves
        .iter()
        .map(|leaf| integer(read, &leaf.sites))
        .collect();
    if let ([only], [leaf]) = (integers.as_slice(), leaves) {
        read.account(leaf, BOUNDS);
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
    Shape::Integer(Integer {
        width: if merged == Integer::default() {
            width
        } else {
            merged.width
        },
        ..merged
    })
}

/// What holds exactly what the leaves demand; else no demands at all, which is noted unless one leaf is `free` of demands.
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
            // A value that the bounds forbid is none; so the list alone says all of it.
            .filter(|value| out.min.is_none_or(|min| *value >= min))
            .filter(|value| out.max.is_none_or(|max| *value <= max))
            .collect()
    });
    if let (Some(only), Some(site)) = (&out.only, sites.first()) {
        (out.min, out.max) = (None, None);
        if only.is_empty() {
            read.problem(*site, "none of the listed values is within the bounds");
        }
    }
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

pub(super) fn text(read: &mut Reader<'_, '_>, leaves: &[Leaf]) -> Shape {
    if leaves.iter().any(|leaf| read.is_free(leaf)) {
        return Shape::Text(Text::default());
    }
    let mut texts = Vec::new();
    for leaf in leaves {
        // Beside a free text, fixed ones say nothing.
        if read.values(&leaf.sites).is_none() {
            let text = one_text(read, &leaf.sites);
            texts.push(typed(read, leaf, text));
        }
    }
    let alone = texts.len() == leaves.len();
    match same(texts).filter(|text| alone || *text == Text::default()) {
        Some(text) => {
            for leaf in leaves {
                read.account(leaf, TEXTS);
                account_formats(read, leaf, text.format);
            }
            Shape::Text(text)
        }
        None => {
            read.account_merged(leaves);
            Shape::Text(Text::default())
        }
    }
}

/// A text that has a type of its own is held to that type's form, and to little else: notes what is lost.
fn typed(read: &mut Reader<'_, '_>, leaf: &Leaf, text: Text) -> Text {
    let (shortest, longest) = match text.format {
        None => return text,
        Some(Format::Uuid) => (36, 36),
        Some(Format::Date) => (10, 10),
        // A fraction of a second may have any number of digits.
        Some(Format::Timestamp) => (20, u64::MAX),
    };
    let is_date = text.format == Some(Format::Date);
    let lost = [
        ("minLength", text.min.is_some_and(|min| min > shortest)),
        ("maxLength", text.max.is_some_and(|max| max < longest)),
        ("pattern", !text.patterns.is_empty() && !is_date),
    ];
    for (keyword, _) in lost.into_iter().filter(|(_, lost)| *lost) {
        for site in &leaf.sites {
            if let Some(value) = read.store.get(*site, keyword) {
                read.unchecked.insert((value, keyword));
            }
        }
    }
    Text {
        format: text.format,
        // A date is written as it was read.
        patterns: if is_date { text.patterns } else { Vec::new() },
        ..Text::default()
    }
}

/// The texts of an enum that everything else which is said about a text allows.
pub(super) fn fitting(read: &mut Reader<'_, '_>, leaf: &Leaf, texts: &mut Vec<(String, Site)>) {
    let mut text = one_text(read, &leaf.sites);
    let format = text.format.take();
    texts.retain(|(value, _)| {
        let length = u64::try_from(value.chars().count()).unwrap_or(u64::MAX);
        text.min.is_none_or(|min| length >= min)
            && text.max.is_none_or(|max| length <= max)
            && text.patterns.iter().all(|pattern| {
                ecma::compile(pattern).is_some_and(|pattern| pattern.is_match(value))
            })
            && match format {
                Some(Format::Uuid) => formats::is_uuid(value),
                Some(Format::Timestamp) => formats::is_timestamp(value),
                Some(Format::Date) => formats::is_date(value),
                None => true,
            }
    });
    read.account(leaf, TEXTS);
    account_formats(read, leaf, format);
}

fn format_of(read: &Reader<'_, '_>, site: Site) -> Option<Format> {
    match read.store.text(site, "format") {
        Some("uuid") => Some(Format::Uuid),
        Some("date-time") => Some(Format::Timestamp),
        Some("date") => Some(Format::Date),
        _ => None,
    }
}

/// Notes each format but the one that a text is held as.
fn account_formats(read: &mut Reader<'_, '_>, leaf: &Leaf, held: Option<Format>) {
    for site in &leaf.sites {
        let Some(format) = read.store.get(*site, "format") else {
            continue;
        };
        let name = read.store.text(*site, "format").unwrap_or_default();
        let known = format_of(read, *site);
        if is_unchecked_format(name, JsonKind::Text) || (known.is_some() && known != held) {
            read.unchecked.insert((format, "format"));
        }
    }
}

/// Everything that is said about a text.
fn one_text(read: &mut Reader<'_, '_>, sites: &[Site]) -> Text {
    let mut out = Text::default();
    for site in sites {
        let length = count(read, *site, "minLength", "maxLength");
        out.min = out.min.max(length.min);
        out.max = tighter(out.max, length.max);
        out.format = out.format.or(format_of(read, *site));
        let Some(pattern) = read.store.get(*site, "pattern") else {
            continue;
        };
        match read.store.value(pattern) {
            Json::Text(text) if ecma::compile(text).is_some() => out.patterns.push(text.clone()),
            Json::Text(_) => {
                read.unchecked.insert((pattern, "pattern"));
            }
            _ => read.problem(pattern, "`pattern` must be a text"),
        }
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
    /// Whether elements have other schemas at other places.
    placed: bool,
    /// Whether several schemas speak of those places, which then are not told apart.
    mixed: bool,
}

impl List {
    /// The schemas of the elements of a list that always has as many.
    pub fn tuple(&self) -> Option<Vec<Vec<Site>>> {
        let length = u64::try_from(self.prefix.len())
            .ok()
            .filter(|length| *length > 0)?;
        let ends = self.closed || self.count.max == Some(length);
        let fits = self.count.max.is_none_or(|max| max == length);
        (!self.mixed && ends && fits && self.count.min == Some(length)).then(|| self.prefix.clone())
    }

    /// The keywords that a list of these items holds.
    pub fn held(&self) -> &'static [&'static str] {
        if self.placed {
            &["minItems", "maxItems"]
        } else {
            &["items", "minItems", "maxItems"]
        }
    }
}

pub(super) fn list(read: &mut Reader<'_, '_>, sites: &[Site]) -> List {
    let mut out = List {
        items: Vec::new(),
        any: false,
        count: Count::default(),
        prefix: Vec::new(),
        closed: false,
        placed: false,
        mixed: false,
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
            out.mixed |= out.placed;
            out.prefix = schemas.into_iter().map(|schema| vec![schema]).collect();
            out.placed = true;
        }
        match rest.map(|rest| (rest, read.store.value(rest))) {
            Some((_, Json::Bool(false))) => {
                out.closed = true;
                let before = prefix.map_or(0, |prefix| read.store.items(prefix).len());
                let most = u64::try_from(before).unwrap_or(u64::MAX);
                out.count.max = tighter(out.count.max, Some(most));
            }
            Some((_, Json::Bool(true))) => {}
            Some((rest, Json::Object(_))) => {
                out.mixed |= prefix.is_none() && sites.len() > 1;
                together.push(rest);
            }
            Some((rest, _)) => read.problem(rest, "`items` must be a schema"),
            None => rest_is_open |= prefix.is_some(),
        }
    }
    out.any |= out.mixed && out.placed;
    out.items.extend(out.prefix.iter().cloned());
    if !together.is_empty() {
        out.items.push(together);
    } else if !out.closed {
        out.any = true;
    }
    out.any |= rest_is_open && !out.closed;
    if let (Some(site), Some(min), Some(max)) = (sites.first(), out.count.min, out.count.max)
        && min > max
    {
        read.problem(
            *site,
            format!("no list has at least {min} and at most {max} elements"),
        );
    }
    out
}
