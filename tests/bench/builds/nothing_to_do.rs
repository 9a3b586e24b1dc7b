//! `cargo build` where nothing has changed: the README's service with a thousand events more in its folder, and the same by hand.
//!
//! Cargo alone takes longer than ours may add, so the difference is judged, not the ratio: by the clock, which is what a person waits
//! for, and by the time of processors, which other work on the machine does not lengthen.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

use event_bench::packages::Packages;
use event_bench::pairs::{in_turn, pairs};
use event_bench::{Goal, Pairs, Spent, shapes, spent};

use super::{GROUP, Result, by_hand, of_the_readme};

const EVENTS: usize = 1_000;
/// What ours may add, in milliseconds.
const MORE: f64 = 20.0;
/// A build with nothing to do takes a moment, and its time varies by more than what is looked for.
const OFTEN: usize = 4;

pub(super) fn run(work: &Path) -> Result<()> {
    let packages = Packages::new(work.join("nothing"))?;
    let target = work.join("nothing/target");
    by_hand(&packages)?;
    let layouts = [("in-20-files", EVENTS / 20), ("in-1000-files", 1)];
    for (name, each) in layouts {
        let package = of_the_readme(&packages, name)?;
        shapes::contracts(&package.join("contracts"), EVENTS, each, false)?;
    }
    let build = |name: &str| spent(&mut packages.cargo("build", name, &target));
    for name in ["by-hand", layouts[0].0, layouts[1].0] {
        println!("building {name}");
        build(name);
        // What is newer than its build is seen once more.
        build(name);
    }
    let before = written(&target)?;
    for (name, each) in layouts {
        let (ours, theirs) = in_turn(OFTEN * pairs(), || build(name), || build("by-hand"));
        let name = format!(
            "build with nothing to do, 1,000 events in {} files: milliseconds more",
            EVENTS / each
        );
        judge(&name, &ours, &theirs, |spent| spent.wall * 1e3);
        let name = format!("{name}, time of processors");
        judge(&name, &ours, &theirs, |spent| spent.cpu * 1e3);
    }
    let after = written(&target)?;
    match after.iter().find(|file| !before.contains(file)) {
        Some((path, _)) => {
            Err(format!("a build with nothing to do has written {}", path.display()).into())
        }
        None => Ok(()),
    }
}

fn judge(name: &str, ours: &[Spent], theirs: &[Spent], of: fn(&Spent) -> f64) {
    let pairs = Pairs {
        group: GROUP,
        name,
        against: "by hand on async-nats",
        unit: "ms",
        goal: Goal::AtMost(MORE),
    };
    let of = |side: &[Spent]| side.iter().map(of).collect::<Vec<f64>>();
    pairs.more(&of(ours), &of(theirs));
}

/// When each program, and each file that a build script wrote or said, was written.
fn written(target: &Path) -> Result<Vec<(PathBuf, SystemTime)>> {
    let mut files = Vec::new();
    add(&target.join("debug"), &mut files)?;
    for script in fs::read_dir(target.join("debug/build"))? {
        let script = script?.path();
        add(&script, &mut files)?;
        if script.join("out").exists() {
            add(&script.join("out"), &mut files)?;
        }
    }
    if !files
        .iter()
        .any(|(path, _)| path.ends_with("out/contracts.rs"))
    {
        return Err("no build script has written contracts".into());
    }
    files.sort();
    Ok(files)
}

fn add(folder: &Path, files: &mut Vec<(PathBuf, SystemTime)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        // Its lock, and the list of what a program is made of, cargo itself writes each time: by hand too.
        let cargos =
            path.ends_with(".cargo-lock") || path.extension().is_some_and(|end| end == "d");
        if entry.file_type()?.is_file() && !cargos {
            files.push((path, entry.metadata()?.modified()?));
        }
    }
    Ok(())
}
