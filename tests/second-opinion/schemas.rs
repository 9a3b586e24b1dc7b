//! `diff` judges models; `jsoncompat` judges JSON Schemas, and knows nothing of contracts. Here it is asked about the exported
//! schemas of the same changes, in both directions and both of its roles. Where the two differ, [`DIFFERENCES`] says why.
//!
//! Both count what they cannot decide as broken. Meaning is left out: a schema says what is refused, not what is misread.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use event_codegen::check::{self, Checked};
use event_codegen::compat::{self, Category, Direction, Finding, Mode, Severity};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::export::json_schema::{Draft, Layout, json_schema};
use event_codegen::{read, report};
use jsoncompat::{Role, SchemaDocument, check_compat};

const FOLDER: &str = "../../codegen/tests/compat";

const B: Direction = Direction::Backward;
const F: Direction = Direction::Forward;

/// A kind of difference: why, which roles show it, and the folders with the direction.
type Difference = (
    &'static str,
    &'static [Role],
    &'static [(&'static str, Direction)],
);

/// Both roles ask whether what one schema accepts is accepted by the other: `Deserializer` of what a writer of the schema
/// declares, `Serializer` of everything that the schema lets pass.
const DIFFERENCES: &[Difference] = &[
    (
        "an alias is in no schema: other languages do not apply it, and `diff` warns of that",
        &[Role::Deserializer, Role::Serializer],
        &[
            ("alias-removed", B),
            ("aliased-field-renamed", B),
            ("renamed-to-alias", F),
        ],
    ),
    (
        "`format` is an annotation in 2020-12: our decoders refuse what is no uuid or beyond an int32, a schema need not",
        &[Role::Deserializer, Role::Serializer],
        &[
            ("range-widened", F),
            ("text-narrowed", B),
            ("text-widened", F),
        ],
    ),
    (
        "the keyword `not` of an imported schema is not exported: no Rust type holds to it, and what changed in it stays undecided",
        &[Role::Deserializer, Role::Serializer],
        &[("schema-undecided", B), ("schema-undecided", F)],
    ),
    (
        "schemas are open for fields of later versions, so a writer may send a field that it does not know, of any type; by the \
         principle nobody invents a name that the other side knows",
        &[Role::Serializer],
        &[
            ("defaulted-field-added", B),
            ("defaulted-field-removed", F),
            ("optional-field-added", B),
            ("optional-field-removed", F),
            ("optional-field-renamed", B),
            ("optional-field-renamed", F),
            ("reserved-name-used", B),
        ],
    ),
];

fn contracts(folder: &Path) -> Checked {
    let mut diagnostics = Diagnostics::default();
    let model = read::read_folder(folder, &mut diagnostics);
    let sources = model.sources.clone();
    check::check(model, &mut diagnostics).unwrap_or_else(|_| {
        let report = report::human(&diagnostics, &sources, false);
        panic!("{}: {report}", folder.display())
    })
}

/// By the name of the event.
fn schemas(contracts: &Checked) -> BTreeMap<String, SchemaDocument> {
    json_schema(contracts, Draft::Draft202012, Layout::Bundled)
        .into_iter()
        .map(|(file, text)| {
            let schema = serde_json::from_str(&text).unwrap();
            let event = file.strip_suffix(".json").unwrap().to_owned();
            (event, SchemaDocument::from_json(&schema).unwrap())
        })
        .collect()
}

/// Whether a finding says that readers of the event refuse something.
fn breaks(finding: &Finding, event: &str, direction: Direction) -> bool {
    let category = match direction {
        Direction::Backward => Category::Backward,
        Direction::Forward => Category::Forward,
    };
    finding.severity == Severity::Breaks
        && finding.rule.categories.contains(&category)
        && finding.events.iter().any(|reached| reached.event == event)
}

#[test]
fn jsoncompat_agrees_but_for_what_is_listed() {
    let mut folders: Vec<String> = fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let (mut changed, mut seen) = (BTreeSet::new(), BTreeSet::new());
    // By role: how many verdicts, and how many of them are ours too.
    let mut agreed: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for folder in &folders {
        let old = contracts(&Path::new(FOLDER).join(folder).join("old"));
        let new = contracts(&Path::new(FOLDER).join(folder).join("new"));
        let findings = compat::compare(&old, &new, Mode::Full).findings;
        let (old, new) = (schemas(&old), schemas(&new));
        for (event, old) in &old {
            let Some(new) = new.get(event) else { continue };
            // Most folders are about something else; but what we say is asked about in any case.
            if old.source_schema_json() == new.source_schema_json()
                && ![B, F]
                    .iter()
                    .any(|d| findings.iter().any(|f| breaks(f, event, *d)))
            {
                continue;
            }
            changed.insert(folder);
            for direction in [B, F] {
                let (writer, reader) = match direction {
                    Direction::Backward => (old, new),
                    Direction::Forward => (new, old),
                };
                let ours = findings.iter().any(|f| breaks(f, event, direction));
                for role in [Role::Deserializer, Role::Serializer] {
                    // Its serializers are judged by those who read the old schema: ours is the one that is called new.
                    let theirs = match role {
                        Role::Serializer => check_compat(reader, writer, role),
                        _ => check_compat(writer, reader, role),
                    };
                    let same = ours != theirs.unwrap();
                    let [all, ok] = agreed.entry(format!("{role:?}")).or_default();
                    *all += 1;
                    *ok += usize::from(same);
                    if !same {
                        seen.insert((format!("{role:?}"), folder.as_str(), direction));
                    }
                }
            }
        }
    }
    println!("{} folders with a change of a payload", changed.len());
    for (role, [all, ok]) in &agreed {
        println!("{role}: {ok} of {all} verdicts are the same");
    }
    for (why, roles, cases) in DIFFERENCES {
        println!("{} in {roles:?}: {why}", cases.len());
    }
    let listed: BTreeSet<_> = DIFFERENCES
        .iter()
        .flat_map(|(_, roles, cases)| {
            roles.iter().flat_map(|role| {
                cases
                    .iter()
                    .map(move |(folder, direction)| (format!("{role:?}"), *folder, *direction))
            })
        })
        .collect();
    assert_eq!(seen, listed);
}
