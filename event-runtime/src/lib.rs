//! The runtime of typed event contracts.
