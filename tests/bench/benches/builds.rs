//! What contracts cost whoever compiles a service: the generated code, the build script, the runtime, and a build with nothing to do.
//!
//! Times are those of processors, in the compiler and all that it starts: builds take so long that the clock would tell more of the
//! machine's other work. Where the compiler alone counts, this program stands in for it (see `compiler`).

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::time::SystemTime;
use std::{env, fs};

use event_bench::packages::{Packages, ours};
use event_bench::{Goal, Pairs, record::folder, shapes, spent};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const GROUP: &str = "builds";
/// Rounds of each comparison: a build is long, and its processor time varies little.
const ROUNDS: usize = 3;
/// Set where cargo calls this program in the compiler's place: the file that gets the times.
const COMPILER: &str = "BENCH_COMPILER_TIMES";
/// The features of async-nats that `event-runtime` turns on.
const ASYNC_NATS: &str = "async-nats = { version = \"0.51\", default-features = false, features = [\"jetstream\", \"nkeys\", \
     \"crypto\", \"ring\", \"server_2_10\", \"server_2_11\", \"server_2_12\", \"server_2_14\"] }";

fn main() {
    if let Some(times) = env::var_os(COMPILER) {
        compiler(Path::new(&times));
    }
    if let Err(error) = run() {
        eprintln!("{error}");
        exit(1);
    }
}

fn run() -> Result<()> {
    let work = std::path::absolute(folder())?.join("builds");
    let shapes = work.join("shapes");
    shapes::write(&shapes, 1_000, false)?;
    generated(&work, &shapes)?;
    build_dependency(&work)?;
    service(&work)?;
    nothing_to_do(&work, &shapes)
}

/// Stands in for the compiler: runs it, and writes down what it spent.
fn compiler(times: &Path) -> ! {
    let mut args = env::args_os().skip(1);
    let rustc = args.next().unwrap_or_default();
    let before = spent::of_children();
    let status = Command::new(rustc).args(args).status();
    let time = spent::of_children() - before;
    match status {
        Ok(status) if status.success() => {
            if let Err(error) = fs::write(times, time.to_string()) {
                eprintln!("{}: {error}", times.display());
                exit(1);
            }
            exit(0)
        }
        Ok(status) => exit(status.code().unwrap_or(1)),
        Err(error) => {
            eprintln!("the compiler cannot be run: {error}");
            exit(1)
        }
    }
}

/// `cargo check` of what each generator makes of the same thousand events; their dependencies are there.
fn generated(work: &Path, shapes: &Path) -> Result<()> {
    let generator = event_bench::packages::generator("release");
    let packages = Packages::new(work.join("generated"))?;
    let runtime = format!(
        "[dependencies]\nevent-runtime = {}\n",
        ours("event-runtime")
    );
    let typify = "[dependencies]\nchrono = { version = \"0.4\", default-features = false, features = [\"serde\"] }\n\
                  serde = { version = \"1\", features = [\"derive\"] }\nserde_json = \"1\"\nuuid = { version = \"1\", features = [\"serde\"] }\n";
    let prost = "[dependencies]\nprost = \"0.14\"\nprost-types = \"0.14\"\n";
    for (name, manifest) in [
        ("ours", &*runtime),
        (shapes::SMALL_SERVICE, &runtime),
        ("typify", typify),
        ("prost", prost),
    ] {
        let package = packages.package(&crate_of(name), manifest, &[])?;
        let out = package.join("src/generated.rs");
        spent(Command::new(&generator).arg(name).arg(shapes).arg(&out));
        let lib = match name {
            "typify" => "include!(\"generated.rs\");\n".to_owned(),
            // It names the files beside it; they are in a folder.
            "prost" => fs::read_to_string(&out)?.replace("include!(\"", "include!(\"generated.d/"),
            _ => "pub mod contracts {\n    pub use event_runtime;\n    include!(\"generated.rs\");\n}\n".to_owned(),
        };
        fs::write(package.join("src/lib.rs"), lib)?;
    }
    let target = work.join("generated/target");
    let check = |name: &str| -> Result<f64> {
        let times = work.join("time");
        let source = packages.root().join(crate_of(name)).join("src/lib.rs");
        fs::File::options()
            .append(true)
            .open(source)?
            .set_modified(SystemTime::now())?;
        let mut cargo = packages.cargo("check", &crate_of(name), &target);
        cargo
            .env("RUSTC_WORKSPACE_WRAPPER", env::current_exe()?)
            .env(COMPILER, &times);
        spent(&mut cargo);
        Ok(fs::read_to_string(times)?.parse()?)
    };
    let names = ["ours", shapes::SMALL_SERVICE, "typify", "prost"];
    let mut rounds = [const { Vec::new() }; 4];
    for round in 0..=ROUNDS {
        let forth = 0..names.len();
        let order: Vec<usize> = if round % 2 == 0 {
            forth.collect()
        } else {
            forth.rev().collect()
        };
        for at in order {
            rounds[at].push(check(names[at])?);
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
    let clean = |name: &str| clean(&packages, name, "dev");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..=ROUNDS {
        ours.push(clean("with-ours")?);
        theirs.push(clean("with-prost")?);
    }
    compare(
        "clean build of the generator as a build dependency",
        "prost-build",
        Goal::AtMost(1.0),
        &ours,
        &theirs,
    );
    Ok(())
}

/// The README's service against the same by hand: a clean build, and the program.
fn service(work: &Path) -> Result<()> {
    let packages = Packages::new(work.join("service"))?;
    let readme = include_str!("../../../README.md");
    let tokio =
        "tokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\", \"signal\"] }\n";
    let manifest = format!(
        "[dependencies]\nevent-runtime = {}\n{tokio}\n[build-dependencies]\nevent-codegen = {}\n",
        ours("event-runtime"),
        ours("codegen"),
    );
    let files = [
        ("src/main.rs", of_readme(readme, "src/main.rs")?),
        ("build.rs", of_readme(readme, "build.rs")?),
    ];
    let package = packages.package("with-ours", &manifest, &files)?;
    fs::create_dir_all(package.join("contracts"))?;
    let contract = of_readme(readme, "contracts/scheduling.toml")?;
    fs::write(package.join("contracts/scheduling.toml"), contract)?;
    let manifest = format!(
        "[dependencies]\n{ASYNC_NATS}\nfutures-util = {{ version = \"0.3\", default-features = false }}\n{tokio}\
         serde = {{ version = \"1\", features = [\"derive\"] }}\nserde_json = \"1\"\nuuid = {{ version = \"1\", features = [\"serde\"] }}\n"
    );
    packages.package(
        "by-hand",
        &manifest,
        &[("src/main.rs", include_str!("../builds/by_hand.rs"))],
    )?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // One round is minutes: the one that does not count elsewhere counts here.
    for _ in 0..ROUNDS - 1 {
        ours.push(clean(&packages, "with-ours", "release")?);
        theirs.push(clean(&packages, "by-hand", "release")?);
    }
    ours.insert(0, ours[0]);
    theirs.insert(0, theirs[0]);
    let goal = Goal::AtMost(1.05);
    compare(
        "clean build of a minimal service",
        "by hand on async-nats",
        goal,
        &ours,
        &theirs,
    );
    let size = |name: &str| -> Result<f64> {
        let program = packages
            .root()
            .join(format!("target-{name}/release/{name}"));
        Ok(fs::metadata(program)?.len() as f64 / 1024.0)
    };
    let pairs = Pairs {
        group: GROUP,
        name: "size of a minimal service, stripped",
        against: "by hand on async-nats",
        unit: "KiB",
        goal,
    };
    pairs.exact(size("with-ours")?, size("by-hand")?);
    Ok(())
}

/// `cargo build` where nothing has changed: a service with a thousand events in its folder, and one without us.
fn nothing_to_do(work: &Path, shapes: &Path) -> Result<()> {
    let packages = Packages::new(work.join("nothing"))?;
    let manifest = format!(
        "[build-dependencies]\nevent-codegen = {}\n",
        ours("codegen")
    );
    let build = format!(
        "fn main() {{\n    event_codegen::Codegen::new({:?}).run();\n}}\n",
        shapes.join("contracts")
    );
    packages.package(
        "with-ours",
        &manifest,
        &[("src/lib.rs", ""), ("build.rs", &build)],
    )?;
    packages.package(
        "without",
        "",
        &[
            ("src/lib.rs", ""),
            (
                "build.rs",
                "fn main() {\n    println!(\"cargo:rerun-if-changed=build.rs\");\n}\n",
            ),
        ],
    )?;
    let target = work.join("nothing/target");
    let build = |name: &str| spent(&mut packages.cargo("build", name, &target)).wall * 1e3;
    build("with-ours");
    build("without");
    let written = |folder: &Path| -> Result<Vec<(PathBuf, SystemTime)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder.join("debug/build"))? {
            let out = entry?.path().join("out");
            for file in fs::read_dir(out).into_iter().flatten() {
                let file = file?;
                files.push((file.path(), file.metadata()?.modified()?));
            }
        }
        files.sort();
        Ok(files)
    };
    let before = written(&target)?;
    let pairs = Pairs {
        group: GROUP,
        name: "build with nothing to do, more than without us",
        against: "20 ms",
        unit: "ms",
        goal: Goal::AtMost(1.0),
    };
    pairs.run(|| build("with-ours") - build("without"), || 20.0);
    if before.is_empty() || written(&target)? != before {
        return Err("a build with nothing to do has written".into());
    }
    Ok(())
}

/// A build from nothing, in a folder of its own.
fn clean(packages: &Packages, name: &str, profile: &str) -> Result<f64> {
    let target = packages.root().join(format!("target-{name}"));
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    let mut cargo = packages.cargo("build", name, &target);
    Ok(spent(cargo.args(["--profile", profile])).cpu)
}

/// Rounds that were measured already; the first does not count.
fn compare(name: &str, against: &str, goal: Goal, ours: &[f64], theirs: &[f64]) {
    let pairs = Pairs {
        group: GROUP,
        name,
        against,
        unit: "s of processors",
        goal,
    };
    let (ours, theirs) = (RefCell::new(ours.iter()), RefCell::new(theirs.iter()));
    let next = |values: &RefCell<std::slice::Iter<'_, f64>>| {
        values.borrow_mut().next().copied().unwrap_or(f64::NAN)
    };
    let rounds = ours.borrow().len().saturating_sub(1);
    pairs.times(rounds, || next(&ours), || next(&theirs));
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
