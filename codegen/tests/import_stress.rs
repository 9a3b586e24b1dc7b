//! Schemas that nobody should write, and thousands of broken copies of good ones: each import ends, in types or in a
//! diagnostic, without a panic, an overflow or a wait.

#![cfg(feature = "import")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may fail anywhere"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use event_codegen::check::check;
use event_codegen::diagnostic::{Code, Diagnostics, Severity};
use event_codegen::emit;
use event_codegen::model::TypeId;
use event_codegen::read::json_schema::{Files, Imports, Wanted, import};
use event_codegen::read::read_texts;
use event_codegen::source::{Sources, Span, Spanned};

/// Far more than any import takes, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Outcome {
    /// Nothing when the schema was refused.
    imported: Option<Imports>,
    texts: BTreeMap<PathBuf, String>,
    event: bool,
    diagnostics: Diagnostics,
    sources: Sources,
}

impl Outcome {
    /// The errors as text, each with its second places.
    fn said(&self) -> String {
        let mut out = String::new();
        for diagnostic in self.diagnostics.iter() {
            out += &format!("{}: {}", diagnostic.code, diagnostic.message);
            for label in &diagnostic.related {
                let at = self.sources.position(label.span);
                out += &format!(" [{}:{}: {}]", at.line, at.column, label.text);
            }
            out.push('\n');
        }
        out
    }

    /// The Rust of a contract that names the schema.
    fn code(&self) -> String {
        if self.imported.is_none() {
            return String::new();
        }
        let kind = if self.event { "events" } else { "types" };
        let subject = if self.event { "subject = \"a\"\n" } else { "" };
        let contract = format!("[{kind}.Thing]\n{subject}json_schema = \"a.json\"\n");
        let mut texts = self.texts.clone();
        texts.insert("a.toml".into(), contract);
        let mut diagnostics = Diagnostics::default();
        let contracts = read_texts(Path::new("contracts"), texts, &mut diagnostics);
        let checked = check(contracts, &mut diagnostics).expect("contracts");
        emit::rust(&checked, &[])
    }
}

fn run(texts: &BTreeMap<PathBuf, String>, event: bool) -> Outcome {
    let mut sources = Sources::default();
    let contract = sources.add("contracts/a.toml", "json_schema = \"a.json\"\n");
    let mut diagnostics = Diagnostics::default();
    let files = Files::Texts {
        root: Path::new("contracts"),
        texts,
    };
    let schema = Spanned::new("a.json".to_owned(), Span::new(contract, 14..22));
    let began = Instant::now();
    let imported = import(
        &files,
        &[(
            &schema,
            Wanted {
                name: "Thing",
                event,
            },
        )],
        TypeId(0),
        &mut sources,
        &mut diagnostics,
    );
    let imported = (!imported.imports.is_empty()).then_some(imported);
    assert!(began.elapsed() < PATIENCE, "took {:?}", began.elapsed());
    assert_eq!(
        imported.is_none(),
        diagnostics.count(Severity::Error) > 0,
        "{diagnostics:?}"
    );
    for diagnostic in diagnostics.iter() {
        assert_eq!(diagnostic.span, schema.span);
        for label in &diagnostic.related {
            let file = sources
                .get(label.span.file)
                .expect("a label in a file that was read");
            assert!(label.span.start as usize <= file.text.len(), "{label:?}");
        }
    }
    let outcome = Outcome {
        imported,
        texts: texts.clone(),
        event,
        diagnostics,
        sources,
    };
    syn::parse_file(&outcome.code()).expect("Rust");
    outcome
}

fn one(text: impl Into<String>) -> Outcome {
    run(
        &BTreeMap::from([(PathBuf::from("a.json"), text.into())]),
        false,
    )
}

#[track_caller]
fn refused(text: impl Into<String>, code: Code, message: &str) {
    let outcome = one(text);
    let said = outcome.said();
    assert!(outcome.imported.is_none(), "{}", outcome.code());
    assert!(
        outcome
            .diagnostics
            .iter()
            .any(|d| d.code == code && d.message.contains(message)),
        "{said}"
    );
}

#[track_caller]
fn accepted(text: impl Into<String>) -> String {
    let outcome = one(text);
    assert!(outcome.imported.is_some(), "{}", outcome.said());
    outcome.code()
}

#[test]
fn loops_of_references_are_refused() {
    let loops = "the schema refers to itself";
    refused(r##"{"$ref":"#"}"##, Code::SchemaUnsupported, loops);
    refused(
        r##"{"allOf":[{"$ref":"#"}]}"##,
        Code::SchemaUnsupported,
        loops,
    );
    refused(
        r##"{"anyOf":[{"$ref":"#"},{"type":"string"}]}"##,
        Code::SchemaUnsupported,
        loops,
    );
    refused(
        r##"{"properties":{"a":{"$ref":"#/properties/b"},"b":{"$ref":"#/properties/a"}}}"##,
        Code::SchemaUnsupported,
        loops,
    );
    refused(
        r##"{"$ref":"#/$defs/A","$defs":{"A":{"oneOf":[{"$ref":"#/$defs/B"}]},"B":{"allOf":[{"$ref":"#/$defs/A"}]}}}"##,
        Code::SchemaUnsupported,
        loops,
    );
    refused(
        r##"{"$ref":"#/$defs/A","$defs":{"A":{"type":"object","required":["a"],"properties":{"a":{"$ref":"#/$defs/A"}}}}}"##,
        Code::SchemaUnsupported,
        "holds itself",
    );
    let chain: Vec<String> = (0..5_000)
        .map(|n| format!(r##""A{n}":{{"$ref":"#/$defs/A{}"}}"##, n + 1))
        .collect();
    let text = format!(
        r##"{{"$ref":"#/$defs/A0","$defs":{{{},"A5000":{{"type":"string"}}}}}}"##,
        chain.join(",")
    );
    refused(
        text,
        Code::SchemaUnsupported,
        "references follow one another",
    );
    let chain: Vec<String> = (0..5_000)
        .map(|n| {
            format!(
                r##""A{n}":{{"oneOf":[{{"$ref":"#/$defs/A{}"}},{{"type":"null"}}]}}"##,
                n + 1
            )
        })
        .collect();
    let text = format!(
        r##"{{"$ref":"#/$defs/A0","$defs":{{{},"A5000":{{"type":"string"}}}}}}"##,
        chain.join(",")
    );
    refused(
        text,
        Code::SchemaUnsupported,
        "choices stand in one another",
    );
}

#[test]
fn recursion_with_something_in_between_is_fine() {
    let code = accepted(
        r##"{"type":"object","properties":{"next":{"$ref":"#"},"all":{"type":"array","items":{"$ref":"#"}}}}"##,
    );
    assert!(code.contains("Option<Box<Thing>>"), "{code}");
    accepted(r##"{"type":"array","items":{"$ref":"#"}}"##);
    accepted(
        r##"{"oneOf":[{"type":"string"},{"type":"array","items":{"$ref":"#"}},{"type":"object","additionalProperties":{"$ref":"#"}}]}"##,
    );
    // A reference with a sibling that says nothing new, in a recursive type: what typify alone overflows on.
    accepted(
        r##"{"$schema":"http://json-schema.org/draft-04/schema#","$ref":"#/definitions/V","definitions":{"V":{"type":"object","additionalProperties":true,"properties":{"v":{"$ref":"#/definitions/V","additionalProperties":true}}}}}"##,
    );
    accepted(
        r##"{"type":"object","properties":{"v":{"allOf":[{"$ref":"#"}],"description":"again"}}}"##,
    );
    accepted(
        r##"{"type":"object","properties":{"v":{"$ref":"#","required":["w"]},"w":{"type":"string"}}}"##,
    );
    accepted(
        r##"{"$recursiveAnchor":true,"type":"object","properties":{"children":{"type":"array","items":{"$recursiveRef":"#"}}}}"##,
    );
    accepted(
        r##"{"$dynamicAnchor":"node","type":"object","properties":{"children":{"type":"array","items":{"$dynamicRef":"#node"}}}}"##,
    );
}

#[test]
fn what_is_no_json_is_refused() {
    refused("", Code::SchemaFile, "is not JSON");
    refused("{", Code::SchemaFile, "is not JSON");
    refused(
        r#"{"type":"string","type":"integer"}"#,
        Code::SchemaFile,
        "stands twice",
    );
    refused(
        format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
        Code::SchemaFile,
        "nested deeper",
    );
    let deep = format!(
        "{}true{}",
        r#"{"properties":{"a":"#.repeat(10_000),
        "}}".repeat(10_000)
    );
    refused(deep, Code::SchemaFile, "nested deeper");
    refused(
        format!(r#"{{"minimum":{}}}"#, "9".repeat(1_000)),
        Code::SchemaFile,
        "digits",
    );
    accepted("\u{feff}{\"type\":\"string\"}");
}

#[test]
fn keywords_of_a_wrong_type_are_refused() {
    for text in [
        r#"7"#,
        r#"[]"#,
        r#""string""#,
        r#"{"type":7}"#,
        r#"{"type":[]}"#,
        r#"{"type":["string",7]}"#,
        r#"{"type":"money"}"#,
        r#"{"properties":[]}"#,
        r#"{"properties":{"a":7}}"#,
        r#"{"properties":{"a":null}}"#,
        r#"{"type":"object","properties":{"a":{}},"required":"a"}"#,
        r#"{"type":"object","properties":{"a":{}},"required":[1]}"#,
        r#"{"type":"object","additionalProperties":7}"#,
        r#"{"enum":"a"}"#,
        r#"{"oneOf":[]}"#,
        r#"{"oneOf":{}}"#,
        r#"{"allOf":7}"#,
        r#"{"anyOf":[7]}"#,
        r#"{"$ref":7}"#,
        r#"{"type":"string","minLength":-1}"#,
        r#"{"type":"string","minLength":"1"}"#,
        r#"{"type":"string","pattern":7}"#,
        r#"{"type":"integer","minimum":"1"}"#,
        r#"{"type":"array","items":7}"#,
        r#"{"type":"array","prefixItems":7}"#,
        r#"{"type":"integer","minimum":5,"maximum":4}"#,
        r#"{"type":"string","minLength":5,"maxLength":4}"#,
        r#"{"allOf":[{"type":"string"},{"type":"object"}]}"#,
        r#"{"enum":[]}"#,
        r#"{"type":"integer","enum":["a"]}"#,
        r#"{"enum":[99999999999999999999999]}"#,
        r#"false"#,
    ] {
        refused(text, Code::SchemaUnsupported, "");
    }
}

#[test]
fn references_that_lead_nowhere_are_refused() {
    for (reference, reason) in [
        ("https://example.com/x.json", "nothing is fetched"),
        ("//example.com/x.json", "nothing is fetched"),
        ("file:///etc/passwd", "nothing is fetched"),
        (
            "http://json-schema.org/draft-07/schema#",
            "nothing is fetched",
        ),
        ("missing.json", "there is no file missing.json"),
        ("../outside.json", "outside of the contracts folder"),
        ("/etc/passwd", "outside of the contracts folder"),
        ("#/nothing", "points to nothing"),
        ("#/properties/a/0", "points to nothing"),
        ("#nothing", "an anchor that is not there"),
        ("b.json#/x", "points to nothing"),
        ("", "refers to itself"),
    ] {
        let outcome = run(
            &BTreeMap::from([
                (
                    PathBuf::from("a.json"),
                    format!(r#"{{"properties":{{"a":{{"$ref":{reference:?}}}}}}}"#),
                ),
                (PathBuf::from("b.json"), "{}".to_owned()),
            ]),
            false,
        );
        // The empty reference is the whole schema: legal recursion.
        if reference.is_empty() {
            assert!(outcome.imported.is_some());
            continue;
        }
        let said = outcome.said();
        assert!(said.contains(reason), "{reference}: {said}");
        assert!(said.contains("#/properties/a/$ref]"), "{reference}: {said}");
        assert!(said.contains("[1:"), "{reference}: {said}");
    }
}

#[test]
fn sizes_are_limited() {
    let values: Vec<String> = (0..100_000).map(|n| format!("\"v{n}\"")).collect();
    let code = accepted(format!(
        r#"{{"type":"string","enum":[{}]}}"#,
        values.join(",")
    ));
    assert!(
        code.contains("pub struct Thing(pub String)"),
        "{}",
        &code[..500]
    );
    let outcome = one(format!(
        r#"{{"properties":{{"a":{{"enum":[{}]}}}}}}"#,
        values.join(",")
    ));
    assert!(
        outcome.said().starts_with("schema-unchecked"),
        "{}",
        outcome.said()
    );

    let wide: Vec<String> = (0..20_000)
        .map(|n| format!(r#""p{n}":{{"type":"object","properties":{{"x":{{"type":"string"}}}}}}"#))
        .collect();
    refused(
        format!(r#"{{"properties":{{{}}}}}"#, wide.join(",")),
        Code::SchemaUnsupported,
        "types come from this schema",
    );

    // Every choice doubles the combinations.
    let doubling: Vec<String> = (0..40)
        .map(|n| format!(r#"{{"oneOf":[{{"required":["a{n}"]}},{{"required":["b{n}"]}}]}}"#))
        .collect();
    refused(
        format!(r#"{{"type":"object","allOf":[{}]}}"#, doubling.join(",")),
        Code::SchemaUnsupported,
        "combinations",
    );

    // Most combinations have no value: they are not gone through.
    let same = r#"{"oneOf":[{"type":"string"},{"type":"integer"},{"type":"null"}]}"#;
    let all = vec![same; 30].join(",");
    accepted(format!(
        r#"{{"type":"object","properties":{{"v":{{"allOf":[{all}]}}}}}}"#
    ));
    // Nor is what two branches refer to, twice at each level.
    let chain: Vec<String> = (0..50)
        .map(|n| format!(r##""A{n}":{{"anyOf":[{{"$ref":"#/$defs/A{}"}},{{"$ref":"#/$defs/A{0}"}},{{"type":"null"}}]}}"##, n + 1))
        .collect();
    accepted(format!(
        r##"{{"type":"object","properties":{{"v":{{"$ref":"#/$defs/A0"}}}},"$defs":{{{},"A50":{{"type":"object"}}}}}}"##,
        chain.join(",")
    ));

    // References that fan out, and meet again: exponential for who follows each way.
    let fan: Vec<String> = (0..100)
        .map(|n| format!(r##""A{n}":{{"type":"object","properties":{{"a":{{"$ref":"#/$defs/A{}"}},"b":{{"$ref":"#/$defs/A{0}"}}}}}}"##, n + 1))
        .collect();
    accepted(format!(
        r##"{{"$ref":"#/$defs/A0","$defs":{{{},"A100":{{"type":"string"}}}}}}"##,
        fan.join(",")
    ));
    let fan: Vec<String> = (0..60)
        .map(|n| {
            format!(
                r##""A{n}":{{"allOf":[{{"$ref":"#/$defs/A{}"}},{{"$ref":"#/$defs/A{0}"}}]}}"##,
                n + 1
            )
        })
        .collect();
    accepted(format!(
        r##"{{"$ref":"#/$defs/A0","$defs":{{{},"A60":{{"type":"string"}}}}}}"##,
        fan.join(",")
    ));
    // Without names of their own, types nest as deep as the text does.
    let levels = 90;
    let deep = format!(
        "{}{{}}{}",
        r#"{"properties":{"a":"#.repeat(levels),
        "}}".repeat(levels)
    );
    accepted(deep);
    let lists = format!(
        "{}{{\"type\":\"string\"}}{}",
        r#"{"type":"array","items":"#.repeat(150),
        "}".repeat(150)
    );
    refused(lists, Code::SchemaUnsupported, "nest deeper");
}

#[test]
fn names_become_identifiers() {
    let code = accepted(
        r#"{"type":"object","properties":{
            "a-b":{"type":"string"},"a_b":{"type":"string"},"aB":{"type":"string"},"":{"type":"string"},"🦀":{"type":"string"},
            "type":{"type":"string"},"self":{"type":"string"},"Self":{"type":"string"},"fn":{"type":"string"},"extra":{"type":"integer"},
            "1":{"type":"string"},"\u0000":{"type":"string"},"\"quoted\"\\":{"type":"string"},
            "status":{"enum":["a","A","a-","🦀","","fn","self","Self","<",">=","\"\\","NULL",null,"Err","invalid value"]},
            "String":{"type":"object","properties":{"x":{"type":"string"}}},
            "Option":{"type":"object","title":"Option","properties":{"x":{"type":"string"}}}},
            "additionalProperties":{"type":"boolean"}}"#,
    );
    for wire in ["a-b", "aB", "\\\"quoted\\\"\\\\"] {
        assert!(code.contains(&format!("(\"{wire}\")")), "{wire}: {code}");
    }
}

#[test]
fn types_are_called_what_the_schema_calls_them() {
    let code = accepted(
        r##"{"type":"object","properties":{
            "pet":{"oneOf":[
                {"title":"Dog","type":"object","properties":{"bark":{"type":"string"}},"required":["bark"]},
                {"title":"Cat","type":"object","properties":{"meow":{"type":"string"}},"required":["meow"]}]},
            "sized":{"type":"object","properties":{"id":{}},"anyOf":[
                {"title":"Big","allOf":[{"properties":{"size":{}},"required":["size"]}]},
                {"properties":{"tiny":{}},"required":["tiny"]}]},
            "shape":{"title":"Some shape","oneOf":[
                {"title":"Circle","properties":{"kind":{"const":"c"},"r":{}},"required":["kind"]},
                {"$ref":"#/$defs/Square"}]},
            "entries":{"type":"array","items":{"$ref":"#/$defs/Entry"}},
            "maybe":{"anyOf":[{"$ref":"#/$defs/Entry"},{"type":"null"}]},
            "again":{"allOf":[{"$ref":"#/$defs/Entry"}]}},
        "$defs":{
            "Entry":{"oneOf":[{"type":"string"},{"type":"object","properties":{"x":{"enum":["p"]}}}]},
            "Square":{"properties":{"kind":{"const":"s"}},"required":["kind"]}}}"##,
    );
    for part in [
        "Dog(Dog)",
        "Cat(Cat)",
        "Big(ThingSizedBig)",
        "Variant2(ThingSizedVariant2)",
        "pub enum SomeShape {",
        "C(Circle)",
        "S(Square)",
        "Vec<Entry>",
        "pub maybe: Option<Entry>",
        "pub again: Option<Entry>",
    ] {
        assert!(code.contains(part), "{part}: {code}");
    }
    assert_eq!(code.matches("pub enum ").count(), 5, "{code}");
}

#[test]
fn patterns_never_stop_a_build() {
    for pattern in [
        "(",
        "[",
        "a{1000000000}",
        "(?=x)",
        "\\\\1",
        "((((((((((a{10}){10}){10}){10}){10}){10}){10}){10}){10}){10}",
        "(a+)+$",
        "\\\\p{Nope}",
    ] {
        let text = format!(
            r#"{{"type":"object","properties":{{"p":{{"type":"string","pattern":"{pattern}","default":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"}}}}}}"#
        );
        accepted(text);
    }
    let nested = "(".repeat(3_000) + &")".repeat(3_000);
    accepted(format!(r#"{{"type":"string","pattern":"{nested}"}}"#));
    let outcome = one(r#"{"type":"string","pattern":"^(?!x)"}"#);
    assert!(outcome.said().contains("`pattern`"), "{}", outcome.said());
}

#[test]
fn an_event_is_an_object() {
    let event = |text: &str| {
        run(
            &BTreeMap::from([(PathBuf::from("a.json"), text.to_owned())]),
            true,
        )
    };
    for text in [
        r#"{"type":"string"}"#,
        r#"{"type":"array"}"#,
        r#"{"type":["object","string"],"properties":{"a":{}}}"#,
    ] {
        let said = event(text).said();
        assert!(said.contains("must be an object"), "{text}: {said}");
    }
    for text in [
        r#"{"type":"object"}"#,
        "true",
        "{}",
        r#"{"properties":{}}"#,
        r#"{"minProperties":1}"#,
        r#"{"required":["a"]}"#,
        r#"{"type":["object","null"],"properties":{"a":{}}}"#,
        r#"{"oneOf":[{"properties":{"k":{"const":"a"},"x":{"type":"string"}},"required":["k"]},{"properties":{"k":{"const":"b"}},"required":["k"]}]}"#,
    ] {
        let outcome = event(text);
        assert!(outcome.imported.is_some(), "{text}: {}", outcome.said());
    }
}

/// Good schemas to break.
const GOOD: &[&str] = &[
    include_str!("import/order.schema.json"),
    include_str!("import/money.schema.json"),
    include_str!("import/tree.schema.json"),
    include_str!("import/protobuf.schema.json"),
    include_str!("import/shape.schema.json"),
];

/// xorshift64*: the same schemas on every run.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).unwrap() % below.max(1)
    }
}

/// Values and keywords that stand where they do not belong.
const SPLINTERS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1e400",
    "\"\"",
    "\"#\"",
    "\"string\"",
    "\"$ref\"",
    "\"type\"",
    "[]",
    "{}",
    "[{}]",
    "\"object\"",
    "\"enum\"",
    "\"allOf\"",
    "\"oneOf\"",
    "\"properties\"",
    "\"items\"",
    "\"required\"",
    "{\"$ref\":\"#\"}",
    "{\"oneOf\":[{\"$ref\":\"#\"},{}]}",
    "\"#/definitions/Value\"",
    "\"#/$defs/Node\"",
    "\"additionalProperties\"",
    "\"const\"",
    "[\"a\",1,null]",
    "\"format\"",
    "\"uuid\"",
    "\"date-time\"",
];

fn mutate(text: &str, random: &mut Random) -> String {
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let mut text = value.to_string();
    for _ in 0..=random.next(3) {
        let all = tokens(&text);
        let values: Vec<(usize, usize)> = all
            .iter()
            .copied()
            .filter(|(start, _)| !b"{}[],:".contains(&text.as_bytes()[*start]))
            .collect();
        let keys = |text: &str, (_, end): (usize, usize)| text[end..].starts_with(':');
        let (mut start, mut end) = values[random.next(values.len())];
        let new = match random.next(12) {
            // Now and then what is no JSON any more.
            0 => {
                (start, end) = all[random.next(all.len())];
                ["", "x", "\"", "{", "}", "[", ",", "\\u", "9"][random.next(9)].to_owned()
            }
            1..=6 => SPLINTERS[random.next(SPLINTERS.len())].to_owned(),
            _ => {
                let (start, end) = values[random.next(values.len())];
                text[start..end].to_owned()
            }
        };
        // A key must stay a text.
        if new.starts_with('"') || !keys(&text, (start, end)) {
            text.replace_range(start..end, &new);
        }
    }
    text
}

/// Texts, numbers and words of a JSON text, roughly.
fn tokens(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
                at = (at + 1).min(bytes.len());
            }
            b'{' | b'}' | b'[' | b']' | b',' | b':' => at += 1,
            _ => {
                while at < bytes.len() && !b"\"{}[],:".contains(&bytes[at]) {
                    at += 1;
                }
            }
        }
        while !text.is_char_boundary(at) {
            at += 1;
        }
        out.push((start, at));
    }
    out
}

#[test]
fn broken_copies_of_good_schemas_end_in_types_or_diagnostics() {
    let rounds: usize = std::env::var("EVENT_STRESS_ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(150);
    let (mut imported, mut refused) = (0, 0);
    for (index, good) in GOOD.iter().enumerate() {
        let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ (index as u64 + 1));
        let mut texts: BTreeMap<PathBuf, String> = BTreeMap::from([
            (PathBuf::from("money.schema.json"), GOOD[1].to_owned()),
            (PathBuf::from("a.json"), (*good).to_owned()),
        ]);
        let whole = run(&texts, false);
        assert!(whole.imported.is_some(), "{}", whole.said());
        for round in 0..rounds {
            texts.insert(PathBuf::from("a.json"), mutate(good, &mut random));
            match run(&texts, round % 2 == 0).imported {
                Some(_) => imported += 1,
                None => refused += 1,
            }
        }
    }
    println!("{imported} imported, {refused} refused");
    // A mutation that never gets past the JSON reader would test little.
    assert!(imported > rounds / 4 && refused > rounds / 4);
}
