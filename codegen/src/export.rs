//! Writes documents.
