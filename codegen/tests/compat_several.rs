//! Several changes at once: a counterexample shows the change that it belongs to, and no other.
//!
//! Random contracts whose places change independently of each other. Each counterexample is read by its reader with that
//! one change undone, and must then be understood. `PAIRS=5000 cargo test … --release` makes more of them.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "compat_property/random.rs"]
mod random;
mod compat_several {
    pub mod changes;
}

use std::path::{Path, PathBuf};

use compat_several::changes::{FIELDS, Field, TYPES};
use event_codegen::check::{self, Checked};
use event_codegen::compat::{self, Direction, Mode, Outcome, Report};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::json::Json;
use event_codegen::model::EventId;
use event_codegen::{read, report};
use random::Random;

/// One change: a field at a place, or a type. Its name is in the path of whatever is found of it.
#[derive(Clone, Copy)]
enum Change {
    Field(&'static Field, Place),
    Type(usize),
}

/// Where fields may be.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Event,
    Shared,
    Variant,
}

/// Which side of each change a contract has.
type Choice = Vec<bool>;

struct Case {
    changes: Vec<Change>,
}

impl Case {
    fn random(random: &mut Random) -> Self {
        let mut changes = Vec::new();
        for _ in 0..random.between(2, 5) {
            changes.push(if random.chance(20) {
                Change::Type(random.below(TYPES.len()))
            } else {
                let place =
                    *random.pick(&[Place::Event, Place::Event, Place::Shared, Place::Variant]);
                Change::Field(random.pick(FIELDS), place)
            });
        }
        Self { changes }
    }

    /// The contract with the new side of some changes.
    fn contract(&self, new: &Choice) -> String {
        let lines = |wanted: Place| -> String {
            let all = self.changes.iter().zip(new).enumerate();
            all.filter_map(|(at, (change, new))| match change {
                Change::Field(field, place) if *place == wanted => {
                    Some(field.line(&format!("f{at}"), *new))
                }
                _ => None,
            })
            .collect()
        };
        let mut out = format!(
            "[events.Placed]\nsubject = \"shop.placed\"\nstream = \"SHOP\"\n[events.Placed.fields]\norder_id = \"uuid\"\n\
             one = \"Shared\"\nmany = \"list<Shared>\"\nchoice = \"Choice\"\n{}",
            lines(Place::Event)
        );
        for (at, change) in self.changes.iter().enumerate() {
            if matches!(change, Change::Type(_)) {
                out.push_str(&format!("t{at} = \"T{at}\"\nts{at} = \"list<T{at}>\"\n"));
            }
        }
        out.push_str(&format!(
            "[types.Shared.fields]\nnote = \"string?\"\n{}[types.Choice]\ntag = \"kind\"\n[types.Choice.union]\nempty = \
             \"Empty\"\nfull = \"Full\"\n[types.Empty.fields]\nnone = \"string?\"\n[types.Full.fields]\nsome = \"string\"\n{}",
            lines(Place::Shared),
            lines(Place::Variant)
        ));
        for (at, (change, new)) in self.changes.iter().zip(new).enumerate() {
            if let Change::Type(ty) = change {
                out.push_str(&TYPES[*ty].text(&format!("T{at}"), *new));
            }
        }
        out.push_str("[streams.SHOP]\nmax_age = \"7d\"\n[services.web]\npublishes = [\"Placed\"]\n[services.billing]\nsubscribes = [\"Placed\"]\n");
        out
    }

    /// The change that a finding's path is about.
    fn of(&self, path: &str) -> Option<usize> {
        (0..self.changes.len()).find(|at| match &self.changes[*at] {
            Change::Field(..) => {
                path.contains(&format!(".fields.f{at}_"))
                    || path.ends_with(&format!(".fields.f{at}"))
            }
            Change::Type(_) => {
                // Or one of its variants' types.
                let rest = path.strip_prefix(&format!("types.shop.T{at}"));
                rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
            }
        })
    }

    /// Whether both sides of another change can stand in one payload.
    fn spoiled(&self, apart_from: usize) -> bool {
        let others = self.changes.iter().enumerate();
        others.into_iter().any(|(at, change)| {
            at != apart_from && matches!(change, Change::Field(field, _) if field.apart)
        })
    }
}

fn checked(text: &str) -> Checked {
    let mut diagnostics = Diagnostics::default();
    let files = [(PathBuf::from("shop.toml"), text.to_owned())];
    let model = read::read_texts(Path::new("c"), files.to_vec(), &mut diagnostics);
    let sources = model.sources.clone();
    check::check(model, &mut diagnostics)
        .unwrap_or_else(|_| panic!("{}\n{text}", report::human(&diagnostics, &sources, false)))
}

/// What is wrong with the counterexamples of one pair.
fn judge(case: &Case, report: &Report, sides: [&Choice; 2], alone: &mut usize) -> Vec<String> {
    let mut wrong = Vec::new();
    for finding in &report.findings {
        let Some(at) = case.of(&finding.path) else {
            wrong.push(format!(
                "{} is about no change: {}",
                finding.rule.id, finding.path
            ));
            continue;
        };
        for direction in [Direction::Backward, Direction::Forward] {
            let example = finding
                .counterexamples
                .iter()
                .find(|c| c.direction == direction);
            let Some(example) = example else {
                if finding.breaks(direction)
                    && !case.spoiled(at)
                    && finding.rule.id != "pattern-changed"
                {
                    let categories = finding.rule.categories;
                    let payload = [compat::Category::Backward, compat::Category::Forward];
                    if categories.iter().all(|c| payload.contains(c)) {
                        wrong.push(format!(
                            "{} is not shown {}",
                            finding.rule.id,
                            direction.as_str()
                        ));
                    }
                }
                continue;
            };
            if case.spoiled(at) {
                // Every payload is broken by the other change too; but what is said is said of this one.
                if let (Outcome::Refused(why), Change::Field(..)) =
                    (&example.outcome, case.changes[at])
                    && !why.contains(&format!("f{at}"))
                {
                    wrong.push(format!("{} blames another change: {why}", finding.rule.id));
                }
                continue;
            }
            // The reader's side, but for this change: there it has the writer's.
            let (writer, reader) = match direction {
                Direction::Backward => (sides[0], sides[1]),
                Direction::Forward => (sides[1], sides[0]),
            };
            let mut undone = reader.clone();
            undone[at] = writer[at];
            let (writer, undone) = (
                checked(&case.contract(writer)),
                checked(&case.contract(&undone)),
            );
            let payload = parse(&example.payload);
            let meant = compat::payload::read(&writer, EventId(0), &payload);
            let got = compat::payload::read(&undone, EventId(0), &payload);
            match (meant, got) {
                (Ok(meant), Ok(got)) if compat::payload::same(&meant, &got) => *alone += 1,
                (meant, got) => wrong.push(format!(
                    "{} {}: {} is broken without the change too: {meant:?} {got:?}",
                    finding.rule.id,
                    direction.as_str(),
                    example.payload
                )),
            }
        }
    }
    wrong
}

fn parse(text: &str) -> Json {
    fn convert(value: &serde_json::Value) -> Json {
        match value {
            serde_json::Value::Null => Json::Null,
            serde_json::Value::Bool(b) => Json::Bool(*b),
            serde_json::Value::Number(n) => Json::Number(n.to_string()),
            serde_json::Value::String(text) => Json::text(text),
            serde_json::Value::Array(items) => Json::list(items.iter().map(convert)),
            serde_json::Value::Object(members) => {
                Json::object(members.iter().map(|(k, v)| (k.clone(), convert(v))))
            }
        }
    }
    convert(&serde_json::from_str(text).unwrap())
}

#[test]
fn a_counterexample_shows_its_own_change_and_no_other() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse().ok());
    let (pairs, seed) = (number("PAIRS").unwrap_or(600), number("SEED").unwrap_or(1));
    let mut random = Random::new(seed);
    let (mut alone, mut wrong) = (0, Vec::new());
    for n in 0..pairs {
        let case = Case::random(&mut random);
        let sides = random.chance(50);
        let (old, new) = (
            vec![sides; case.changes.len()],
            vec![!sides; case.changes.len()],
        );
        let (before, now) = (checked(&case.contract(&old)), checked(&case.contract(&new)));
        let report = compat::compare(&before, &now, Mode::Full);
        for why in judge(&case, &report, [&old, &new], &mut alone) {
            wrong.push(format!(
                "pair {n}: {why}\n{}",
                compat::render::human(&report, false)
            ));
        }
    }
    println!(
        "{pairs} pairs: {alone} counterexamples show one change, {} do not",
        wrong.len()
    );
    let first: Vec<&String> = wrong.iter().take(3).collect();
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        first
            .iter()
            .map(|s| s.as_str())
            .collect::<Vec<_>>()
            .join("\n")
    );
    assert!(alone > usize::try_from(pairs).unwrap(), "{alone}");
}

/// The members of an imported schema, with both sides of each change; the name of a member is in what is said of it.
const SCHEMAS: &[[&str; 2]] = &[
    ["", r#""a": {"type": "string", "minLength": 2}"#],
    [
        r#""b": {"type": "integer"}"#,
        r#""b": {"type": "integer", "minimum": 7}"#,
    ],
    [
        r#""c": {"enum": ["open", "paid"]}"#,
        r#""c": {"enum": ["paid", "void"]}"#,
    ],
    [
        r#""d": {"type": "array", "items": {"type": "integer"}}"#,
        r#""d": {"type": "array", "minItems": 2, "items": {"type": "integer", "minimum": 3}}"#,
    ],
    [
        r#""e": {"type": "object", "required": ["x"], "properties": {"x": {"type": "string"}}}"#,
        r#""e": {"type": "object", "required": ["x", "y"], "properties": {"x": {"type": "string", "maxLength": 3}, "y": {"type": "boolean"}}}"#,
    ],
];

fn imported(folder: &Path, new: &[bool]) -> Checked {
    let members = SCHEMAS
        .iter()
        .zip(new)
        .map(|(sides, new)| sides[usize::from(*new)]);
    let members: Vec<&str> = members.filter(|text| !text.is_empty()).collect();
    let required: Vec<&str> = members.iter().map(|text| &text[..3]).collect();
    let schema = format!(
        r#"{{"title": "Hook", "type": "object", "required": [{}], "properties": {{{}}}}}"#,
        required.join(","),
        members.join(",")
    );
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("s.json"), schema).unwrap();
    let contract = "[events.Hook]\nsubject = \"shop.hook\"\nstream = \"SHOP\"\njson_schema = \"s.json\"\n[streams.SHOP]\nmax_age = \"7d\"\n";
    std::fs::write(folder.join("shop.toml"), contract).unwrap();
    let mut diagnostics = Diagnostics::default();
    let model = read::read_folder(folder, &mut diagnostics);
    let sources = model.sources.clone();
    check::check(model, &mut diagnostics)
        .unwrap_or_else(|_| panic!("{}", report::human(&diagnostics, &sources, false)))
}

#[test]
fn so_it_does_of_an_imported_schema() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compat_several");
    let n = SCHEMAS.len();
    let (old, new) = (vec![false; n], vec![true; n]);
    let both = [
        imported(&root.join("old"), &old),
        imported(&root.join("new"), &new),
    ];
    let report = compat::compare(&both[0], &both[1], Mode::Full);
    let mut seen = 0;
    for finding in &report.findings {
        let member = finding.path.split_once('#').map_or("", |(_, at)| at);
        let named = |sides: &[&str; 2]| {
            let of = |name: &str| {
                member.starts_with(name) || finding.message.contains(&format!("`{name}`"))
            };
            of(&sides[1][1..2])
        };
        let at = SCHEMAS
            .iter()
            .position(named)
            .unwrap_or_else(|| panic!("{finding:?}"));
        for example in &finding.counterexamples {
            let (writer, reader) = match example.direction {
                Direction::Backward => (0, &new),
                Direction::Forward => (1, &old),
            };
            let mut undone = reader.clone();
            undone[at] = !undone[at];
            let undone = imported(&root.join("undone"), &undone);
            let payload = parse(&example.payload);
            let meant = compat::payload::read(&both[writer], EventId(0), &payload);
            let got = compat::payload::read(&undone, EventId(0), &payload);
            assert!(meant.is_ok(), "{}: {meant:?}", example.payload);
            assert!(
                got.is_ok(),
                "{} {}: {got:?}",
                finding.message,
                example.payload
            );
            seen += 1;
        }
    }
    assert!(seen >= 8, "{}", compat::render::human(&report, false));
}
