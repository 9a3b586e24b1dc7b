//! Generating, checking and comparing: a thousand events, against the generators and the linter that others use for as many.
//!
//! Whole processes are timed, as a build or a person waits for them: prost-build's protoc is part of it, and so is the start of ours.
//! Each generator formats what it writes, and reads files that say the same (`shapes`). The clock shows what somebody waits for and
//! is at the mercy of whatever else runs; the time of processors is not.

use std::path::{Path, PathBuf};
use std::process::Command;

use event_bench::packages::{generator, target};
use event_bench::pairs::{in_turn, long_pairs, pairs};
use event_bench::{Goal, Pairs, Spent, record::folder, shapes, spent};

const GROUP: &str = "codegen";
const EVENTS: usize = 1_000;

fn main() {
    let work = std::path::absolute(folder())
        .unwrap_or_else(|_| folder())
        .join("codegen");
    for (name, events, changed) in [
        ("old", EVENTS, false),
        ("new", EVENTS, true),
        ("large", 10 * EVENTS, false),
    ] {
        if let Err(error) = shapes::write(&work.join(name), events, changed) {
            eprintln!("{} cannot be written: {error}", work.join(name).display());
            std::process::exit(1);
        }
    }
    for (profile, goal) in [("release", 1.0 / 5.0), ("dev", 1.0 / 3.0)] {
        let generator = generator(profile);
        let how = match profile {
            "release" => "optimised",
            _ => "as Cargo builds build scripts",
        };
        for (theirs, against) in [
            ("prost", "prost-build with protoc"),
            ("typify", "typify with prettyplease"),
        ] {
            compare(
                &format!("generate 1,000 events, {how}"),
                against,
                Goal::AtMost(goal),
                || generate(&generator, "ours", &work.join("old")),
                || generate(&generator, theirs, &work.join("old")),
            );
        }
        if profile == "release" {
            growth(&generator, &work);
        }
    }
    linter(&work);
}

/// Ten times as many events against our own thousand.
fn growth(generator: &Path, work: &Path) {
    compare(
        "generate 10,000 events",
        "1,000 events",
        Goal::AtMost(11.0),
        || generate(generator, "ours", &work.join("large")),
        || generate(generator, "ours", &work.join("old")),
    );
    let peak = |name: &str| {
        let spent = spent(&mut generate(generator, "ours", &work.join(name)));
        let last = spent
            .stdout
            .lines()
            .last()
            .and_then(|line| line.parse::<f64>().ok());
        last.unwrap_or(f64::NAN) / 1024.0
    };
    let pairs = Pairs {
        group: GROUP,
        name: "generate 10,000 events, most memory held",
        against: "1,000 events",
        unit: "MiB",
        goal: Goal::AtMost(11.0),
    };
    pairs.times(long_pairs(), || peak("large"), || peak("old"));
}

/// `check` and `diff` against `buf lint` and `buf breaking`: neither side finds anything.
fn linter(work: &Path) {
    let buf = buf(work);
    let ours = commands();
    compare(
        "check 1,000 events",
        "buf lint",
        Goal::AtMost(0.2),
        || command(&ours, &work.join("old"), &["check"]),
        || command(&buf, &work.join("old/proto"), &["lint"]),
    );
    compare(
        "diff 1,000 events, each changed",
        "buf breaking",
        Goal::AtMost(0.2),
        || {
            command(
                &ours,
                &work.join("new"),
                &["diff", "--against", "../old/contracts"],
            )
        },
        || {
            command(
                &buf,
                &work.join("new/proto"),
                &["breaking", "--against", "../../old/proto"],
            )
        },
    );
}

/// Both sides in turn, after one run of each that does not count: judged by the clock and by the time of processors of the same runs.
fn compare(
    name: &str,
    against: &str,
    goal: Goal,
    ours: impl Fn() -> Command,
    theirs: impl Fn() -> Command,
) {
    let (ours, theirs) = (|| spent(&mut ours()), || spent(&mut theirs()));
    ours();
    theirs();
    let (ours, theirs) = in_turn(pairs(), ours, theirs);
    let judge = |name: &str, of: fn(&Spent) -> f64| {
        let pairs = Pairs {
            group: GROUP,
            name,
            against,
            unit: "s",
            goal,
        };
        let of = |side: &[Spent]| side.iter().map(of).collect::<Vec<f64>>();
        pairs.measured(&of(&ours), &of(&theirs));
    };
    judge(name, |spent| spent.wall);
    judge(&format!("{name}, time of processors"), |spent| spent.cpu);
}

fn generate(generator: &Path, tool: &str, shapes: &Path) -> Command {
    let out = shapes.join(format!("{tool}.rs"));
    let mut command = Command::new(generator);
    command.arg(tool).arg(shapes).arg(out);
    command
}

fn command(program: &Path, folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).args(args);
    command
}

/// Our commands, as they are installed.
fn commands() -> PathBuf {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let target = target();
    println!("building the commands");
    spent(
        Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--locked",
                "--release",
                "--package",
                "event-contracts",
            ])
            .args(["--manifest-path", manifest, "--target-dir"])
            .arg(&target),
    );
    target.join("release/event-contracts")
}

/// buf, which only Go builds: the first time takes some minutes.
fn buf(work: &Path) -> PathBuf {
    if let Some(path) = std::env::var_os("BUF_BIN") {
        return PathBuf::from(path);
    }
    let bin = work.join("bin");
    let buf = bin.join("buf");
    if !buf.exists() {
        let go = ["/usr/local/go/bin/go", "/usr/lib/go/bin/go"];
        println!("building buf");
        let go = go.into_iter().find(|path| Path::new(path).exists());
        spent(
            Command::new(go.unwrap_or("go"))
                .args(["install", "github.com/bufbuild/buf/cmd/buf@v1.75.0"])
                .env("GOBIN", &bin),
        );
    }
    buf
}
