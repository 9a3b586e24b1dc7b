//! Patterns of subjects against each other. What covers what is the runtime's to say.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use event_runtime::streams::covers;

/// Subjects that `there` takes and `wanted` does not. Nothing when `there` takes everything and `wanted` does not: then it
/// cannot be said which.
pub(super) fn lost(wanted: &[String], there: &[String]) -> Option<Vec<String>> {
    if wanted.is_empty() {
        return Some(Vec::new());
    }
    if there.is_empty() {
        return None;
    }
    let known: HashSet<&String> = wanted.iter().collect();
    let covered = |subject: &&String| {
        known.contains(subject) || wanted.iter().any(|wide| covers(wide, subject))
    };
    Some(
        there
            .iter()
            .filter(|subject| !covered(subject))
            .cloned()
            .collect(),
    )
}

/// The subjects of `wanted` that are the partitions which `wide` takes one of: they differ from it in a number in the place
/// of one `*`. None when something else of it is wanted too.
pub(super) fn partitions_of(wide: &str, wanted: &[String]) -> Vec<String> {
    let place = |subject: &str| {
        let tokens = wide.split('.').zip(subject.split('.')).enumerate();
        let mut other = tokens.filter(|(_, (wide, token))| wide != token);
        match (other.next(), other.next()) {
            (Some((at, ("*", token))), None) => number(token).map(|_| at),
            _ => None,
        }
    };
    let within: Vec<&String> = wanted
        .iter()
        .filter(|subject| covers(wide, subject))
        .collect();
    let places: BTreeSet<Option<usize>> = within.iter().map(|subject| place(subject)).collect();
    match places.len() == 1 && !places.contains(&None) {
        true => within.into_iter().cloned().collect(),
        false => Vec::new(),
    }
}

fn number(token: &str) -> Option<u32> {
    let n: u32 = token.parse().ok()?;
    (n.to_string() == token).then_some(n)
}

/// Subjects for people, in their order: those that only differ in numbers which follow each other are one, as
/// `orders.{0..15}.*.moved`.
pub(super) fn folded(subjects: &[String]) -> Vec<String> {
    let numbers = |subject: &str| -> Vec<(String, u32, String)> {
        let tokens: Vec<&str> = subject.split('.').collect();
        let of = |at: usize| {
            let (before, after) = (tokens[..at].join("."), tokens[at + 1..].join("."));
            Some((before, number(tokens[at])?, after))
        };
        (0..tokens.len()).filter_map(of).collect()
    };
    let mut groups: BTreeMap<(String, String), BTreeSet<u32>> = BTreeMap::new();
    for (before, n, after) in subjects.iter().flat_map(|subject| numbers(subject)) {
        groups.entry((before, after)).or_default().insert(n);
    }
    let around = |(before, n, after): (String, u32, String)| {
        let group = groups.get(&(before.clone(), after.clone()))?;
        let (mut first, mut last) = (n, n);
        while first > 0 && group.contains(&(first - 1)) {
            first -= 1;
        }
        while last < u32::MAX && group.contains(&(last + 1)) {
            last += 1;
        }
        let whole = move |middle: &str| {
            let parts = [before.as_str(), middle, after.as_str()];
            let parts = parts.into_iter().filter(|part| !part.is_empty());
            parts.collect::<Vec<_>>().join(".")
        };
        (first < last).then_some((first, last, whole))
    };
    let mut done = HashSet::new();
    let mut shown = Vec::new();
    for subject in subjects {
        if done.contains(subject) {
            continue;
        }
        match numbers(subject).into_iter().find_map(around) {
            Some((first, last, whole)) => {
                done.extend((first..=last).map(|n| whole(&n.to_string())));
                shown.push(whole(&format!("{{{first}..{last}}}")));
            }
            None => shown.push(subject.clone()),
        }
    }
    shown
}

/// Returns whether a subject can match both patterns.
pub(crate) fn overlap(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        match (a.next(), b.next()) {
            (Some(">"), Some(_)) | (Some(_), Some(">")) | (None, None) => return true,
            (Some(x), Some(y)) if x == y || x == "*" || y == "*" => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping() {
        for (a, b) in [
            ("a.*", "a.b"),
            ("a.>", "a.b.c"),
            ("*.b", "a.*"),
            (">", "x"),
            ("a", "a"),
        ] {
            assert!(overlap(a, b) && overlap(b, a), "{a} {b}");
        }
        for (a, b) in [("a.>", "a"), ("a.b", "a.c"), ("a.*", "a.b.c"), ("a", "b")] {
            assert!(!overlap(a, b) && !overlap(b, a), "{a} {b}");
        }
    }

    fn all(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn folding() {
        assert_eq!(
            folded(&all(&["a.0.*.b", "a.1.*.b", "a.2.*.b", "a.b", "a.7.*.b"])),
            ["a.{0..2}.*.b", "a.b", "a.7.*.b"]
        );
        assert_eq!(folded(&all(&["a.8", "a.10", "a.9"])), ["a.{8..10}"]);
        assert_eq!(
            folded(&all(&["a.07", "a.08", "1.a"])),
            ["a.07", "a.08", "1.a"]
        );
        assert_eq!(folded(&[]), Vec::<String>::new());
    }

    #[test]
    fn partitions_in_the_place_of_any() {
        let two = all(&["a.0.*.b", "a.1.*.b"]);
        assert_eq!(partitions_of("a.*.*.b", &two), two);
        for (wide, wanted) in [
            ("a.>", all(&["a.0.*.b"])),
            ("a.*.*.b", all(&["a.x.*.b"])),
            ("a.*.*.b", all(&["a.0.*.b", "a.*.1.b"])),
            ("a.*.*.b", all(&["c"])),
        ] {
            assert_eq!(partitions_of(wide, &wanted), Vec::<String>::new(), "{wide}");
        }
    }

    #[test]
    fn what_is_lost() {
        assert_eq!(lost(&all(&["a.*"]), &all(&["a.b", "c"])), Some(all(&["c"])));
        assert_eq!(lost(&all(&["a"]), &all(&["a"])), Some(all(&[])));
        assert_eq!(lost(&all(&["a"]), &all(&[])), None);
        assert_eq!(lost(&all(&[]), &all(&["a"])), Some(all(&[])));
    }
}
