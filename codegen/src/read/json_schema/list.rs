//! The keywords about lists: their elements, at all places or each at its own, and how many there are.

use super::facts::Reader;
use super::scalar::{count, tighter};
use super::shape::Count;
use super::store::Site;
use crate::json::document::Value as Json;

/// Elements of a list, as schemas describe them.
pub(super) struct List {
    /// Schemas of elements; one of them holds for each.
    pub items: Vec<Vec<Site>>,
    /// `true` if some elements may be anything.
    pub any: bool,
    pub count: Count,
    prefix: Vec<Vec<Site>>,
    /// `true` if nothing may follow the prefix.
    closed: bool,
    /// `true` if elements have other schemas at other places.
    placed: bool,
    /// `true` if several schemas speak of those places, which then are not told apart.
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
