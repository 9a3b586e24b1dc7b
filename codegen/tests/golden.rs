//! The Rust of small contract folders against the files beside them. `UPDATE_EXPECT=1` rewrites those.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use event_codegen::Codegen;

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .filter(|path| cfg!(feature = "import") || !path.ends_with("imported"))
        .collect();
    cases.sort();
    assert!(cases.len() >= 6, "cases are missing: {cases:?}");
    cases
}

/// `only_foobar` and the like generate for the service of that name, everything else for all.
fn generate(case: &Path) -> String {
    let name = case.file_name().unwrap().to_str().unwrap();
    let mut codegen = Codegen::new(match name {
        // Read by other tests too.
        "imported" => case.join("../../import"),
        _ => case.join("contracts"),
    });
    if let Some(service) = name.strip_prefix("only_") {
        codegen = codegen.service(service);
    }
    match codegen.generate() {
        Ok(generated) => generated.text,
        Err(report) => panic!("{name}: {report}"),
    }
}

#[test]
fn text_is_as_expected() {
    let mut wrong = Vec::new();
    for case in cases() {
        let text = generate(&case);
        assert_eq!(text, generate(&case), "another text on the second run");
        let path = case.join("expected.rs");
        if env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&path, &text).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != text {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "UPDATE_EXPECT=1 rewrites {wrong:#?}");
}

#[test]
fn text_is_as_rustfmt_leaves_it() {
    for case in cases() {
        let file = env::temp_dir().join(format!("event-golden-{}.rs", std::process::id()));
        fs::write(&file, generate(&case)).unwrap();
        let checked = Command::new("rustfmt")
            .args(["--check", "--edition", "2024"])
            .arg(&file)
            .output()
            .unwrap();
        fs::remove_file(&file).unwrap();
        let diff = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.status.success(), "{}\n{diff}", case.display());
    }
}
