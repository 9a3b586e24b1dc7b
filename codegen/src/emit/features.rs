//! What generated code needs of the runtime's features: said in words where the feature is off.

use super::uses::Uses;
use super::writer::{Writer, literal};
use crate::model::{Contracts, EventId, Field, Type, TypeId, TypeKind};

/// A macro of the runtime for each feature that is needed, with the first place that needs it.
pub(super) fn needs(w: &mut Writer, contracts: &Contracts, uses: &Uses) {
    if let Some(place) = decimal(contracts, uses) {
        w.line(format_args!(
            "event_runtime::needs_decimal!({});",
            literal(&place)
        ));
    }
}

/// The first decimal of what comes out.
fn decimal(contracts: &Contracts, uses: &Uses) -> Option<String> {
    let find = |owner: String, fields: &[Field]| {
        let field = fields.iter().find(|field| is_decimal(&field.ty))?;
        Some(format!("{owner}.{}", field.name.value))
    };
    let events = (0..contracts.events.len()).map(EventId);
    let mut events = events.filter(|id| uses.event(*id)).map(|id| &contracts[id]);
    let in_event = events.find_map(|e| find(contracts.event_name(e), e.body.fields()));
    in_event.or_else(|| {
        let types = (0..contracts.types.len()).map(TypeId);
        let mut types = types.filter(|id| uses.ty(*id)).map(|id| &contracts[id]);
        types.find_map(|def| match &def.body.kind {
            TypeKind::Struct(fields) => find(contracts.type_name(def), fields),
            TypeKind::Scalar { ty, .. } if is_decimal(ty) => Some(contracts.type_name(def)),
            _ => None,
        })
    })
}

fn is_decimal(ty: &Type) -> bool {
    match ty {
        Type::Decimal => true,
        Type::List(item) | Type::Map(item) => is_decimal(item),
        _ => false,
    }
}
