//! The modules of schema files: the types of each are in one, which all share that refer to it.

use std::collections::BTreeMap;

use super::beside::root;
use super::module;
use super::scope::Scope;
use super::uses::Uses;
use super::writer::Writer;
use crate::model::{Contracts, Origin, TypeId};

/// A module of schemas and what is below it.
#[derive(Default)]
struct Node<'a> {
    file: Option<(&'a Origin, Vec<TypeId>)>,
    below: BTreeMap<&'a str, Node<'a>>,
}

/// The modules of all schema files whose types come out.
pub(super) fn modules(w: &mut Writer, contracts: &Contracts, uses: &Uses) {
    let mut tree = Node::default();
    let mut ids: Vec<TypeId> = (contracts.types.len()..)
        .take(contracts.imported.len())
        .map(TypeId)
        .filter(|id| uses.ty(*id))
        .collect();
    ids.sort_by(|a, b| contracts[*a].name.value.cmp(&contracts[*b].name.value));
    for id in ids {
        let Some(origin) = &contracts[id].body.origin else {
            continue;
        };
        // What has no module is an event, in its domain.
        if origin.module.is_empty() {
            continue;
        }
        let mut node = &mut tree;
        for segment in &origin.module {
            node = node.below.entry(segment).or_default();
        }
        let file = node.file.get_or_insert_with(|| (origin, Vec::new()));
        file.1.push(id);
    }
    if tree.below.is_empty() {
        return;
    }
    w.blank();
    w.doc("The types of the JSON Schemas that these contracts name, by file.");
    // Names that other teams have chosen are as long as they like.
    w.line("#[rustfmt::skip]");
    write(w, contracts, uses, &root(contracts), &tree);
}

fn write(w: &mut Writer, contracts: &Contracts, uses: &Uses, ident: &str, node: &Node<'_>) {
    w.open(format_args!("pub mod {ident} {{"));
    w.line("use super::event_runtime;");
    if let Some((origin, types)) = &node.file {
        let scope = Scope::schema(contracts, uses, &origin.module, types);
        module::items(w, &scope);
    }
    for (ident, below) in &node.below {
        w.blank();
        match &below.file {
            Some((origin, _)) => w.doc(&format!("Types of the JSON Schema `{}`.", origin.file)),
            None => w.doc(&format!("The JSON Schemas below `{ident}`.")),
        }
        write(w, contracts, uses, ident, below);
    }
    w.close("}");
}
