//! What contracts cost whoever compiles a service: the generated code, the build script, the runtime, and a build with nothing to do.
//!
//! Times are those of processors, in the compiler and all that it starts: builds take so long that the clock would tell more of the
//! machine's other work. Where the compiler alone counts, this program stands in for it (`event_bench::compiler`). Rounds are six, the
//! fewest that give a 95 % interval by order statistics, and each builds both sides in turn; no round is thrown away, as what they
//! depend on is built before.
//!
//! One of its sections alone: `cargo bench --bench builds -- nothing_to_do`.

#[path = "../builds/nothing_to_do.rs"]
mod nothing_to_do;

use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::time::SystemTime;
use std::{env, fs};

use event_bench::packages::{Packages, generator, ours};
use event_bench::pairs::{in_turn, long_pairs};
use event_bench::{Goal, Pairs, compiler, record::folder, shapes, spent};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const GROUP: &str = "builds";
type Section = fn(&Path) -> Result<()>;

/// Its parts, in the order in which they run.
const SECTIONS: [(&str, Section); 4] = [
    ("generated", generated),
    ("build_dependency", build_dependency),
    ("service", service),
    ("nothing_to_do", nothing_to_do::run),
];
/// The features of async-nats that `event-runtime` turns on.
const ASYNC_NATS: &str = "async-nats = { version = \"0.51\", default-features = false, features = [\"jetstream\", \"nkeys\", \
     \"crypto\", \"ring\", \"server_2_10\", \"server_2_11\", \"server_2_12\", \"server_2_14\"] }";
/// What either service takes of tokio.
const TOKIO: &str =
    "tokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\", \"signal\"] }\n";

fn main() {
    compiler::stand_in();
    if let Err(error) = run() {
        eprintln!("{error}");
        exit(1);
    }
}

fn run() -> Result<()> {
    let work = std::path::absolute(folder())?.join("builds");
    // Cargo passes `--bench`.
    let asked: Vec<String> = env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    if let Some(other) = asked
        .iter()
        .find(|name| SECTIONS.iter().all(|(known, _)| known != name))
    {
        let known = SECTIONS.map(|(name, _)| name).join(", ");
        return Err(format!("no section {other}; there are {known}").into());
    }
    for (name, section) in SECTIONS {
        if asked.is_empty() || asked.iter().any(|asked| asked == name) {
            section(&work)?;
        }
    }
    Ok(())
}

/// `cargo check` of what each generator makes of the same thousand events; their dependencies are there.
fn generated(work: &Path) -> Result<()> {
    const NAMES: [&str; 4] = ["ours", shapes::SMALL_SERVICE, "typify", "prost"];
    let shapes = work.join("shapes");
    shapes::write(&shapes, 1_000, false)?;
    let packages = Packages::new(work.join("generated"))?;
    let target = work.join("generated/target");
    let generator = generator("release");
    for name in NAMES {
        println!("building what the code of {name} depends on");
        let package =
            packages.package(&crate_of(name), &dependencies(name), &[("src/lib.rs", "")])?;
        spent(&mut packages.cargo("check", &crate_of(name), &target));
        let out = package.join("src/generated.rs");
        spent(Command::new(&generator).arg(name).arg(&shapes).arg(&out));
        fs::write(package.join("src/lib.rs"), library(name, &out)?)?;
    }
    let check = |name: &str| -> Result<f64> {
        let source = packages.root().join(crate_of(name)).join("src/lib.rs");
        fs::File::options()
            .append(true)
            .open(source)?
            .set_modified(SystemTime::now())?;
        let mut cargo = packages.cargo("check", &crate_of(name), &target);
        let time = compiler::spent_in(&mut cargo, &work.join("time"))?;
        println!("cargo check of the code of {name}: {time:.2} s of processors");
        Ok(time)
    };
    let mut rounds = [const { Vec::new() }; NAMES.len()];
    for round in 0..long_pairs() {
        // All four in turn, there and back: A B C D D C B A.
        for step in 0..NAMES.len() {
            let at = if round % 2 == 0 {
                step
            } else {
                NAMES.len() - 1 - step
            };
            rounds[at].push(check(NAMES[at])?);
        }
    }
    let [ours, small, typify, prost] = rounds;
    let name = "compile the code of 1,000 events (cargo check)";
    compare(name, "typify", Goal::AtMost(0.9), &ours, &typify);
    compare(name, "prost", Goal::AtMost(1.0), &ours, &prost);
    let name = "compile the code of a service that uses 20 of them";
    compare(name, "all 1,000", Goal::AtMost(1.0 / 30.0), &small, &ours);
    Ok(())
}

/// What the code of a generator needs.
fn dependencies(generator: &str) -> String {
    match generator {
        "typify" => "[dependencies]\nchrono = { version = \"0.4\", default-features = false, features = [\"serde\"] }\n\
                     serde = { version = \"1\", features = [\"derive\"] }\nserde_json = \"1\"\n\
                     uuid = { version = \"1\", features = [\"serde\"] }\n"
            .to_owned(),
        "prost" => "[dependencies]\nprost = \"0.14\"\nprost-types = \"0.14\"\n".to_owned(),
        _ => format!("[dependencies]\nevent-runtime = {}\n", ours("event-runtime")),
    }
}

/// The library that holds the code of a generator.
fn library(generator: &str, code: &Path) -> Result<String> {
    Ok(match generator {
        "typify" => "include!(\"generated.rs\");\n".to_owned(),
        // It names the files beside it; they are in a folder.
        "prost" => fs::read_to_string(code)?.replace("include!(\"", "include!(\"generated.d/"),
        _ => {
            "pub mod contracts {\n    pub use event_runtime;\n    include!(\"generated.rs\");\n}\n"
                .to_owned()
        }
    })
}

/// The package of what a generator wrote: not called like the generator, which may be a dependency.
fn crate_of(generator: &str) -> String {
    format!("code-of-{generator}")
}

/// A package that has the generator as its build dependency, and nothing else.
fn build_dependency(work: &Path) -> Result<()> {
    let packages = Packages::new(work.join("dependency"))?;
    let files = [("src/lib.rs", ""), ("build.rs", "fn main() {}\n")];
    let with = format!(
        "[build-dependencies]\nevent-codegen = {}\n",
        ours("codegen")
    );
    packages.package("with-ours", &with, &files)?;
    packages.package(
        "with-prost",
        "[build-dependencies]\nprost-build = \"0.14\"\n",
        &files,
    )?;
    let (ours, theirs) = in_turn(
        long_pairs(),
        || clean(&packages, "with-ours", "dev"),
        || clean(&packages, "with-prost", "dev"),
    );
    let (ours, theirs) = (all(ours)?, all(theirs)?);
    compare(
        "clean build of the generator as a build dependency",
        "prost-build",
        Goal::AtMost(1.0),
        &ours,
        &theirs,
    );
    Ok(())
}

/// The README's service, against the same by hand and against a bare loop by hand that does none of what goes wrong: a clean build,
/// and the program.
fn service(work: &Path) -> Result<()> {
    let packages = Packages::new(work.join("service"))?;
    of_the_readme(&packages, "with-ours")?;
    same_by_hand(&packages)?;
    by_hand(&packages)?;
    let mut bare = Vec::new();
    let (ours, same) = in_turn(
        long_pairs(),
        || clean(&packages, "with-ours", "release"),
        || {
            bare.push(clean(&packages, "by-hand", "release"));
            clean(&packages, "same-by-hand", "release")
        },
    );
    let (ours, same, bare) = (all(ours)?, all(same)?, all(bare)?);
    let size = |name: &str| -> Result<f64> {
        let program = clean_target(packages.root(), name)
            .join("release")
            .join(name);
        Ok(fs::metadata(program)?.len() as f64 / 1024.0)
    };
    for (program, against, goal, theirs) in [
        (
            "same-by-hand",
            "the same by hand on async-nats",
            Goal::AtMost(1.05),
            same,
        ),
        (
            "by-hand",
            "a bare loop by hand, without retries, dead letters or checks",
            Goal::None,
            bare,
        ),
    ] {
        let name = "clean build of a minimal service";
        compare(name, against, goal, &ours, &theirs);
        let pairs = Pairs {
            group: GROUP,
            name: "size of a minimal service, stripped",
            against,
            unit: "KiB",
            goal,
        };
        pairs.exact(size("with-ours")?, size(program)?);
    }
    Ok(())
}

/// The README's service, in a package of this name.
fn of_the_readme(packages: &Packages, name: &str) -> Result<PathBuf> {
    let readme = include_str!("../../../README.md");
    let manifest = format!(
        "[dependencies]\nevent-runtime = {}\n{TOKIO}\n[build-dependencies]\nevent-codegen = {}\n",
        ours("event-runtime"),
        ours("codegen"),
    );
    let files = [
        ("src/main.rs", of_readme(readme, "src/main.rs")?),
        ("build.rs", of_readme(readme, "build.rs")?),
    ];
    let package = packages.package(name, &manifest, &files)?;
    fs::create_dir_all(package.join("contracts"))?;
    let contract = of_readme(readme, "contracts/scheduling.toml")?;
    fs::write(package.join("contracts/scheduling.toml"), contract)?;
    Ok(package)
}

/// The same by hand, and all that it is relied on for.
fn same_by_hand(packages: &Packages) -> Result<PathBuf> {
    let source = include_str!("../builds/same_by_hand.rs");
    on_async_nats(packages, "same-by-hand", source)
}

/// What it does when nothing goes wrong, by hand.
fn by_hand(packages: &Packages) -> Result<PathBuf> {
    on_async_nats(packages, "by-hand", include_str!("../builds/by_hand.rs"))
}

fn on_async_nats(packages: &Packages, name: &str, source: &str) -> Result<PathBuf> {
    let manifest = format!(
        "[dependencies]\n{ASYNC_NATS}\nbytes = \"1\"\nfutures-util = {{ version = \"0.3\", default-features = false }}\n{TOKIO}\
         serde = {{ version = \"1\", features = [\"derive\"] }}\nserde_json = \"1\"\nuuid = {{ version = \"1\", features = [\"serde\"] }}\n"
    );
    Ok(packages.package(name, &manifest, &[("src/main.rs", source)])?)
}

/// The folder that a package alone is built in.
fn clean_target(root: &Path, name: &str) -> PathBuf {
    root.join("target").join(name)
}

/// A build from nothing, in a folder of its own.
fn clean(packages: &Packages, name: &str, profile: &str) -> Result<f64> {
    let target = clean_target(packages.root(), name);
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    let mut cargo = packages.cargo("build", name, &target);
    let time = spent(cargo.args(["--profile", profile])).cpu;
    println!("clean build of {name}: {time:.1} s of processors");
    Ok(time)
}

/// All rounds, or why one of them failed.
fn all(rounds: Vec<Result<f64>>) -> Result<Vec<f64>> {
    rounds.into_iter().collect()
}

fn compare(name: &str, against: &str, goal: Goal, ours: &[f64], theirs: &[f64]) {
    let pairs = Pairs {
        group: GROUP,
        name,
        against,
        unit: "s of processors",
        goal,
    };
    pairs.measured(ours, theirs);
}

/// A file that the README shows.
fn of_readme<'a>(readme: &'a str, path: &str) -> Result<&'a str> {
    let missing = || format!("the README shows no {path}");
    let (_, rest) = readme
        .split_once(&format!("<!-- file: {path} -->\n```"))
        .ok_or_else(missing)?;
    let (_, rest) = rest.split_once('\n').ok_or_else(missing)?;
    let (text, _) = rest.split_once("```").ok_or_else(missing)?;
    Ok(text)
}
