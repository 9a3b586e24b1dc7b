//! Places of a report: lines and columns, paths, and the words for severities.

use std::ops::Range;
use std::path::Path;

use crate::diagnostic::{Diagnostics, Severity, visible};
use crate::source::{FileId, Position, Sources, Span};

/// Places of sources: finds lines without going through a file once per diagnostic.
pub(crate) struct Places<'a> {
    files: Vec<File<'a>>,
}

struct File<'a> {
    /// The path as it is, for programs.
    path: String,
    /// The path as a terminal may have it: control characters are pictures.
    shown: String,
    text: &'a str,
    /// Start of each line.
    lines: Vec<usize>,
}

/// A span in lines and columns, both from 1; the end is exclusive.
pub(crate) struct Region {
    pub start: Position,
    pub end: Position,
}

impl<'a> Places<'a> {
    pub fn new(sources: &'a Sources) -> Self {
        let files = sources
            .iter()
            .map(|(_, file)| {
                let starts = file.text.match_indices('\n').map(|(at, _)| at + 1);
                let path = portable(&file.path);
                File {
                    shown: path.chars().map(visible).collect(),
                    path,
                    text: file.text.as_str(),
                    lines: std::iter::once(0).chain(starts).collect(),
                }
            })
            .collect();
        Self { files }
    }

    /// The path to show, the text, and where its lines start.
    pub fn file(&self, id: FileId) -> (&str, &'a str, &[usize]) {
        self.files
            .get(id.0 as usize)
            .map_or(("", "", &[0]), |file| (&file.shown, file.text, &file.lines))
    }

    /// The path to show.
    pub fn path(&self, id: FileId) -> &str {
        self.file(id).0
    }

    /// The path as it is, for programs that open the file; never for a terminal.
    pub fn exact_path(&self, id: FileId) -> &str {
        self.files
            .get(id.0 as usize)
            .map_or("", |file| file.path.as_str())
    }

    /// The bytes of some lines, which count from 1.
    pub fn bytes(&self, id: FileId, lines: &Range<usize>) -> Range<usize> {
        let (_, text, starts) = self.file(id);
        let start_of = |line: usize| starts.get(line - 1).copied().unwrap_or(text.len());
        start_of(lines.start)..start_of(lines.end)
    }

    pub fn region(&self, span: Span) -> Region {
        let range = span.range();
        Region {
            start: self.position(span.file, range.start),
            end: self.position(span.file, range.end.max(range.start)),
        }
    }

    pub fn position(&self, file: FileId, offset: usize) -> Position {
        let (_, text, lines) = self.file(file);
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = lines.partition_point(|start| *start <= offset).max(1);
        let start = lines.get(line - 1).copied().unwrap_or(0);
        Position {
            line,
            column: text[start..offset].chars().count() + 1,
        }
    }
}

/// A path with `/` between its parts, on every system the same.
fn portable(path: &Path) -> String {
    let text = path.display().to_string();
    if std::path::MAIN_SEPARATOR == '/' {
        text
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/")
    }
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// Counts the files that diagnostics are about.
pub(super) fn files_with_findings(diagnostics: &Diagnostics) -> usize {
    let mut files: Vec<FileId> = diagnostics
        .iter()
        .map(|diagnostic| diagnostic.span.file)
        .collect();
    files.sort_unstable();
    files.dedup();
    files.len()
}
