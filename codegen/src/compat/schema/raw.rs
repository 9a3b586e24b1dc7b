//! Keywords of imported schemas that no generated type checks: compared as they are written.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Contracts;
use crate::source::Spanned;

/// Contracts, and the path of an imported schema where there is one.
type Source<'a> = (&'a Contracts, Option<&'a Spanned<String>>);

/// Finds each place where such a keyword came, went or changed: file and JSON pointer, and the keyword.
pub(super) fn differences<'a>(old: Source<'a>, new: Source<'a>) -> BTreeSet<(String, &'a str)> {
    let (old, new) = (keywords(old), keywords(new));
    let changed = old
        .iter()
        .filter(|(at, value)| new.get(*at) != Some(*value));
    let came = new.iter().filter(|(at, _)| !old.contains_key(*at));
    changed.chain(came).map(|(at, _)| at.clone()).collect()
}

/// The keywords by place, with their values.
fn keywords<'a>((contracts, source): Source<'a>) -> BTreeMap<(String, &'a str), &'a str> {
    let schema = source.and_then(|source| contracts.schemas.get(&source.value));
    let several = schema.is_some_and(|schema| schema.files.len() > 1);
    let unchecked = schema.into_iter().flat_map(|schema| &schema.unchecked);
    unchecked
        .map(|unchecked| {
            let file = if several { &*unchecked.file } else { "" };
            let parent = unchecked.pointer.rsplit_once('/');
            let at = format!("{file}#{}", parent.map_or("", |(parent, _)| parent));
            ((at, unchecked.keyword), &*unchecked.value)
        })
        .collect()
}
