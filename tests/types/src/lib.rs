//! The types of the example organisation, with event-wire as the only dependency.
#![deny(warnings, missing_docs)]

event_wire::include_contracts!();
