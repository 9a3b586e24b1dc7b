//! Values of imported types: read and made.

pub(crate) mod demands;
pub(crate) mod judge;
pub(crate) mod steer;

use self::demands::Place;
use super::fault::Fault;
use crate::json::Json;
use crate::model::Contracts;
use crate::source::Spanned;

/// Everything that an imported schema's type refuses in a payload, each at its place.
pub(crate) fn faults(contracts: &Contracts, schema: &Spanned<String>, json: &Json) -> Vec<Fault> {
    let place = Place::import(contracts, schema.span);
    place.map_or_else(Vec::new, |place| judge::faults(&place, json))
}

/// The smallest payload of an imported schema.
pub(crate) fn smallest(contracts: &Contracts, schema: &Spanned<String>) -> Option<Json> {
    steer::smallest(&Place::import(contracts, schema.span)?, 0)
}
