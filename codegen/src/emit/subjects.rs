//! `mod subjects`: one constant per event of a domain.

use super::scope::Scope;
use super::writer::{Writer, literal};
use crate::name;

/// The module; nothing when the domain has no event that comes out.
pub(super) fn module(w: &mut Writer, scope: &Scope<'_>) {
    let events: Vec<_> = scope.events().collect();
    if events.is_empty() {
        return;
    }
    w.blank();
    w.doc("The subjects of this domain, as a subscriber names them: `*` for each placeholder.");
    w.open("pub mod subjects {");
    for id in events {
        let event = &scope.contracts[id];
        let ident = name::type_ident(&event.name);
        w.doc(&format!("[`{ident}`](super::{ident})."));
        w.pair(
            &format!("pub const {}: &str =", name::constant_ident(&event.name)),
            &format!("{};", literal(&event.subject.pattern())),
        );
    }
    w.close("}");
}
