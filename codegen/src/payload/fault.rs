//! Faults of a payload: the place, the rule, the reason. Data alone.

use crate::json::Json;

/// One step into a payload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathStep {
    /// A member of an object, by its wire name.
    Member(String),
    /// An item of a list, from 0.
    Item(usize),
    /// An entry of a map, by its key.
    Entry(String),
}

/// One thing that a reader refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Place of the fault; empty for the whole payload. A missing member is missing here.
    pub at: Vec<PathStep>,
    /// The rule: a keyword of JSON Schema (`required`, `type`, `maximum`, `pattern`), `json` for what is no JSON at all,
    /// `duplicate` for a member that stands twice; of what is written by hand `unknown-field` and `old-name`, too.
    pub rule: &'static str,
    /// Anything else that tells it from the faults of other messages at its place, whatever their values: the member that is
    /// missing, the kind of value that was found, the pattern. Empty where the rule says it all.
    pub cause: String,
    /// Reason, in a few words.
    pub reason: String,
}

impl Fault {
    /// Returns the place as `lines[0].quantity`; empty for the whole payload.
    #[must_use]
    pub fn path(&self) -> String {
        self.shown(true)
    }

    #[cfg(feature = "compat")]
    /// The same without positions and keys, for counting: `lines[].quantity`.
    #[must_use]
    pub fn place(&self) -> String {
        self.shown(false)
    }

    /// Removes what it quotes of a sensitive value.
    pub(crate) fn hide(&mut self) {
        let rule = self.rule;
        self.reason = format!("breaks `{rule}` (sensitive: its value is not shown)");
        for step in &mut self.at {
            if let PathStep::Entry(key) = step {
                *key = "…".to_owned();
            }
        }
    }

    fn shown(&self, exact: bool) -> String {
        let mut path = String::new();
        for step in &self.at {
            match step {
                PathStep::Member(name) if path.is_empty() => path.push_str(name),
                PathStep::Member(name) => {
                    path.push('.');
                    path.push_str(name);
                }
                PathStep::Item(at) if exact => path.push_str(&format!("[{at}]")),
                PathStep::Entry(key) if exact => path.push_str(&format!("[\"{key}\"]")),
                PathStep::Item(_) | PathStep::Entry(_) => path.push_str("[]"),
            }
        }
        path
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path();
        if path.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "{path}: {}", self.reason)
        }
    }
}

/// The kind of a value, with its article.
pub(crate) fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::Text(_) => "a text",
        Json::List(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// The same with the value, where it is short.
pub(crate) fn shown_kind(json: &Json) -> String {
    match json {
        Json::Bool(yes) => yes.to_string(),
        Json::Number(digits) => format!("the number {digits}"),
        other => kind(other).to_owned(),
    }
}
