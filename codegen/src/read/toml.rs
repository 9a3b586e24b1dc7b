//! The TOML front end: a folder of contract files becomes a model, and every problem of reading becomes a diagnostic.
//!
//! Two passes. The first parses every file and collects the names that are declared; the second reads the tables and
//! resolves names while it goes. Never judges a contract, and never fails: what cannot be read is reported and poisoned.

mod document;
mod event;
mod expr;
mod field;
mod folder;
mod get;
mod names;
mod recover;
mod scalar;
mod schema;
mod service;
mod stream;
mod table;
mod types;
mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ::toml::de::DeTable;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Accepted, Contracts, Domain, DomainId};
use crate::name;
#[cfg(feature = "import")]
use crate::read::json_schema::Files;
use crate::read::keys;
use crate::source::{FileId, Sources, Span};
use document::Document;
use folder::Content;
use names::NameTable;
use table::{Pending, TableReader};

pub use scalar::duration;

/// Reads every `*.toml` below a folder, except hidden files and folders.
///
/// Problems go to `diagnostics`; whatever could be read is in the result. Which is the same on every run and machine.
pub fn read_folder(dir: &Path, diagnostics: &mut Diagnostics) -> Contracts {
    match folder::walk(dir) {
        Ok(files) => read(dir, files, None, diagnostics),
        Err(reason) => no_contracts(dir, &reason, diagnostics),
    }
}

/// Reads contract files that are in memory. Paths are below the contracts folder, which `root` names in reports.
///
/// Files that [`read_folder`] would not look at (hidden ones, other endings) are left out, but that a `json_schema` may
/// name any of them: nothing is read from a disk.
pub fn read_texts(
    root: &Path,
    files: impl IntoIterator<Item = (PathBuf, String)>,
    diagnostics: &mut Diagnostics,
) -> Contracts {
    let (files, others): (Vec<_>, Vec<_>) = files
        .into_iter()
        .partition(|(path, _)| folder::is_contract(path));
    let others = others.into_iter().collect();
    let files = files
        .into_iter()
        .map(|(path, text)| (path, Content::Text(text)))
        .collect();
    read(root, files, Some(&others), diagnostics)
}

/// One file on its way in.
struct Input {
    /// The dotted name of the domain.
    domain: String,
    file: FileId,
    readable: bool,
}

/// `others` are the files beside the contracts when those are in memory; without it they are below `root`.
fn read(
    root: &Path,
    files: Vec<(PathBuf, Content)>,
    others: Option<&BTreeMap<PathBuf, String>>,
    diagnostics: &mut Diagnostics,
) -> Contracts {
    if files.is_empty() {
        return no_contracts(root, "it has no .toml file", diagnostics);
    }
    let mut sources = Sources::default();
    let inputs = add_files(root, files, &mut sources, diagnostics);
    let mut contracts = Contracts {
        domains: inputs.iter().map(Input::domain).collect(),
        ..Contracts::default()
    };
    let pending = read_documents(&sources, &inputs, &mut contracts, diagnostics);
    #[cfg(feature = "import")]
    schema::import(
        &others.map_or(Files::Folder(root), |texts| Files::Texts { root, texts }),
        &pending,
        &mut contracts,
        &mut sources,
        diagnostics,
    );
    #[cfg(not(feature = "import"))]
    let _ = (pending, others);
    contracts.sources = sources;
    contracts
}

impl Input {
    fn domain(&self) -> Domain {
        Domain {
            name: self.domain.clone(),
            file: self.file,
            doc: None,
            owner: None,
        }
    }
}

/// Sorts the files by domain and puts them into the table of sources.
fn add_files(
    root: &Path,
    files: Vec<(PathBuf, Content)>,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Vec<Input> {
    let mut files: Vec<(String, PathBuf, Content)> = files
        .into_iter()
        .map(|(path, content)| (folder::domain_name(&path), path, content))
        .collect();
    files.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    let mut inputs: Vec<Input> = Vec::new();
    for (domain, path, content) in files {
        let (text, problem) = match content {
            Content::Text(text) => (folder::without_mark(text), None),
            Content::Unreadable { text, at, reason } => (text, Some((at, reason))),
        };
        let file = sources.add(root.join(&path), text);
        let start = Span::new(file, 0..0);
        let mut readable = problem.is_none();
        if let Some((at, reason)) = problem {
            diagnostics.push(Diagnostic::new(
                Code::UnreadableFile,
                Span::new(file, at),
                reason,
            ));
        }
        if !domain.split('.').all(name::is_field_name) {
            diagnostics.push(
                Diagnostic::new(Code::BadName, start, format!("\"{domain}\" cannot be the name of a domain"))
                    .help("rename the file: lower-case letters, digits and _, beginning with a letter; folders become dots"),
            );
        }
        if inputs.last().is_some_and(|last| last.domain == domain) {
            readable = false;
            diagnostics.push(Diagnostic::new(
                Code::DuplicateName,
                start,
                format!("a second file for the domain {domain}"),
            ));
        }
        inputs.push(Input {
            domain,
            file,
            readable,
        });
    }
    inputs
}

fn read_documents(
    sources: &Sources,
    inputs: &[Input],
    contracts: &mut Contracts,
    diagnostics: &mut Diagnostics,
) -> Vec<Pending> {
    let mut parsed: Vec<recover::Parsed<'_>> = Vec::new();
    for input in inputs {
        let text = match sources.get(input.file) {
            Some(file) if input.readable => file.text.as_str(),
            _ => "",
        };
        parsed.push(recover::parse(text));
    }
    let mut documents = Vec::new();
    for (at, (input, parsed)) in inputs.iter().zip(&mut parsed).enumerate() {
        for error in &parsed.errors {
            diagnostics.push(error.diagnostic(input.file));
        }
        documents.push(Document {
            domain: DomainId(at),
            name: &input.domain,
            file: input.file,
            text: sources.get(input.file).map_or("", |file| &file.text),
            table: recover::take(&mut parsed.table, parsed.repaired.as_deref()),
            lost: &parsed.lost,
        });
    }
    let mut names = NameTable::default();
    for (document, input) in documents.iter().zip(inputs) {
        names.declare(document, input.readable, diagnostics);
    }
    let mut pending = Vec::new();
    for document in &documents {
        let mut reader = TableReader::new(&names, document, diagnostics);
        reader.file(contracts);
        pending.append(&mut reader.pending);
    }
    pending
}

impl<'a> TableReader<'a> {
    /// Reads a whole file. What the names pass numbered is pushed in the same order, readable or not.
    fn file(&mut self, contracts: &mut Contracts) {
        let top = self.table(
            &keys::FILE,
            Span::new(self.document.file, 0..0),
            &self.document.table,
        );
        let domain = self.document.domain;
        let doc = self.plain(&top, "doc");
        let owner = self.plain(&top, "owner");
        if let Some(domain) = contracts.domains.get_mut(domain.0) {
            (domain.doc, domain.owner) = (doc, owner);
        }
        for entry in self.children(&top, "events") {
            let event = self.event(&entry);
            contracts.events.push(event);
        }
        for entry in self.children(&top, "types") {
            let ty = self.type_def(&entry);
            contracts.types.push(ty);
        }
        for entry in self.children(&top, "streams") {
            let stream = self.stream(&entry);
            if self.names.declares_stream(&stream.name) {
                contracts.streams.push(stream);
            }
        }
        for entry in self.children(&top, "services") {
            let service = self.service(&entry);
            // One that is no table has nothing that could be judged.
            if entry.value.is_table() && self.names.declares_service(&service.name) {
                contracts.services.push(service);
            }
        }
        for (table, span) in self.tables(&top, "accepted") {
            if let Some(accepted) = self.accepted(table, span) {
                contracts.accepted.push(accepted);
            }
        }
    }

    fn accepted(&mut self, table: &'a DeTable<'a>, span: Span) -> Option<Accepted> {
        let table = self.table(&keys::ACCEPTED, span, table);
        let rule = self.text(&table, "rule");
        let path = self.text(&table, "path");
        let reason = self.text(&table, "reason");
        let until = self.date(&table, "until");
        Some(Accepted {
            rule: rule?,
            path: path?,
            reason: reason?,
            until: until?,
        })
    }
}

fn no_contracts(root: &Path, reason: &str, diagnostics: &mut Diagnostics) -> Contracts {
    let mut contracts = Contracts::default();
    let folder = contracts.sources.add(root, "");
    diagnostics.push(
        Diagnostic::new(
            Code::NoContracts,
            Span::new(folder, 0..0),
            format!("there are no contracts in {}: {reason}", root.display()),
        )
        .help("`event-contracts new` starts a contracts folder; --contracts DIR names another one"),
    );
    contracts
}
