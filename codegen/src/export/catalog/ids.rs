//! Ids of elements, which deep links name. Names of a domain and `schema/`, `service/`, `stream/` cannot meet, nor can a page's own
//! ids, which have a hyphen.

use super::index::Index;
use crate::model::{DomainId, EventId, ServiceId, StreamId, TypeId};

pub(super) fn domain(index: &Index<'_>, id: DomainId) -> String {
    index.contracts[id].name.clone()
}

pub(super) fn event(index: &Index<'_>, id: EventId) -> String {
    index.contracts.event_name(&index.contracts[id])
}

pub(super) fn ty(index: &Index<'_>, id: TypeId) -> String {
    let ty = &index.contracts[index.page(id)];
    match &ty.body.origin {
        Some(origin) => format!("schema/{}/{}", origin.module.join("/"), ty.name.value),
        None => index.contracts.type_name(ty),
    }
}

pub(super) fn service(index: &Index<'_>, id: ServiceId) -> String {
    format!("service/{}", index.contracts[id].name.value)
}

pub(super) fn stream(index: &Index<'_>, id: StreamId) -> String {
    format!("stream/{}", index.contracts[id].name.value)
}
