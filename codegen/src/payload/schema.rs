//! Values of imported schemas, by the schema that the import wrote: read and made.

pub(crate) mod judge;
pub(crate) mod keywords;
pub(crate) mod steer;

use self::keywords::Schema;
use super::fault::Fault;
use crate::json::Json;
use crate::model::Contracts;
use crate::source::Spanned;

/// Everything that an imported schema's type refuses in a payload, each at its place.
pub(crate) fn faults(contracts: &Contracts, schema: &Spanned<String>, json: &Json) -> Vec<Fault> {
    let Some(import) = contracts.import(schema) else {
        return Vec::new();
    };
    let schema = Schema { contracts, import };
    judge::faults(schema, schema.root(), json)
}

/// The smallest payload of an imported schema.
pub(crate) fn smallest(contracts: &Contracts, schema: &Spanned<String>) -> Option<Json> {
    let schema = Schema {
        contracts,
        import: contracts.import(schema)?,
    };
    steer::smallest(schema, schema.root(), 0)
}

/// A small payload that two imported schemas both take.
pub(crate) fn common(
    (writer, schema): (&Contracts, &Spanned<String>),
    (reader, theirs): (&Contracts, &Spanned<String>),
) -> Option<Json> {
    let ours = Schema {
        contracts: writer,
        import: writer.import(schema)?,
    };
    let theirs = Schema {
        contracts: reader,
        import: reader.import(theirs)?,
    };
    let both = steer::Pair {
        writer: (ours, ours.root()),
        reader: Some((theirs, theirs.root())),
    };
    both.beside(0)
}
