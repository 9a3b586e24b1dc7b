//! One run under callgrind, and what its file says: instructions, allocations, and the functions that they are of.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use event_bench::record::folder;
use event_bench::{Goal, Pairs};
use tokio::runtime::Runtime;

/// Something that is done with `n` events, ours and by hand.
#[derive(Clone, Copy)]
pub struct Mode {
    /// Its name, in the report and for `cost measure`.
    pub name: &'static str,
    /// What the ratio of instructions has to be.
    pub goal: Goal,
    /// How many allocations per event ours may have beyond those by hand.
    pub allocations: f64,
    /// How many events the two runs have, whose difference is what counts.
    pub events: [usize; 2],
    /// Does it, the part that counts within [`measured`](crate::measured).
    pub run: fn(&Runtime, ours: bool, n: usize),
}

/// What a run cost.
struct Cost {
    instructions: f64,
    allocations: f64,
    /// The instructions of each function itself.
    functions: BTreeMap<String, f64>,
}

impl Mode {
    /// Measures both sides, records the ratio and the allocations, and writes the list of functions beside.
    pub fn compare(&self) {
        let (ours, plain) = (self.per_event("ours"), self.per_event("plain"));
        Pairs {
            group: "exact",
            name: &format!("instructions per event, {}", self.name),
            against: "by hand",
            unit: "instructions",
            goal: self.goal,
        }
        .exact(ours.instructions, plain.instructions);
        Pairs {
            group: "exact",
            name: &format!("allocations per event, {}", self.name),
            against: "by hand",
            unit: "allocations",
            goal: Goal::AtMost((plain.allocations + self.allocations + 0.05) / plain.allocations),
        }
        .exact(ours.allocations, plain.allocations);
        let list = folder().join(format!("exact-{}.txt", self.name));
        let written = fs::write(&list, listing(&ours, &plain));
        written.unwrap_or_else(|error| panic!("{}: {error}", list.display()));
    }

    fn per_event(&self, side: &str) -> Cost {
        let [few, many] = self.events;
        let (less, more) = (
            self.under_callgrind(side, few),
            self.under_callgrind(side, many),
        );
        let events = (many - few) as f64;
        let mut functions = more.functions;
        for (name, cost) in less.functions {
            *functions.entry(name).or_default() -= cost;
        }
        functions.values_mut().for_each(|cost| *cost /= events);
        Cost {
            instructions: (more.instructions - less.instructions) / events,
            allocations: (more.allocations - less.allocations) / events,
            functions,
        }
    }

    fn under_callgrind(&self, side: &str, n: usize) -> Cost {
        fs::create_dir_all(folder()).expect("a folder for what is found");
        let out: PathBuf = folder().join(format!("callgrind.{}.{side}.{n}", self.name));
        let status = Command::new("valgrind")
            .args(["--tool=callgrind", "--collect-atstart=no", "--quiet"])
            .args(["--toggle-collect=cost::measured*", "--compress-strings=no"])
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(env::current_exe().expect("this program"))
            .args(["measure", self.name, side, &n.to_string()])
            .status()
            .expect("valgrind: install it (apt-get install valgrind)");
        assert!(status.success(), "{} {side} {n}: {status}", self.name);
        let cost = read(&out);
        fs::remove_file(&out).expect("a file of ours");
        cost
    }
}

/// Reads callgrind's file: after a `fn=` the lines of numbers are its own instructions, but for the one behind a `calls=`, which is
/// what was called.
fn read(path: &Path) -> Cost {
    let text = fs::read_to_string(path).expect("what callgrind has written");
    let mut functions: HashMap<&str, f64> = HashMap::new();
    let (mut function, mut callee, mut of_callee, mut allocations) = ("", "", false, 0.0);
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("fn=") {
            function = name;
        } else if let Some(name) = line.strip_prefix("cfn=") {
            callee = name;
        } else if let Some(calls) = line.strip_prefix("calls=") {
            of_callee = true;
            if matches!(callee, "malloc" | "calloc" | "realloc" | "posix_memalign" | "aligned_alloc")
                // The allocator calls itself.
                && !matches!(function, "calloc" | "realloc" | "posix_memalign" | "aligned_alloc")
            {
                allocations += number(calls.split(' ').next());
            }
        } else if line.starts_with(|c: char| c.is_ascii_digit() || "+-*".contains(c))
            && !std::mem::take(&mut of_callee)
        {
            *functions.entry(function).or_default() += number(line.split(' ').nth(1));
        }
    }
    Cost {
        instructions: functions.values().sum(),
        allocations,
        functions: functions
            .into_iter()
            .map(|(name, cost)| (name.to_owned(), cost))
            .collect(),
    }
}

fn number(text: Option<&str>) -> f64 {
    text.and_then(|text| text.parse().ok())
        .expect("a number in callgrind's file")
}

/// Where the instructions of an event are spent, ours beside by hand; what is less than a thousandth is left out.
fn listing(ours: &Cost, plain: &Cost) -> String {
    let mut names: Vec<&String> = ours
        .functions
        .keys()
        .chain(plain.functions.keys())
        .collect();
    names.sort();
    names.dedup();
    let of = |cost: &Cost, name: &String| cost.functions.get(name).copied().unwrap_or_default();
    names.sort_by(|a, b| {
        let difference = |name: &String| (of(ours, name) - of(plain, name)).abs();
        difference(b).total_cmp(&difference(a))
    });
    let mut text =
        String::from("# Instructions per event, by function, the largest difference first.\n");
    text += "#      ours    by hand  difference  function\n";
    let mut line = |ours: f64, plain: f64, name: &str| {
        let _ = writeln!(text, "{ours:11.1}{plain:11.1}{:12.1}  {name}", ours - plain);
    };
    line(ours.instructions, plain.instructions, "everything");
    for name in names {
        let (ours, plain) = (of(ours, name), of(plain, name));
        if (ours - plain).abs() >= 1.0 || ours >= 10.0 {
            line(ours, plain, name);
        }
    }
    text
}
