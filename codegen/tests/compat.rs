//! One folder per rule of `diff`: `compat/<rule>/{old,new}` beside the report that people get for the change.
//!
//! `UPDATE_EXPECT=1 cargo test -p event-codegen --features compat --test compat` writes the reports anew; look at the
//! difference.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use event_codegen::check::{self, Checked};
use event_codegen::compat::{self, Category, Date, Direction, Mode, RULES, Report, Rule, Severity};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::{read, report};

const FOLDER: &str = "tests/compat";

fn cases() -> BTreeSet<String> {
    fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn contracts(folder: &Path) -> Checked {
    let mut diagnostics = Diagnostics::default();
    let model = read::read_folder(folder, &mut diagnostics);
    let sources = model.sources.clone();
    check::check(model, &mut diagnostics).unwrap_or_else(|_| {
        panic!(
            "{}: {}",
            folder.display(),
            report::human(&diagnostics, &sources, false)
        )
    })
}

fn compare(case: &str) -> Report {
    let folder = Path::new(FOLDER).join(case);
    let new = contracts(&folder.join("new"));
    let report = compat::compare(&contracts(&folder.join("old")), &new, Mode::Full);
    let mut reports = [report];
    compat::apply_accepted(&mut reports, &new, Date::parse("2026-01-01").unwrap());
    let [report] = reports;
    report
}

#[test]
fn reports_are_as_expected() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let folder = Path::new(FOLDER).join(&case);
        let said = compat::render::human(&compare(&case), false)
            .replace(&format!("{}/", folder.display()), "");
        let path = folder.join("report.txt");
        if update {
            fs::write(&path, &said).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != said {
            wrong.push(format!("{} differs; it would be:\n{said}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_case_that_shows_it_and_a_page() {
    let cases = cases();
    let mut wrong = Vec::new();
    for rule in RULES {
        let Rule { id, page, .. } = rule;
        if !page.starts_with(&format!("# {id}\n\n")) || page.lines().count() < 10 {
            wrong.push(format!("{id} has no page"));
        }
        if !cases.contains(*id) {
            wrong.push(format!("{id} has no folder"));
        } else if !compare(id)
            .findings
            .iter()
            .any(|finding| finding.rule.id == *id)
        {
            wrong.push(format!("the folder {id} does not show {id}"));
        }
    }
    wrong.extend(
        cases
            .iter()
            .filter(|case| Rule::find(case).is_none())
            .map(|case| format!("{case} is no rule")),
    );
    let pages = fs::read_dir("explain/rules").unwrap().count();
    if pages != RULES.len() {
        wrong.push(format!("{pages} pages for {} rules", RULES.len()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A page must not promise what the rule does not do: its example is the test folder's contract, but for the frame.
#[test]
fn every_break_of_a_payload_is_shown_by_one() {
    let mut wrong = Vec::new();
    for case in cases() {
        for finding in compare(&case).findings {
            for direction in [Direction::Backward, Direction::Forward] {
                let claims = finding.severity == Severity::Breaks
                    && finding.rule.categories.contains(&match direction {
                        Direction::Backward => Category::Backward,
                        Direction::Forward => Category::Forward,
                    });
                let shown = finding
                    .counterexamples
                    .iter()
                    .any(|c| c.direction == direction);
                if claims && !shown && finding.rule.id != "schema-undecided" {
                    wrong.push(format!(
                        "{case}: {} is not shown {}",
                        finding.rule.id,
                        direction.as_str()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn texts(old: &str, new: &str) -> Report {
    let checked = |text: &str| {
        let mut diagnostics = Diagnostics::default();
        let files = [(Path::new("shop.toml").to_owned(), text.to_owned())];
        let model = read::read_texts(Path::new("c"), files.to_vec(), &mut diagnostics);
        let sources = model.sources.clone();
        check::check(model, &mut diagnostics)
            .unwrap_or_else(|_| panic!("{}", report::human(&diagnostics, &sources, false)))
    };
    compat::compare(&checked(old), &checked(new), Mode::Full)
}

#[test]
fn partitions_are_of_events_with_a_key() {
    let stream = |partitions: &str| {
        format!(
            "[events.Noted]\nsubject = \"shop.noted\"\nstream = \"SHOP\"\n[events.Noted.fields]\nnote = \"string\"\n\
             [streams.SHOP]\nmax_age = \"7d\"\n{partitions}\n[services.web]\npublishes = [\"Noted\"]\n[services.archive]\n\
             subscribes = [\"Noted\"]\n"
        )
    };
    for (old, new) in [("partitions = 4", "partitions = 8"), ("", "partitions = 8")] {
        let report = texts(&stream(old), &stream(new));
        let [finding] = report.findings.as_slice() else {
            panic!("{:?}", report.findings);
        };
        assert_eq!(finding.rule.id, "partitions-changed");
        assert_eq!(finding.severity, Severity::Info);
        assert_eq!(finding.path, "streams.SHOP.partitions");
        assert!(finding.events.is_empty() && finding.services.is_empty());
        assert!(!report.fails() && report.plan.blocked.is_empty() && report.plan.steps.is_empty());
    }
    // With a keyed event beside it, that one alone; a service that is delivered it through `supersedes` included.
    let keyed = |partitions: u32| {
        stream(&format!("partitions = {partitions}"))
            + "[events.Placed]\nsubject = \"shop.{partition}.placed\"\nstream = \"SHOP\"\nkey = \"order_id\"\n\
               deprecated = \"use Ordered\"\n[events.Placed.fields]\norder_id = \"uuid\"\n[events.Ordered]\nsubject = \
               \"shop.ordered\"\nstream = \"SHOP\"\nsupersedes = \"Placed\"\n[events.Ordered.fields]\norder_id = \"uuid\"\n\
               [services.billing]\nsubscribes = [\"Ordered\"]\n"
    };
    let report = texts(&keyed(8), &keyed(4));
    let finding = report
        .findings
        .iter()
        .find(|f| f.rule.id == "partitions-changed")
        .unwrap();
    let events: Vec<&str> = finding
        .events
        .iter()
        .map(|reached| reached.event.as_str())
        .collect();
    assert_eq!(events, ["shop.Placed"]);
    assert_eq!(finding.services, ["billing"]);
    assert_eq!(finding.stranded.len(), 1, "{:?}", finding.stranded);
    assert_eq!(report.plan.blocked.len(), 1);
    assert_eq!(report.plan.blocked[0].events, ["shop.Placed"]);
}

/// The additions of subscriptions that are none: what is delivered begins with them.
#[test]
fn a_subscription_is_added_to_a_durable_that_is_there() {
    const EVENTS: &str = "[events.A]\nsubject = \"s.a\"\nstream = \"S\"\nfields = {}\n[events.B]\nsubject = \"s.b\"\nstream = \
        \"S\"\nfields = {}\n[events.K]\nsubject = \"s.{partition}.k\"\nstream = \"S\"\nkey = \"k\"\n[events.K.fields]\nk = \
        \"uuid\"\n[events.T]\nsubject = \"t.t\"\nstream = \"T\"\nfields = {}\n[events.E]\nsubject = \"e.e\"\nfields = {}\n\
        [streams.S]\nmax_age = \"7d\"\npartitions = 3\n[streams.T]\nmax_age = \"7d\"\n[services.web]\npublishes = [\"A\", \
        \"B\", \"K\", \"T\", \"E\"]\n";
    const NEWER: &str =
        "[events.B2]\nsubject = \"s.b2\"\nstream = \"S\"\nsupersedes = \"B\"\nfields = {}\n";
    let found = |old: &str, new: &str| -> Vec<String> {
        let report = texts(&format!("{EVENTS}{old}"), &format!("{EVENTS}{new}"));
        let of = report
            .findings
            .iter()
            .filter(|f| f.rule.id == "subscription-added");
        of.map(|f| {
            assert_eq!(f.severity, Severity::Warn);
            assert!(f.help.contains("services reset w"), "{}", f.help);
            f.path.clone()
        })
        .collect()
    };
    let w = |rest: &str| format!("[services.w]\n{rest}\n");
    let [a, ab] = ["subscribes = [\"A\"]", "subscribes = [\"A\", \"B\"]"].map(w);
    assert_eq!(
        found(&a, &ab),
        ["services.w.subscribes.s.B".replace("s.B", "shop.B")]
    );
    assert_eq!(found(&ab, &a), Vec::<String>::new());
    // A new service, another stream, the first event with a key, an ephemeral event.
    assert_eq!(found("", &ab), Vec::<String>::new());
    for more in ["T", "K", "E"] {
        let both = w(&format!("subscribes = [\"A\", \"{more}\"]"));
        assert_eq!(found(&a, &both), Vec::<String>::new(), "{more}");
    }
    // Who wants what is new only, and another group.
    for rest in ["start = \"new\"", "queue_group = \"other\""] {
        let both = w(&format!("subscribes = [\"A\", \"B\"]\n{rest}"));
        assert_eq!(found(&a, &both), Vec::<String>::new(), "{rest}");
    }
    // The durables of partitions are there.
    let keyed = |more: &str| {
        w(&format!("subscribes = [\"K\"{more}]"))
            + "[events.L]\nsubject = \"s.{partition}.l\"\nstream = \"S\"\nkey = \"k\"\n[events.L.fields]\nk = \"uuid\"\n"
    };
    assert_eq!(
        found(&keyed(""), &keyed(", \"L\"")),
        ["services.w.subscribes.shop.L"]
    );
    assert_eq!(found(&keyed(""), &keyed(", \"A\"")), Vec::<String>::new());
    // Through `supersedes`; an event that is new itself has nothing stored.
    let newer = |events: &str| w("subscribes = [\"A\", \"B2\"]") + events;
    let none = NEWER.replace("supersedes = \"B\"\n", "");
    assert_eq!(
        found(&newer(&none), &newer(NEWER)),
        ["services.w.subscribes.shop.B"]
    );
    assert_eq!(found(&a, &newer(NEWER)), ["services.w.subscribes.shop.B"]);
    assert_eq!(found(&ab, &newer(NEWER)), Vec::<String>::new());
}

#[test]
fn an_optional_field_more_is_no_matter_of_source() {
    let event = |fields: &str| {
        format!("[events.A]\nsubject = \"s.a\"\n[events.A.fields]\nid = \"uuid\"\n{fields}\n")
    };
    for field in [
        "note = \"string?\"",
        "note = { type = \"string\", default = \"\" }",
    ] {
        let report = texts(&event(""), &event(field));
        assert!(!report.fails(), "{field}");
        assert_eq!(report.findings.len(), 1, "{field}");
        for finding in &report.findings {
            assert!(
                !finding.rule.categories.contains(&Category::Source),
                "{field}"
            );
        }
    }
    // What is used no longer has to be taken out of the code that uses it.
    let gone = texts(&event("note = \"string?\""), &event(""));
    assert!(gone.fails());
    let reserved = event("").replace("[events.A]\n", "[events.A]\nreserved = [\"note\"]\n");
    assert!(!texts(&event("note = \"string?\""), &reserved).fails());
    let used = texts(&reserved, &event("note = \"string?\""));
    assert_eq!(used.findings[0].rule.id, "reserved-name-used");
}

/// The order of services, in the folders that have one.
#[test]
fn nothing_changes_between_a_contract_and_itself() {
    for case in cases() {
        let folder = Path::new(FOLDER).join(&case).join("new");
        let same = contracts(&folder);
        let report = compat::compare(&same, &same, Mode::Full);
        assert_eq!(report.findings, [], "{case}");
    }
}

fn rules_of(old: &str, new: &str) -> Vec<&'static str> {
    let findings = texts(old, new).findings;
    findings.iter().map(|finding| finding.rule.id).collect()
}

/// What a stream declared is stored as long as anything of the stream takes it, and nowhere once the stream is gone.
#[test]
fn a_declared_subject_is_gone_when_nothing_takes_it() {
    let old = "[streams.S]\nsubjects = [\"a.*\", \"b.>\"]\n";
    let event = |stream: &str| {
        format!(
            "[events.E]\nsubject = \"a.{{k}}\"\nstream = \"{stream}\"\nfields = {{ k = \"uuid\" }}\n"
        )
    };
    for (new, times) in [
        (
            "[streams.S]\nsubjects = [\"a.>\", \"b.>\", \"c\"]\n".to_owned(),
            0,
        ),
        (
            format!("{}[streams.S]\nsubjects = [\"b.>\"]\n", event("S")),
            0,
        ),
        ("[streams.S]\nsubjects = [\"a.1\", \"b.>\"]\n".to_owned(), 1),
        ("[streams.T]\nsubjects = [\"q.*\"]\n".to_owned(), 2),
        ("[streams.T]\nsubjects = [\"a.*\", \"b.>\"]\n".to_owned(), 2),
    ] {
        let rules = rules_of(old, &new);
        let gone = rules.iter().filter(|id| **id == "stream-subject-removed");
        assert_eq!(gone.count(), times, "{new}: {rules:?}");
    }
}

/// The fallback of an open enum is a name in handlers, too.
#[test]
fn a_value_that_takes_the_name_of_the_fallback_renames_it() {
    let open = |values: &str| {
        format!("[events.E]\nsubject = \"a\"\nfields = {{ t = \"T\" }}\n[types.T]\n{values}\n")
    };
    let old = open("enum = [\"C\"]");
    let rules = rules_of(&old, &open("enum = [\"C\", \"unknown\"]"));
    assert!(rules.contains(&"rust-name-changed"), "{rules:?}");
    let rules = rules_of(&old, &open("enum = [\"C\", \"other\"]"));
    assert!(!rules.contains(&"rust-name-changed"), "{rules:?}");
}
