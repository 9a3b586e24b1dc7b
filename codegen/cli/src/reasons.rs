//! Reasons of dead letters.

use event_runtime::dead_letter::Cause;

/// Reasons that services of this version give.
pub(crate) const REASONS: [Cause; 8] = [
    Cause::Undecodable,
    Cause::Invalid,
    Cause::Contradiction,
    Cause::Unknown,
    Cause::Attempts,
    Cause::Panic,
    Cause::Dead,
    Cause::NoOutcome,
];
