//! What the three judges that need no compiler say of a payload: the schema as it was written, the reader of `decode`, and
//! the schema as it is exported again, in both drafts.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use event_codegen::check::{self, Checked};
use event_codegen::decode::Decoder;
use event_codegen::diagnostic::{Code, Diagnostics, Severity};
use event_codegen::export::json_schema::{Draft, Layout, json_schema};
use event_codegen::model::EventId;
use event_codegen::read;
use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use super::said;

const CONTRACT: &str = "[events.Held]\nsubject = \"held\"\njson_schema = \"s.json\"\n";

/// Why there is nothing to judge.
#[derive(Debug)]
pub enum Refused {
    /// No validator takes the schema either.
    NoSchema(String),
    /// The import says why.
    Import(&'static str, String),
    /// The import panicked, or what it exports is no schema.
    Broken(String),
}

/// All judges of one schema.
pub struct Judge {
    pub original: Validator,
    /// What must be accepted, and what must be refused: between the two lies what is listed.
    narrowed: Validator,
    widened: Validator,
    pub checked: Checked,
    exported: [Validator; 2],
    /// The keywords of `schema-unchecked`.
    pub unchecked: BTreeSet<String>,
}

/// What is not as the schema says.
#[derive(Clone, Debug, PartialEq)]
pub enum Differs {
    /// One of [`said::LISTED`].
    Listed(&'static str),
    /// Nobody wants it.
    Wrong(&'static str),
}

fn validator(schema: &Value, rewrite: fn(&mut Value)) -> Result<Validator, String> {
    let mut schema = schema.clone();
    said::widths(&mut schema);
    rewrite(&mut schema);
    // The formats that are checked, in every draft; all others are remarks.
    let mut options = jsonschema::options().should_validate_formats(true);
    for format in OTHER_FORMATS {
        options = options.with_format(*format, |_: &str| true);
    }
    options = options.with_format("uuid", is_uuid);
    options.build(&schema).map_err(|error| error.to_string())
}

const OTHER_FORMATS: &[&str] = &[
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
];

fn is_uuid(text: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// Whether the schema as it was written accepts a payload; nothing when it is no schema.
pub fn accepts(schema: &Value, payload: &Value) -> Option<bool> {
    Some(validator(schema, |_| {}).ok()?.is_valid(payload))
}

impl Judge {
    pub fn new(schema: &Value) -> Result<Self, Refused> {
        let of = |rewrite| validator(schema, rewrite).map_err(Refused::NoSchema);
        let (original, narrowed, widened) = (of(|_| {})?, of(said::narrowed)?, of(said::widened)?);
        let text = schema.to_string();
        let made = catch_unwind(AssertUnwindSafe(|| import(&text)));
        let (checked, unchecked) = made.map_err(|panic| {
            let said = panic.downcast_ref::<String>().cloned();
            Refused::Broken(said.unwrap_or_else(|| "the import panicked".to_owned()))
        })??;
        let exported = |draft| {
            let (_, text) = json_schema(&checked, draft, Layout::Bundled).remove(0);
            let schema =
                serde_json::from_str(&text).map_err(|error| Refused::Broken(error.to_string()))?;
            let exported = validator(&schema, |_| {});
            exported.map_err(|error| {
                Refused::Broken(format!("what is exported is no schema: {error}: {text}"))
            })
        };
        let exported = [exported(Draft::Draft07)?, exported(Draft::Draft202012)?];
        Ok(Self {
            original,
            narrowed,
            widened,
            checked,
            exported,
            unchecked,
        })
    }

    /// What the reader of `decode` refuses.
    pub fn decode(&self, payload: &str) -> Result<(), String> {
        let decoded = Decoder::new(&self.checked).decode(EventId(0), payload.as_bytes());
        match decoded.faults.first() {
            None => Ok(()),
            Some(fault) => Err(format!(
                "{}: {} ({})",
                fault.path(),
                fault.reason,
                fault.rule
            )),
        }
    }

    pub fn exported(&self, payload: &Value) -> [bool; 2] {
        [0, 1].map(|draft: usize| self.exported[draft].is_valid(payload))
    }

    /// One line with all verdicts.
    pub fn said(&self, payload: &Value) -> String {
        format!(
            "original {}, decode {:?}, exported {:?}, unchecked {:?}",
            self.original.is_valid(payload),
            self.decode(&payload.to_string()),
            self.exported(payload),
            self.unchecked
        )
    }

    /// Whether a payload would be accepted without some of its members that are `null`.
    fn without_nulls(&self, payload: &Value, accepts: impl Fn(&Value) -> bool) -> bool {
        let mut nulls = Vec::new();
        null_members(payload, String::new(), &mut nulls);
        nulls.truncate(7);
        (1..1_u32 << nulls.len()).any(|taken| {
            let mut less = payload.clone();
            for (at, (place, name)) in nulls.iter().enumerate() {
                if taken & (1 << at) != 0
                    && let Some(Value::Object(members)) = less.pointer_mut(place)
                {
                    members.remove(name);
                }
            }
            accepts(&less)
        })
    }

    /// Whether all that is refused is said to be unchecked.
    fn is_said(&self, error: &ValidationError<'_>) -> bool {
        let path = error.evaluation_path().to_string();
        let named = |part: &str| match part {
            "then" | "else" => self.unchecked.contains("if"),
            // In draft-04 a word beside the bound.
            "exclusiveMinimum" | "exclusiveMaximum" => ["minimum", "maximum", part]
                .iter()
                .any(|word| self.unchecked.contains(*word)),
            // One is rewritten as the other.
            "anyOf" | "allOf" => ["anyOf", "oneOf"]
                .iter()
                .any(|word| self.unchecked.contains(*word)),
            _ => self.unchecked.contains(part),
        };
        path.split('/').any(named)
            || match error.kind() {
                Kind::AnyOf { context }
                | Kind::OneOfNotValid { context }
                | Kind::OneOfMultipleValid { context } => context
                    .iter()
                    .any(|branch| branch.iter().all(|error| self.is_said(error))),
                _ => false,
            }
    }

    /// Holds what `decode` says of a payload against both schemas; nothing is as it should be.
    pub fn differs(&self, payload: &Value) -> Option<Differs> {
        use Differs::{Listed, Wrong};
        let reads = self.decode(&payload.to_string()).is_ok();
        let [older, newer] = self.exported(payload);
        if older != newer {
            return Some(Wrong("exports-differ"));
        }
        match (reads, older) {
            (true, false)
                if self.without_nulls(payload, |less| self.exported(less) == [true, true]) =>
            {
                return Some(Listed("null-is-absent"));
            }
            (true, false) if self.original.is_valid(payload) => {
                return Some(Wrong("export-refuses-valid"));
            }
            (true, false) => return Some(Wrong("decode-accepts-more")),
            (false, true) if has_point_zero(payload) => return Some(Listed("integer-digits")),
            (false, true) => return Some(Wrong("export-accepts-more")),
            _ => {}
        }
        match (reads, self.original.is_valid(payload)) {
            (false, true) if !self.narrowed.is_valid(payload) => Some(Listed("implied-kind")),
            (false, true) if has_point_zero(payload) => Some(Listed("integer-digits")),
            (false, true) => Some(Wrong("decode-refuses-valid")),
            (true, false) => Some(self.too_much(payload)),
            _ => None,
        }
    }

    /// Why a payload is read that the original refuses.
    fn too_much(&self, payload: &Value) -> Differs {
        if self.widened.is_valid(payload) {
            let text = self
                .original
                .iter_errors(payload)
                .any(|error| matches!(error.kind(), Kind::Type { .. }));
            return Differs::Listed(if text {
                "text-integer"
            } else {
                "unknown-member"
            });
        }
        if self.without_nulls(payload, |less| self.widened.is_valid(less)) {
            return Differs::Listed("null-is-absent");
        }
        if self
            .widened
            .iter_errors(payload)
            .all(|error| self.is_said(&error))
        {
            return Differs::Listed("unchecked");
        }
        let said_beside_nulls = |less: &Value| {
            self.widened
                .iter_errors(less)
                .all(|error| self.is_said(&error))
        };
        if self.without_nulls(payload, said_beside_nulls) {
            return Differs::Listed("unchecked");
        }
        Differs::Wrong("accepts-invalid")
    }
}

/// Whether an integer is written with a fraction somewhere.
fn has_point_zero(value: &Value) -> bool {
    match value {
        Value::Number(n) => n.is_f64() && n.as_f64().is_some_and(|n| n.fract() == 0.0),
        Value::Array(items) => items.iter().any(has_point_zero),
        Value::Object(members) => members.values().any(has_point_zero),
        _ => false,
    }
}

fn null_members(value: &Value, at: String, out: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                if value.is_null() {
                    out.push((at.clone(), key.clone()));
                }
                null_members(
                    value,
                    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")),
                    out,
                );
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                null_members(value, format!("{at}/{index}"), out);
            }
        }
        _ => {}
    }
}

fn import(schema: &str) -> Result<(Checked, BTreeSet<String>), Refused> {
    let files = [
        (PathBuf::from("held.toml"), CONTRACT.to_owned()),
        (PathBuf::from("s.json"), schema.to_owned()),
    ];
    let mut diagnostics = Diagnostics::default();
    let contracts = read::read_texts(Path::new(""), files, &mut diagnostics);
    let checked = check::check(contracts, &mut diagnostics).map_err(|_| {
        let first = diagnostics
            .iter()
            .find(|found| found.code.severity() == Severity::Error);
        first.map_or(
            Refused::Broken("refused without an error".to_owned()),
            |found| Refused::Import(found.code.as_str(), found.message.clone()),
        )
    })?;
    let unchecked = diagnostics
        .iter()
        .filter(|found| found.code == Code::SchemaUnchecked)
        .flat_map(|found| {
            found
                .message
                .split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    Ok((checked, unchecked))
}
