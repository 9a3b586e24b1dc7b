//! Ids of elements, which deep links name. Names of a domain and `service/`, `stream/` cannot meet, nor can a page's own
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
    index.contracts.type_name(&index.contracts[id])
}

pub(super) fn service(index: &Index<'_>, id: ServiceId) -> String {
    format!("service/{}", index.contracts[id].name.value)
}

pub(super) fn stream(index: &Index<'_>, id: StreamId) -> String {
    format!("stream/{}", index.contracts[id].name.value)
}
