//! What a compiled decoder answered, and what is wrong with it.

use serde_json::Value;

use super::judge::Judge;
use super::round;

/// What a generated decoder made of a payload.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It was read, and written again as this.
    Written(String),
    /// It was refused.
    Refused(String),
    /// What was written reads as something else.
    Unstable(String),
    /// The process died, of a stack overflow most of all.
    Aborted,
    /// The code of the schema does not compile.
    Uncompiled(String),
}

impl Answer {
    /// From a line of `reader`.
    pub fn of(line: &str) -> Self {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "ok" => Self::Written(rest.to_owned()),
            "no" => Self::Refused(rest.to_owned()),
            _ => Self::Unstable(rest.to_owned()),
        }
    }

    /// How it differs from what `decode` says, in one word and more; and whether everything came back.
    pub fn differs(
        &self,
        judge: &Judge,
        payload: &Value,
        listed: &mut dyn FnMut(&'static str),
    ) -> Option<(&'static str, String)> {
        match (self, judge.decode(&payload.to_string())) {
            (Self::Uncompiled(error), _) => Some(("uncompiled", error.clone())),
            (Self::Aborted, _) => Some(("aborted", String::new())),
            (Self::Unstable(what), _) => Some(("unstable", what.clone())),
            (Self::Refused(why), Ok(())) => Some(("refuses-more", why.clone())),
            // Readers take what chrono and uuid take: one digit for a month, a uuid without hyphens. Writers write what the
            // formats say; contracts' own fields are read alike (`tests/property/difference.rs`).
            (Self::Written(written), Err(why))
                if why.ends_with("(format)") && judge.decode(written).is_ok() =>
            {
                listed("spelling");
                None
            }
            (Self::Written(_), Err(why)) => Some(("accepts-more", why)),
            (Self::Written(written), Ok(())) if judge.original.is_valid(payload) => {
                let Ok(written) = serde_json::from_str(written) else {
                    return Some(("unstable", format!("no JSON: {written}")));
                };
                let lost = round::lost(judge, payload, &written, listed);
                (!lost.is_empty()).then(|| ("lost", format!("{lost:?}; written: {written}")))
            }
            _ => None,
        }
    }
}
