//! Patterns of subjects against each other. What covers what is the runtime's to say.

use event_runtime::operate::covers;

/// Subjects that `there` takes and `wanted` does not. Nothing when `there` takes everything and `wanted` does not: then it
/// cannot be said which.
pub(super) fn lost(wanted: &[String], there: &[String]) -> Option<Vec<String>> {
    if wanted.is_empty() {
        return Some(Vec::new());
    }
    if there.is_empty() {
        return None;
    }
    let covered = |subject: &&String| wanted.iter().any(|wide| covers(wide, subject));
    Some(
        there
            .iter()
            .filter(|subject| !covered(subject))
            .cloned()
            .collect(),
    )
}

/// Whether a subject can match both patterns.
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

    #[test]
    fn what_is_lost() {
        let all = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(lost(&all(&["a.*"]), &all(&["a.b", "c"])), Some(all(&["c"])));
        assert_eq!(lost(&all(&["a"]), &all(&["a"])), Some(all(&[])));
        assert_eq!(lost(&all(&["a"]), &all(&[])), None);
        assert_eq!(lost(&all(&[]), &all(&["a"])), Some(all(&[])));
    }
}
