//! Writes docs/performance.md, its charts, and docs/performance/results.jsonl.
//!
//! `report` takes the lines of the last run from `.build/bench`; parts that were not measured again stay as results.jsonl has them.
//! `report --again` draws the page anew from results.jsonl alone.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use event_bench::page::Page;
use event_bench::record::{Line, Run, folder};
use event_runtime::Timestamp;
use serde::{Deserialize, Serialize};

/// A line of results.jsonl: the part it belongs to, and the line.
#[derive(Serialize, Deserialize)]
struct Kept {
    part: String,
    #[serde(flatten)]
    line: Line,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let again = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--again"] => true,
        _ => return Err("usage: report [--again]".into()),
    };
    let docs = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs"));
    let results = docs.join("performance/results.jsonl");
    let mut lines = if results.exists() {
        kept(&results)?
    } else {
        Vec::new()
    };
    if !again {
        let measured = measured(&folder())?;
        lines.retain(|(kept, _)| measured.iter().all(|(part, _)| part != kept));
        lines.extend(measured);
    }
    // The same order whatever was measured last, so that two runs can be compared line by line.
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    let notes = notes(&docs.join("performance"))?;
    let page = Page::of(&lines, &notes)?;
    write_all(&docs, &page, &lines)?;
    println!(
        "docs/performance.md: {} lines, {} charts",
        lines.len(),
        page.charts.len()
    );
    Ok(())
}

/// The lines of each part that was measured, and under what circumstances.
fn measured(folder: &Path) -> Result<Vec<(String, Line)>, Box<dyn Error>> {
    let mut lines = Vec::new();
    // Nothing was measured where there is no folder.
    let Ok(files) = fs::read_dir(folder) else {
        return Ok(lines);
    };
    for file in files {
        let path = file?.path();
        let (Some("jsonl"), Some(part)) = (
            path.extension().and_then(|extension| extension.to_str()),
            path.file_stem().and_then(|stem| stem.to_str()),
        ) else {
            continue;
        };
        let run = run(part, fs::metadata(&path)?.modified()?)?;
        lines.push((part.to_owned(), Line::Run(run)));
        for line in text(&path)?.lines() {
            let read = serde_json::from_str(line);
            let read = read.map_err(|error| format!("{}: {error}: {line}", path.display()))?;
            lines.push((part.to_owned(), read));
        }
    }
    Ok(lines)
}

fn kept(path: &Path) -> Result<Vec<(String, Line)>, Box<dyn Error>> {
    let mut lines = Vec::new();
    for line in text(path)?.lines() {
        let kept: Kept = serde_json::from_str(line)
            .map_err(|error| format!("{}: {error}: {line}", path.display()))?;
        lines.push((kept.part, kept.line));
    }
    Ok(lines)
}

fn text(path: &Path) -> Result<String, Box<dyn Error>> {
    Ok(fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// The machine's shape, and nothing by which it could be told from another one of that shape.
fn run(part: &str, when: SystemTime) -> Result<Run, Box<dyn Error>> {
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory
        .lines()
        .find_map(|line| {
            line.strip_prefix("MemTotal:")?
                .trim()
                .strip_suffix(" kB")?
                .parse::<f64>()
                .ok()
        })
        .ok_or(
            "the memory of this machine is not to be read from /proc/meminfo: measure on Linux",
        )?;
    Ok(Run {
        group: part.to_owned(),
        date: Timestamp::from(when).format("%Y-%m-%d").to_string(),
        cores: std::thread::available_parallelism()?.get(),
        memory_gib: (kib / f64::from(1 << 20)).round() as u64,
        system: format!("{}, {}", std::env::consts::OS, std::env::consts::ARCH),
    })
}

/// The parts that somebody has written a page about.
fn notes(folder: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut notes = Vec::new();
    if let Ok(files) = fs::read_dir(folder) {
        for file in files {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "md")
                && let Some(name) = path.file_stem()
            {
                notes.push(name.to_string_lossy().into_owned());
            }
        }
    }
    Ok(notes)
}

fn write_all(docs: &Path, page: &Page, lines: &[(String, Line)]) -> Result<(), Box<dyn Error>> {
    let folder = docs.join("performance");
    fs::create_dir_all(&folder)?;
    // A chart that is no longer drawn would stay for ever.
    for file in fs::read_dir(&folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "svg") {
            fs::remove_file(path)?;
        }
    }
    for (name, svg) in &page.charts {
        fs::write(folder.join(name), svg)?;
    }
    let mut text = String::new();
    for (part, line) in lines {
        let kept = Kept {
            part: part.clone(),
            line: line.clone(),
        };
        text.push_str(&serde_json::to_string(&kept)?);
        text.push('\n');
    }
    fs::write(folder.join("results.jsonl"), text)?;
    fs::write(docs.join("performance.md"), &page.markdown)?;
    Ok(())
}
