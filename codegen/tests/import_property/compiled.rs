//! Generated decoders, compiled by cargo in a crate of their own and run in a process of their own: what a compiler refuses
//! and what a stack overflow ends is an answer like any other, and no end of the tests.
//!
//! For what a package's own build cannot have: schemas that are not known before the test runs (shrinking), and more of them
//! than one run of rustc survives (a corpus).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use event_codegen::check::Checked;
use event_codegen::emit;

use super::answer::Answer;

const READER: &str = include_str!("reader.rs");

const MAIN: &str = r#"
fn main() {
    use std::io::{BufRead, Write};
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (case, body) = line.split_once(' ').unwrap();
        println!("{}", reader::on_small_stack(CASES[case.parse::<usize>().unwrap()], body));
        std::io::stdout().flush().unwrap();
    }
}
"#;

/// A crate of generated decoders.
pub struct Workshop {
    folder: PathBuf,
    target: PathBuf,
}

impl Workshop {
    pub fn new(name: &str) -> Self {
        let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = temporary.join(name);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        let runtime = root.join("event-runtime").canonicalize().unwrap();
        fs::write(
            folder.join("Cargo.toml"),
            format!("[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\nevent-runtime = {{ path = {runtime:?} }}\n\n[workspace]\n\n[profile.dev]\ndebug = false\n"),
        )
        .unwrap();
        fs::write(folder.join("src/reader.rs"), READER).unwrap();
        let target = temporary.parent().unwrap().to_owned();
        Self { folder, target }
    }

    /// What the decoders make of payloads: `asked` is a schema's position and a payload.
    pub fn answers(&self, schemas: &[&Checked], asked: &[(usize, String)]) -> Vec<Answer> {
        let broken = self.compile(schemas);
        let mut answers: Vec<Answer> = Vec::new();
        while answers.len() < asked.len() {
            self.run(&asked[answers.len()..], &broken, &mut answers);
        }
        answers
    }

    /// Writes the crate and builds it, without what does not compile: by position, with the first error.
    fn compile(&self, schemas: &[&Checked]) -> BTreeMap<usize, String> {
        let mut broken = BTreeMap::new();
        for (at, schema) in schemas.iter().enumerate() {
            let text = format!("pub use ::event_runtime;\n{}", emit::rust(schema, &[]));
            fs::write(self.folder.join(format!("src/c{at}.rs")), text).unwrap();
        }
        loop {
            let mut main = String::from("#![allow(warnings)]\nmod reader;\n");
            let mut table = format!("const CASES: [fn(&str) -> String; {}] = [", schemas.len());
            for at in 0..schemas.len() {
                if broken.contains_key(&at) {
                    table.push_str("|_| String::new(), ");
                } else {
                    let _ = writeln!(main, "mod c{at};");
                    let _ = write!(table, "reader::judge::<c{at}::held::Held>, ");
                }
            }
            fs::write(
                self.folder.join("src/main.rs"),
                format!("{main}{MAIN}\n{table}];\n"),
            )
            .unwrap();
            let built = Command::new(env!("CARGO"))
                .args(["build", "--offline", "--quiet", "--message-format", "short"])
                .current_dir(&self.folder)
                .env("CARGO_TARGET_DIR", &self.target)
                .output()
                .unwrap();
            if built.status.success() {
                return broken;
            }
            let before = broken.len();
            let said = String::from_utf8_lossy(&built.stderr).into_owned();
            for line in said.lines().filter(|line| line.contains("error")) {
                if let Some((at, _)) = line
                    .strip_prefix("src/c")
                    .and_then(|rest| rest.split_once(".rs:"))
                {
                    let line = line.split_once(": ").map_or(line, |(_, what)| what);
                    broken.entry(at.parse().unwrap()).or_insert(line.to_owned());
                }
            }
            assert!(broken.len() > before, "{said}");
        }
    }

    fn run(
        &self,
        asked: &[(usize, String)],
        broken: &BTreeMap<usize, String>,
        answers: &mut Vec<Answer>,
    ) {
        let name = self.folder.file_name().unwrap();
        let mut child = Command::new(self.target.join("debug").join(name))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let lines: String = asked
            .iter()
            .filter(|(case, _)| !broken.contains_key(case))
            .map(|(case, body)| format!("{case} {body}\n"))
            .collect();
        let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).is_ok());
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        for (case, _) in asked {
            if let Some(error) = broken.get(case) {
                answers.push(Answer::Uncompiled(error.clone()));
                continue;
            }
            let Some(line) = said.next().transpose().unwrap() else {
                answers.push(Answer::Aborted);
                break;
            };
            answers.push(Answer::of(&line));
        }
        drop(said);
        child.wait().unwrap();
        writer.join().unwrap();
    }
}
