//! Front ends: each turns what people write into the one [model](crate::model). They resolve names and report what they
//! cannot read; whether what they read makes sense is [`crate::check`]'s business.

#[cfg(feature = "import")]
pub mod json_schema;
pub mod keys;
#[cfg(feature = "derive")]
pub mod rust;
#[cfg(feature = "toml")]
pub mod toml;

#[cfg(feature = "toml")]
pub use toml::{duration, read_folder, read_texts};
