//! What a `$ref` between schema files points to: by `$id`, absolute or relative to nothing, and by path.

#![cfg(feature = "import")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may fail anywhere"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use event_codegen::diagnostic::Diagnostics;
use event_codegen::model::{Type, TypeId, TypeKind};
use event_codegen::read::json_schema::{Files, Wanted, import};
use event_codegen::source::{Sources, Span, Spanned};

/// The type of the property `u` of `path`, or what is wrong.
fn import_of(path: &str, texts: &BTreeMap<PathBuf, String>) -> Result<Type, String> {
    let mut sources = Sources::default();
    let contract = sources.add("contracts/a.toml", "");
    let mut diagnostics = Diagnostics::default();
    let files = Files::Texts {
        root: Path::new("contracts"),
        texts,
    };
    let schema = Spanned::new(path.to_owned(), Span::new(contract, 0..0));
    let wanted = Wanted {
        name: "Thing",
        event: false,
    };
    let wanted = [(&schema, wanted)];
    let imports = import(&files, &wanted, TypeId(0), &mut sources, &mut diagnostics);
    match imports.imports.get(&schema.span) {
        Some(import) => {
            let TypeKind::Alias {
                ty: Type::Named(id),
                ..
            } = &import.body.kind
            else {
                return Err("no type".to_owned());
            };
            let fields = imports.types[id.0].body.fields();
            let field = fields.iter().find(|field| field.name.value == "u");
            Ok(field.unwrap().ty.value.clone())
        }
        None => Err(diagnostics
            .iter()
            .map(|diagnostic| format!("{}: {}\n", diagnostic.code, diagnostic.message))
            .collect()),
    }
}

/// A schema with an id, whose property `u` is a reference.
fn refers(id: &str, reference: &str) -> String {
    format!(
        r#"{{"$schema":"http://json-schema.org/draft-07/schema#",{id}"type":"object","properties":{{"u":{{"$ref":{reference:?}}}}}}}"#
    )
}

fn texts(files: &[(&str, &str)]) -> BTreeMap<PathBuf, String> {
    let text = |(path, text): &(&str, &str)| (PathBuf::from(path), (*text).to_owned());
    files.iter().map(text).collect()
}

#[track_caller]
fn finds_string(from: &str, id: &str, reference: &str, files: &[(&str, &str)]) {
    let mut texts = texts(files);
    texts.insert(PathBuf::from(from), refers(id, reference));
    assert_eq!(
        import_of(from, &texts),
        Ok(Type::String),
        "{id} {reference}"
    );
}

#[track_caller]
fn refused(from: &str, id: &str, reference: &str, files: &[(&str, &str)]) -> String {
    let mut texts = texts(files);
    texts.insert(PathBuf::from(from), refers(id, reference));
    import_of(from, &texts).expect_err("imported")
}

#[test]
fn relative_ids_are_resolved_against_each_other() {
    for (id, reference, other) in [
        (
            r#""$id":"check$done","#,
            "common/user.schema.json",
            r#"{"$id":"common/user.schema.json","type":"string"}"#,
        ),
        // From a folder of ids into the same one, and up.
        (
            r#""$id":"common/team.schema.json","#,
            "user.schema.json",
            r#"{"$id":"common/user.schema.json","type":"string"}"#,
        ),
        (
            r#""$id":"events/check/done","#,
            "../../common/user",
            r#"{"$id":"common/user","type":"string"}"#,
        ),
        (
            r#""$id":"./check","#,
            "./common/./x/../user",
            r#"{"$id":"./common/user","type":"string"}"#,
        ),
        // Trailing `#`, on either side and on both.
        (
            r##""$id":"check#","##,
            "user",
            r##"{"$id":"user#","type":"string"}"##,
        ),
        (
            r#""$id":"check","#,
            "user#",
            r#"{"$id":"user","type":"string"}"#,
        ),
        // Percent-encoding, on either side.
        (
            r#""$id":"check%24done","#,
            "check_%75ser%24x",
            r#"{"$id":"check_user$x","type":"string"}"#,
        ),
        (
            r#""$id":"a","#,
            "the user",
            r#"{"$id":"the%20user","type":"string"}"#,
        ),
        // Into the file that is known by its id.
        (
            r#""$id":"check","#,
            "common/user#/definitions/name",
            r#"{"$id":"common/user","type":"object","definitions":{"name":{"type":"string"}}}"#,
        ),
        (
            r#""$id":"check","#,
            "common/user#name",
            r##"{"$schema":"http://json-schema.org/draft-07/schema#","$id":"common/user","definitions":{"x":{"$id":"#name","type":"string"}}}"##,
        ),
        (
            r#""$id":"check","#,
            "common/user#name",
            r#"{"$id":"common/user","$defs":{"x":{"$anchor":"name","type":"string"}}}"#,
        ),
        // An id with a fragment names its file and an anchor.
        (
            r#""$id":"check","#,
            "common/user",
            r#"{"$id":"common/user#it","type":"string"}"#,
        ),
        // Draft-04, declared and not.
        (
            r#""$id":"check","#,
            "common/user",
            r#"{"$schema":"http://json-schema.org/draft-04/schema#","id":"common/user","type":"string"}"#,
        ),
        (
            r#""$id":"check","#,
            "common/user",
            r#"{"id":"common/user","type":"string"}"#,
        ),
        // An id somewhere in a file, and one that is relative to the file's.
        (
            r#""$id":"check","#,
            "common/user",
            r#"{"definitions":{"x":{"$id":"common/user","type":"string"}}}"#,
        ),
        (
            r#""$id":"check","#,
            "common/user",
            r#"{"$id":"common/all","definitions":{"x":{"$id":"user","type":"string"}}}"#,
        ),
        (
            r#""$id":"check","#,
            "common/user",
            r#"{"$id":"https://example.com/all","properties":{"id":{"type":"string"}},"$defs":{"x":{"$id":"/common/all"}},"type":"integer"}"#,
        ),
        // Who has no id is at the root of all relative ones.
        (
            "",
            "common/user",
            r#"{"$id":"common/user","type":"string"}"#,
        ),
    ] {
        if other.contains("example.com") {
            let said = refused("events/done.json", id, reference, &[("lib/u.json", other)]);
            assert!(said.contains("no schema in the folder has"), "{said}");
            continue;
        }
        finds_string("events/done.json", id, reference, &[("lib/u.json", other)]);
        finds_string("s.json", id, reference, &[("lib/u.json", other)]);
    }
}

#[test]
fn draft_04_refers_by_id_too() {
    let from = r#"{"$schema":"http://json-schema.org/draft-04/schema#","id":"events/check","type":"object","properties":{"u":{"$ref":"../common/user"},"id":{"type":"string"}}}"#;
    let texts = texts(&[
        ("a/b.json", from),
        (
            "c/d.json",
            r#"{"$schema":"http://json-schema.org/draft-04/schema#","id":"common/user","type":"string"}"#,
        ),
    ]);
    assert_eq!(import_of("a/b.json", &texts), Ok(Type::String));
}

#[test]
fn the_base_is_that_of_the_nearest_id() {
    let from = r##"{"$id":"events/check","type":"object","properties":{"u":{"$ref":"#/$defs/x"}},
        "$defs":{"x":{"$id":"/other/part","$ref":"user"}}}"##;
    let texts = texts(&[
        ("a.json", from),
        ("b.json", r#"{"$id":"/other/user","type":"string"}"#),
        ("c.json", r#"{"$id":"events/user","type":"integer"}"#),
    ]);
    assert_eq!(import_of("a.json", &texts), Ok(Type::String));
}

#[test]
fn what_the_drafts_name_goes_first() {
    let string = r#"{"type":"string"}"#;
    // The `$id` is resolved against the path of the file, and the reference against that.
    finds_string(
        "events/done.json",
        r#""$id":"check$done","#,
        "common/user.json",
        &[
            ("events/common/user.json", string),
            (
                "lib/user.json",
                r#"{"$id":"common/user.json","type":"integer"}"#,
            ),
        ],
    );
    finds_string(
        "events/done.json",
        r#""$id":"v1/done","#,
        "user.json",
        &[
            ("events/v1/user.json", string),
            ("events/user.json", r#"{"type":"integer"}"#),
            (
                "lib/user.json",
                r#"{"$id":"v1/user.json","type":"integer"}"#,
            ),
        ],
    );
    // An `$id` goes before the path, of a relative base and of an absolute one.
    finds_string(
        "events/done.json",
        r#""$id":"done","#,
        "user.json",
        &[
            (
                "events/other.json",
                r#"{"$id":"user.json","type":"string"}"#,
            ),
            ("events/user.json", r#"{"type":"integer"}"#),
        ],
    );
    finds_string(
        "events/done.json",
        r#""$id":"https://example.com/done","#,
        "user.json",
        &[
            (
                "lib/other.json",
                r#"{"$id":"https://example.com/user.json","type":"string"}"#,
            ),
            ("events/user.json", r#"{"type":"integer"}"#),
        ],
    );
    // Relative ids go before a path that no draft names.
    finds_string(
        "events/done.json",
        r#""$id":"common/done","#,
        "user.json",
        &[
            (
                "lib/u.json",
                r#"{"$id":"common/user.json","type":"string"}"#,
            ),
            ("events/user.json", r#"{"type":"integer"}"#),
        ],
    );
}

#[test]
fn a_path_is_what_is_left() {
    for id in [
        "",
        r#""$id":"check$done","#,
        r#""$id":"https://example.com/schemas/events/done.json","#,
        r#""$id":"urn:example:done","#,
        r#""$id":"some/where/else.json","#,
    ] {
        finds_string(
            "events/done.json",
            id,
            "user.json",
            &[("events/user.json", r#"{"type":"string"}"#)],
        );
        finds_string(
            "events/done.json",
            id,
            "../common/./the%20user.json",
            &[("common/the user.json", r#"{"type":"string"}"#)],
        );
    }
    // The order in which files are read means nothing.
    let both =
        r#"{"type":"object","properties":{"a":{"$ref":"v1/user.json"},"u":{"$ref":"part.json"}}}"#;
    let texts = texts(&[
        ("s.json", both),
        ("v1/user.json", r#"{"type":"integer"}"#),
        ("user.json", r#"{"type":"string"}"#),
        ("part.json", r#"{"$id":"part","$ref":"user.json"}"#),
    ]);
    assert_eq!(import_of("s.json", &texts), Ok(Type::String));
}

#[test]
fn two_files_with_one_id_are_named_when_a_reference_asks() {
    let user = r#"{"$id":"common/user.json","type":"string"}"#;
    let twice = [("a/user.json", user), ("b/user.json", user)];
    let said = refused("s.json", r#""$id":"check","#, "common/user.json", &twice);
    for part in ["\"common/user.json\"", "a/user.json", "b/user.json"] {
        assert!(said.contains(part), "{said}");
    }
    let absolute = r#"{"$id":"https://example.com/user.json","type":"string"}"#;
    let twice_absolute = [("a/user.json", absolute), ("b/user.json", absolute)];
    let said = refused(
        "s.json",
        r#""$id":"https://example.com/s.json","#,
        "user.json",
        &twice_absolute,
    );
    assert!(
        said.contains("a/user.json") && said.contains("b/user.json"),
        "{said}"
    );
    // The path says which of the two.
    finds_string(
        "b/s.json",
        r#""$id":"https://example.com/s.json","#,
        "user.json",
        &twice_absolute,
    );
    // Nobody asks.
    finds_string(
        "s.json",
        r#""$id":"check","#,
        "other.json",
        &[
            twice[0],
            twice[1],
            ("other.json", r#"{"$id":"other.json","type":"string"}"#),
        ],
    );
}

#[test]
fn who_refers_to_nothing_is_told_what_was_tried() {
    let said = refused(
        "events/done.json",
        r#""$id":"v1/check","#,
        "common/user.json",
        &[],
    );
    for part in [
        "schema-file",
        "there is no file events/v1/common/user.json or events/common/user.json in the contracts folder",
        r#"the $id "events/v1/common/user.json" or "v1/common/user.json""#,
    ] {
        assert!(said.contains(part), "{said}");
    }
    for (reference, part) in [
        ("../../outside.json", "outside of the contracts folder"),
        ("/etc/passwd", "outside of the contracts folder"),
        ("//example.com/user.json", "nothing is fetched"),
        ("C:\\schemas\\user.json", "nothing is fetched"),
        ("C:/schemas/user.json", "nothing is fetched"),
        ("common\\user.json", "leads nowhere"),
        (
            "%2e%2e/%2e%2e/etc/passwd",
            "outside of the contracts folder",
        ),
        ("u.json#/nothing", "points to nothing in lib/u.json"),
        (
            "u.json#nothing",
            "names an anchor that is not there in lib/u.json",
        ),
        ("%zz", "leads nowhere"),
        ("?", "leads nowhere"),
    ] {
        let said = refused(
            "events/done.json",
            r#""$id":"lib/check","#,
            reference,
            &[("lib/u.json", r#"{"$id":"lib/u.json"}"#)],
        );
        assert!(said.contains(part), "{reference}: {said}");
    }
    // What is no schema has no `$id`; what is at the path and is no JSON is said to be so.
    let said = refused(
        "s.json",
        r#""$id":"check","#,
        "user.json",
        &[
            ("a.json", "{\"$id\":\"user.json\""),
            ("user.json", "{\"$id\":\"user.json\""),
        ],
    );
    assert!(said.contains("user.json is not JSON"), "{said}");
}
