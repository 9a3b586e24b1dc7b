//! A value against a type: read, made, written. The one room that asks it; knows one model at a time.
//!
//! [`shape`] is what a place may hold, names looked through; [`read`] judges a payload, with every fault at its place;
//! [`make`] makes one; [`write`] brings it into the order and the names of the contract. [`schema`] reads and makes values of
//! imported types, and says what any type demands in the words of JSON Schema, for `diff` between the two.

pub(crate) mod common;
pub(crate) mod fault;
pub(crate) mod make;
pub(crate) mod make_text;
pub mod read;
pub(crate) mod scalar;
pub(crate) mod schema;
pub(crate) mod shape;
pub(crate) mod text;
pub(crate) mod write;
