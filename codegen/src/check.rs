//! Judges a model.
