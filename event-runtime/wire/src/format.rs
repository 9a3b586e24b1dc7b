//! The format that generated code and the derive are written in, checked when they are compiled.
//!
//! A number that is not this crate's is one error that says which crates to bring to one version, and not hundreds about names
//! that are not there.

/// Marks a type as an event of the derive: the only code that names this trait is generated.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not derive `Event`",
    note = "`Event` cannot be implemented by hand: use `#[derive(Event)]`"
)]
pub trait Derived {}

/// Checks the format of a file of generated code.
#[doc(hidden)]
#[macro_export]
macro_rules! generated_format {
    (1) => {};
    ($other:tt) => {
        ::core::compile_error!(::core::concat!(
            "this code was generated in format ",
            $other,
            ", and this version of event-runtime reads format 1: use the same version of `event-codegen` (under \
             [build-dependencies]) and of `event-runtime`"
        ));
    };
}

/// Adds the functions of an event that need a connection. An event as data has none.
#[doc(hidden)]
#[macro_export]
macro_rules! __event_functions {
    (1 $($functions:tt)*) => {};
    ($other:tt $($functions:tt)*) => {
        $crate::generated_format!($other);
    };
}
