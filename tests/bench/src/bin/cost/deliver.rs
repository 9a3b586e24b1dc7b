//! Deliveries: ours against a loop over `messages()`.

use crate::callgrind::Mode;

/// What is measured here.
pub const MODES: &[Mode] = &[];
