//! A value against a type: read, made, written. The one room that asks it; knows one model at a time.
//!
//! [`demands`] is what a type asks of a value, names looked through; [`read`] judges a payload, with every fault at its place;
//! [`make`] makes one, and [`steer`] one for the eyes of another type; [`write`] brings it into the order and the names of the
//! contract. [`shape`] is what `diff` compares of two contracts.

#[cfg(feature = "compat")]
pub(crate) mod common;
pub(crate) mod demands;
pub(crate) mod fault;
#[cfg(feature = "compat")]
pub(crate) mod grow;
#[cfg(feature = "compat")]
pub(crate) mod make;
#[cfg(feature = "compat")]
pub(crate) mod make_text;
pub mod read;
pub(crate) mod scalar;
pub(crate) mod shape;
#[cfg(feature = "compat")]
pub(crate) mod steer;
pub(crate) mod text;
#[cfg(feature = "compat")]
pub(crate) mod write;
