//! The TOML reader over whole folders: what it reads, what it reports, and that no input breaks it.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use event_codegen::code::Code;
use event_codegen::diagnostic::{Diagnostics, Severity};
use event_codegen::model::{
    Contracts, Discard, Number, Retention, Start, Storage, Type, TypeKind, ValueKind,
};
use event_codegen::{check, read, report};

fn read_files(files: &[(&str, &str)]) -> (Contracts, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let files = files
        .iter()
        .map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
    let contracts = read::read_texts(Path::new("contracts"), files, &mut diagnostics);
    diagnostics.sort();
    (contracts, diagnostics)
}

/// `code line:column` of everything that is said about one file.
fn said(text: &str) -> Vec<String> {
    let (contracts, diagnostics) = read_files(&[("a.toml", text)]);
    diagnostics
        .iter()
        .map(|d| {
            let at = contracts.sources.position(d.span);
            format!("{} {}:{}", d.code, at.line, at.column)
        })
        .collect()
}

const GOOD: &str = include_str!("read/good.toml");

#[test]
fn the_whole_language_is_read() {
    let (contracts, diagnostics) = read_files(&[("shop/orders.toml", GOOD)]);
    assert!(
        diagnostics.is_empty(),
        "{}",
        report::human(&diagnostics, &contracts.sources, false)
    );
    let domain = &contracts.domains[0];
    assert_eq!(domain.name, "shop.orders");
    assert_eq!(domain.owner.as_deref(), Some("order team"));

    let event = &contracts.events[0];
    assert_eq!(event.name.value, "OrderPlaced");
    assert_eq!(event.subject.pattern(), "orders.*.*.placed");
    assert_eq!(contracts.stream_of(event).unwrap().name.value, "ORDERS");
    assert_eq!(event.id.as_ref().unwrap().value, Some(0));
    assert_eq!(event.key.as_ref().unwrap().value, Some(0));
    assert_eq!(event.version, 2);
    assert_eq!(event.deprecated.as_ref().unwrap().value, "OrderBooked");
    assert_eq!(event.reserved[0].value, "total");
    let ValueKind::Object(example) = &event.examples[0].kind else {
        panic!("no object")
    };
    assert_eq!(example[0].0.value, "orderId");

    let TypeKind::Struct(fields) = &event.body.kind else {
        panic!("no fields")
    };
    let names: Vec<&str> = fields.iter().map(|f| f.name.value.as_str()).collect();
    assert_eq!(
        names,
        [
            "order_id", "customer", "lines", "tags", "note", "big", "secret", "priority"
        ],
        "the order of the file, not of the alphabet"
    );
    assert_eq!(
        fields[2].ty.value,
        Type::List(Box::new(Type::Named(contracts.types_by_name()["Line"])))
    );
    assert_eq!(fields[2].constraints.min_items.as_ref().unwrap().value, 1);
    assert_eq!(
        fields[3].ty.value,
        Type::Map(Box::new(Type::List(Box::new(Type::String))))
    );
    assert!(fields[4].optional && fields[4].ty.value == Type::String);
    assert_eq!(
        fields[4].constraints.max_length.as_ref().unwrap().value,
        500
    );
    assert_eq!(fields[4].alias.as_ref().unwrap().value, "remark");
    assert_eq!(fields[4].wire(), "noteText");
    assert!(fields[5].as_text.is_some());
    assert_eq!(
        fields[5].constraints.max.as_ref().unwrap().value,
        Number::Integer(i128::from(u64::MAX))
    );
    assert!(fields[6].sensitive.is_some());
    assert_eq!(
        fields[7].default.as_ref().unwrap().kind,
        ValueKind::Text("normal".into())
    );
    assert!(!fields[7].required());
}

#[test]
fn types_streams_and_services_are_read() {
    let (contracts, _) = read_files(&[("shop/orders.toml", GOOD)]);
    let types = contracts.types_by_name();
    let kind = |name: &str| &contracts[types[name]].body.kind;
    let TypeKind::Enum(priority) = kind("Priority") else {
        panic!("no enum")
    };
    assert!(priority.closed);
    let TypeKind::Union(payment) = kind("Payment") else {
        panic!("no union")
    };
    assert_eq!(payment.tag.value, "kind");
    assert_eq!(payment.variants[0].ty.value, Some(types["Card"]));
    let TypeKind::Scalar {
        ty, constraints, ..
    } = kind("Currency")
    else {
        panic!("no scalar")
    };
    assert_eq!(ty.value, Type::String);
    assert_eq!(constraints.pattern.as_ref().unwrap().value, "^[A-Z]{3}$");

    let stream = &contracts.streams[0];
    assert_eq!(
        stream.max_age.as_ref().unwrap().value,
        Duration::from_secs(30 * 86_400)
    );
    assert_eq!(stream.max_bytes.as_ref().unwrap().value, 10 << 30);
    assert_eq!(stream.max_messages.as_ref().unwrap().value, 1_000_000);
    assert_eq!((stream.replicas, stream.storage), (3, Storage::Memory));
    assert_eq!(
        (stream.retention.value, stream.discard),
        (Retention::Interest, Discard::Old)
    );
    assert_eq!(stream.window(), Duration::from_millis(1500));
    assert_eq!(stream.partitions.as_ref().unwrap().value, 8);

    let service = contracts.service("billing").unwrap();
    assert_eq!(service.group(), "billing-service");
    assert_eq!(
        service.subscribes[0].value, service.subscribes[1].value,
        "short and full name"
    );
    assert_eq!((service.concurrency, service.in_flight()), (4, 64));
    assert_eq!(service.ack_wait, Duration::from_secs(60));
    assert_eq!(
        (service.retry.max_attempts, service.retry.max_delay),
        (9, Duration::from_secs(600))
    );
    assert_eq!(
        service.start.value,
        Start::At("2026-01-31T08:00:00Z".into())
    );
    assert_eq!(contracts.service("shop").unwrap().in_flight(), 16);
    assert_eq!(contracts.accepted[0].until.value, "2026-12-31");
}

trait ByName {
    fn types_by_name(&self) -> BTreeMap<&str, event_codegen::model::TypeId>;
}

impl ByName for Contracts {
    fn types_by_name(&self) -> BTreeMap<&str, event_codegen::model::TypeId> {
        let ids = (0..self.types.len()).map(event_codegen::model::TypeId);
        self.types
            .iter()
            .map(|ty| ty.name.value.as_str())
            .zip(ids)
            .collect()
    }
}

#[test]
fn the_example_organisation_reads_clean() {
    let mut diagnostics = Diagnostics::default();
    let contracts = read::read_folder(Path::new("../contracts"), &mut diagnostics);
    let sources = contracts.sources.clone();
    let checked = check::check(contracts, &mut diagnostics);
    assert!(
        checked.is_ok(),
        "{}",
        report::human(&diagnostics, &sources, false)
    );
}

#[test]
fn the_order_of_files_does_not_matter() {
    let files = [
        (
            "b.toml",
            "[events.B]\nsubject = \"b\"\nfields = { a = \"a.T\" }\n",
        ),
        ("a.toml", "[types.T]\nenum = [\"x\"]\n[streams.S]\n"),
        (
            "a/c.toml",
            "[events.C]\nsubject = \"c\"\nstream = \"S\"\nfields = {}\n",
        ),
        (".hidden.toml", "= nonsense"),
        ("notes.txt", "= nonsense"),
    ];
    let mut turned = files;
    turned.reverse();
    assert_eq!(read_files(&files), read_files(&turned));
    let (contracts, diagnostics) = read_files(&files);
    assert!(diagnostics.is_empty());
    let names: Vec<_> = contracts
        .domains
        .iter()
        .map(|domain| domain.name.as_str())
        .collect();
    assert_eq!(names, ["a", "a.c", "b"]);
}

/// Every line with a problem is marked `#!`, the others have none.
#[test]
fn fifty_problems_are_fifty_reports_on_fifty_lines() {
    let text = include_str!("read/fifty.toml");
    let (contracts, diagnostics) = read_files(&[("a.toml", text)]);
    let marked: BTreeSet<usize> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains("#!"))
        .map(|(at, _)| at + 1)
        .collect();
    assert_eq!(marked.len(), 50);
    let lines: Vec<usize> = diagnostics
        .iter()
        .map(|d| contracts.sources.position(d.span).line)
        .collect();
    let human = report::human(&diagnostics, &contracts.sources, false);
    assert_eq!(
        lines.iter().copied().collect::<BTreeSet<_>>(),
        marked,
        "{human}"
    );
    assert_eq!(lines.len(), 50, "one report a problem\n{human}");
}

/// A broken statement is reported once; what is missing because of it is not.
#[test]
fn one_mistake_is_one_message() {
    for (text, expected) in [
        // The subject is there, as far as anybody knows.
        ("[events.A]\nsubject = \nfields = {}\n", "toml-syntax 2:11"),
        (
            "[events.A]\nsubject \"a\"\nfields = {}\n",
            "toml-syntax 2:9",
        ),
        (
            "[events.A]\nsubject = \"a\n[events.A.fields]\nb = \"bool\"\n",
            "toml-syntax 2:13",
        ),
        // The field is there, so is the event, so is the type.
        (
            "[events.A]\nsubject = \"a\"\nid = \"b\"\n[events.A.fields]\nb = uuid\n",
            "toml-syntax 5:5",
        ),
        (
            "[services.s]\npublishes = [\"A\"]\n[events.A\nsubject = \"a\"\nfields = {}\n",
            "toml-syntax 3:10",
        ),
        (
            "[types.T.fields]\na = \"U\"\nb = \"V\"\n[types.U]]\nenum = [\"x\"]\n[types.V.fields]\n",
            "toml-syntax 4:10",
        ),
        // Brackets and strings that are never closed.
        (
            "[types.T]\nenum = [\"a\",\n  \"b\"\ndoc = \"x\"\n[types.U.fields]\na = \"T\"\n",
            "toml-syntax 2:8",
        ),
        (
            "[types.T]\ndoc = \"\"\"\nab\nenum = [\"x\"]\n[types.U.fields]\na = \"T\"\n",
            "toml-syntax 2:7",
        ),
        (
            "[types.T.fields]\na = { type = \"bool\", doc = \"x\"\nb = \"bool\"\n",
            "toml-syntax 2:5",
        ),
        // Twice is once too often.
        (
            "[types.T]\nenum = [\"a\"]\n[types.T]\nenum = [\"b\"]\n",
            "toml-syntax 3:8",
        ),
        (
            "[types.T]\nenum = [\"a\"]\nenum = [\"b\"]\n",
            "toml-syntax 3:1",
        ),
    ] {
        assert_eq!(said(text), [expected], "{text}");
    }
}

#[test]
fn what_cannot_be_read_hides_nothing_else() {
    let text = "[events.A]\nsubject = \nversion = \"1\"\nfields = {}\n[types.T]\nenum = 3\n";
    assert_eq!(
        said(text),
        ["toml-syntax 2:11", "wrong-value 3:11", "wrong-value 6:8"]
    );
}

#[test]
fn columns_count_code_points() {
    // A byte order mark is no column, `\r` no line.
    assert_eq!(
        said("\u{feff}dok = \"x\"\r\nown = 1\r\n"),
        ["unknown-key 1:1", "unknown-key 2:1"]
    );
    assert_eq!(said("\tdoc = 1\n"), ["wrong-value 1:8"]);
    assert_eq!(
        said("[events.A]\nsubject = \"größe.🎉.{a\" # 👩‍👩‍👧\nfields = {}\n"),
        ["placeholder-syntax 2:20"]
    );
    // Escapes are longer in the file than in the subject.
    assert_eq!(
        said("[events.A]\nsubject = \"a.\\u00e4.{a\"\nfields = {}\n"),
        ["placeholder-syntax 2:21"]
    );
    assert_eq!(
        said("[events.A]\nsubject = '''a.*'''\nfields = {}\n"),
        ["bad-subject 2:16"]
    );
}

#[test]
fn nothing_is_fine() {
    for text in [
        "",
        "\n\n",
        "# nothing\n",
        "\u{feff}",
        "[events]\n[types]\n[streams]\n[services]\n",
    ] {
        assert_eq!(said(text), [""; 0], "{text:?}");
    }
}

#[test]
fn nesting_needs_no_stack() {
    let deep = 100_000;
    let brackets = |open: &str, close: &str| format!("{}{}", open.repeat(deep), close.repeat(deep));
    let cases = [
        (
            format!("[types.T.fields]\na = \"{}\"\n", brackets("list<", ">")),
            Code::BadType,
        ),
        (
            format!("[types.T.fields]\na = \"{}\"\n", "map<".repeat(deep)),
            Code::BadType,
        ),
        (
            format!("[types.T.fields]\na = \"{}\"\n", "?".repeat(deep)),
            Code::BadType,
        ),
        (format!("doc = {}\n", brackets("[", "]")), Code::TomlSyntax),
        (format!("doc = {}\n", "[".repeat(deep)), Code::TomlSyntax),
        (format!("doc = {}\n", "{a=".repeat(deep)), Code::TomlSyntax),
        (
            format!("{} = 1\n", vec!["a"; deep].join(".")),
            Code::TomlSyntax,
        ),
        (
            format!("[{}]\n", vec!["a"; deep].join(".")),
            Code::TomlSyntax,
        ),
    ];
    for (text, code) in cases {
        let (contracts, diagnostics) = read_files(&[("a.toml", &text)]);
        assert_eq!(diagnostics.iter().next().unwrap().code, code);
        let human = report::human(&diagnostics, &contracts.sources, false);
        assert!(
            human.len() < 20_000,
            "a report is for people, not {} bytes",
            human.len()
        );
    }
}

#[test]
fn ten_thousand_events_are_read() {
    let mut text = String::new();
    for n in 0..10_000 {
        text += &format!(
            "[events.E{n}]\nsubject = \"e.n{n}\"\nid = \"a\"\n[events.E{n}.fields]\na = \"uuid\"\nb = \"list<T>\"\n\n"
        );
    }
    text += "[types.T]\nenum = [\"x\"]\n[services.s]\npublishes = [";
    for n in 0..10_000 {
        text += &format!("\"E{n}\",");
    }
    text += "]\n";
    let (contracts, diagnostics) = read_files(&[("a.toml", &text)]);
    assert!(diagnostics.is_empty());
    assert_eq!(contracts.events[9_999].name.value, "E9999");
    // As many mistakes: no look at all names for each, and no look through the file for each.
    let broken = text
        .replace("list<T>", "list<U>")
        .replace("uuid\"\n", "uuid\n");
    let (contracts, diagnostics) = read_files(&[("a.toml", &broken)]);
    assert_eq!(diagnostics.count(Severity::Error), 20_000);
    assert!(report::human(&diagnostics, &contracts.sources, false).len() > 1_000_000);
}

/// A small generator of its own, so that a failure comes back on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n.max(1) as u64).unwrap()
    }
}

fn mutate(text: &str, random: &mut Random) -> String {
    const PIECES: &[&str] = &[
        "",
        "\"",
        "'",
        "\"\"\"",
        "'''",
        "[",
        "]",
        "[[",
        "{",
        "}",
        "=",
        ",",
        ".",
        "#",
        "\n",
        "\r",
        "\t",
        "\0",
        "?",
        "<",
        ">",
        "list<",
        "🎉",
        "ä",
        "\u{feff}",
        "\\",
        "\\u00",
        "-1",
        "1e999",
        "nan",
        "0x",
        "1979-13-01",
        "true",
        "[events.A]",
        "a = ",
        "\n[",
        "{partition}",
        "..",
        "fields",
        "99999999999999999999999999999999999999999",
    ];
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..1 + random.below(4) {
        let at = random.below(chars.len());
        let end = (at + random.below(8)).min(chars.len());
        match random.below(4) {
            0 => drop(chars.drain(at..end)),
            1 => {
                let copied: Vec<char> = chars[at..end].to_vec();
                let to = random.below(chars.len());
                chars.splice(to..to, copied);
            }
            2 => chars.truncate(at.max(1)),
            _ => drop(chars.splice(at..at, PIECES[random.below(PIECES.len())].chars())),
        }
    }
    chars.into_iter().collect()
}

#[test]
fn no_text_breaks_the_reader() {
    let mut random = Random(0x5eed);
    for round in 0..4_000 {
        let base = if round % 2 == 0 {
            GOOD
        } else {
            include_str!("read/fifty.toml")
        };
        let text = mutate(base, &mut random);
        let mut diagnostics = Diagnostics::default();
        let files = [(PathBuf::from("a.toml"), text)];
        let contracts = read::read_texts(Path::new("c"), files, &mut diagnostics);
        let sources = contracts.sources.clone();
        let _ = check::check(contracts, &mut diagnostics);
        for diagnostic in diagnostics.iter() {
            let spans = diagnostic.related.iter().map(|label| label.span);
            for span in spans.chain([diagnostic.span]) {
                let file = &sources.get(span.file).unwrap().text;
                assert!(
                    file.get(span.range()).is_some(),
                    "{diagnostic:?} is outside of\n{file}"
                );
            }
        }
        // Rendering costs more than reading; every format meets every kind of mistake all the same.
        if round % 16 == 0 {
            let _ = report::human(&diagnostics, &sources, round % 32 == 0);
            let _ = report::json(&diagnostics, &sources);
            let _ = report::github(&diagnostics, &sources);
            let _ = report::sarif(&diagnostics, &sources);
        }
    }
}

#[test]
fn the_emptiest_texts_are_read() {
    let symbols = [
        "\"", "'", "[", "]", "{", "}", "=", ",", ".", "#", "\n", "\r", "a", "1", " ", "\u{feff}",
        "🎉",
    ];
    for a in symbols {
        for b in symbols {
            for c in symbols {
                let _ = said(&format!("{a}{b}{c}"));
                let _ = said(&format!("[types.T]\n{a}{b}{c}"));
            }
        }
    }
}

/// A folder of its own below the build's temporary directory.
fn scratch(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

#[cfg(unix)]
#[test]
fn folders_are_read_without_surprises() {
    use std::os::unix::fs::symlink;
    let dir = scratch("folders");
    fs::create_dir_all(dir.join("shop/deep")).unwrap();
    fs::create_dir_all(dir.join(".git")).unwrap();
    fs::write(dir.join("b.toml"), "").unwrap();
    fs::write(dir.join("shop/a.toml"), "").unwrap();
    fs::write(dir.join("shop/deep/c.toml"), b"doc = \"caf\xe9\"\n").unwrap();
    fs::write(dir.join(".git/config.toml"), "= nonsense").unwrap();
    fs::write(dir.join(".b.toml.swp"), "= nonsense").unwrap();
    symlink(&dir, dir.join("shop/loop")).unwrap();
    symlink(dir.join("nowhere"), dir.join("gone.toml")).unwrap();
    symlink(dir.join("b.toml"), dir.join("linked.toml")).unwrap();
    let mut diagnostics = Diagnostics::default();
    let contracts = read::read_folder(&dir, &mut diagnostics);
    diagnostics.sort();
    let names: Vec<_> = contracts
        .domains
        .iter()
        .map(|domain| domain.name.as_str())
        .collect();
    assert_eq!(names, ["b", "gone", "linked", "shop.a", "shop.deep.c"]);
    let said: Vec<_> = diagnostics
        .iter()
        .map(|d| {
            (
                d.code,
                contracts
                    .sources
                    .path(d.span.file)
                    .strip_prefix(&dir)
                    .unwrap()
                    .to_owned(),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            (Code::UnreadableFile, PathBuf::from("gone.toml")),
            (Code::UnreadableFile, PathBuf::from("shop/deep/c.toml")),
        ]
    );
}

#[test]
fn a_folder_without_contracts_is_an_error() {
    let empty = scratch("empty");
    for dir in [empty.clone(), empty.join("missing")] {
        let mut diagnostics = Diagnostics::default();
        let contracts = read::read_folder(&dir, &mut diagnostics);
        let codes: Vec<Code> = diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, [Code::NoContracts]);
        let human = report::human(&diagnostics, &contracts.sources, false);
        assert!(
            human.contains(&dir.display().to_string()) && human.ends_with("\n1 error\n"),
            "{human}"
        );
    }
}
