//! Modules: one per segment of the domains' names, each with its types, events and subjects.

use super::scope::Scope;
use super::uses::Uses;
use super::writer::Writer;
use super::{choices, enums, reexports, required, scalars, structs, subjects, unions};
use crate::model::{Contracts, DomainId, TypeId, TypeKind};
use crate::name;

/// Module with the modules below it.
struct ModuleTree {
    segment: String,
    path: String,
    domain: Option<DomainId>,
    children: Vec<ModuleTree>,
}

/// Writes every domain that has items.
pub(super) fn domains(w: &mut Writer, contracts: &Contracts, uses: &Uses) {
    let mut roots = Vec::new();
    for (at, domain) in contracts.domains.iter().enumerate() {
        let segments: Vec<&str> = domain.name.split('.').collect();
        insert(&mut roots, &segments, "", DomainId(at));
    }
    for node in &roots {
        let text = write(node, contracts, uses, w.depth());
        if !text.is_empty() {
            w.blank();
            w.text(&text);
        }
    }
}

fn insert(nodes: &mut Vec<ModuleTree>, segments: &[&str], parent: &str, domain: DomainId) {
    let Some((first, rest)) = segments.split_first() else {
        return;
    };
    let path = if parent.is_empty() {
        (*first).to_owned()
    } else {
        format!("{parent}.{first}")
    };
    let at = match nodes.binary_search_by(|node| node.segment.as_str().cmp(first)) {
        Ok(at) => at,
        Err(at) => {
            nodes.insert(
                at,
                ModuleTree {
                    segment: (*first).to_owned(),
                    path: path.clone(),
                    domain: None,
                    children: Vec::new(),
                },
            );
            at
        }
    };
    if rest.is_empty() {
        nodes[at].domain = Some(domain);
    } else {
        insert(&mut nodes[at].children, rest, &path, domain);
    }
}

/// Returns a module's text; empty if it has no items.
fn write(node: &ModuleTree, contracts: &Contracts, uses: &Uses, depth: usize) -> String {
    let mut body = Writer::at(depth + 1);
    if let Some(domain) = node.domain {
        items(&mut body, &Scope::new(contracts, uses, domain));
    }
    for child in &node.children {
        let text = write(child, contracts, uses, depth + 1);
        if !text.is_empty() {
            body.blank();
            body.text(&text);
        }
    }
    let body = body.finish();
    if body.is_empty() {
        return body;
    }
    let mut w = Writer::at(depth);
    w.doc(&doc(node, contracts));
    w.open(format_args!(
        "pub mod {} {{",
        name::module_ident(&node.segment)
    ));
    if body.contains("event_runtime") {
        w.line("use super::event_runtime;");
        w.text(&body);
    } else {
        w.text(body.strip_prefix('\n').unwrap_or(&body));
    }
    w.close("}");
    w.finish()
}

fn doc(node: &ModuleTree, contracts: &Contracts) -> String {
    let Some(domain) = node.domain.map(|id| &contracts[id]) else {
        return format!("The domains below `{}`.", node.path);
    };
    let mut text = match &domain.doc {
        Some(doc) => doc.trim_end().to_owned(),
        None => format!("The domain `{}`.", domain.name),
    };
    if let Some(owner) = &domain.owner {
        text.push_str("\n\nOwner: ");
        text.push_str(owner);
    }
    text
}

/// Writes events first, as people read a contract, then types, each after an empty line.
pub(super) fn items(w: &mut Writer, scope: &Scope<'_>) {
    for id in scope.events() {
        w.blank();
        structs::event(w, scope, id);
    }
    for id in scope.types() {
        w.blank();
        one_type(w, scope, id);
    }
    reexports::beside(w, scope);
    required::module(w, scope);
    subjects::module(w, scope);
}

fn one_type(w: &mut Writer, scope: &Scope<'_>, id: TypeId) {
    if let Some(imported) = scope.contracts.renamed(&scope.contracts[id].body) {
        return reexports::ty(w, scope, id, imported);
    }
    match &scope.contracts[id].body.kind {
        TypeKind::Struct(fields) => structs::ty(w, scope, id, fields),
        TypeKind::Enum(def) => enums::ty(w, scope, id, def),
        TypeKind::Union(def) => unions::ty(w, scope, id, def),
        TypeKind::Scalar { ty, .. } => scalars::ty(w, scope, id, ty),
        TypeKind::Choice(def) => choices::ty(w, scope, id, def),
        TypeKind::Alias { ty, constraints } => scalars::alias(w, scope, id, ty, constraints),
        // Does not pass the rules; an alias keeps this function total.
        TypeKind::Invalid => {
            scalars::ty(w, scope, id, &crate::model::Type::Json);
        }
    }
}
