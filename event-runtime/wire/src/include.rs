//! Includes generated code: `include_contracts!`, and the checks that it expands first.

/// Includes the module `contracts` that the build script has generated.
///
/// The build script is `build.rs` beside `Cargo.toml`; `event-codegen` is its dependency:
///
/// ```toml
/// [build-dependencies]
/// event-codegen = "0.1"
/// ```
///
/// ```no_run
/// # mod event_codegen { pub struct Codegen; impl Codegen {
/// #     pub fn new(_: &str) -> Self { Self } pub fn service(self, _: &str) -> Self { self } pub fn run(self) {}
/// # } }
/// fn main() {
///     event_codegen::Codegen::new("contracts").service("foobar").run();
/// }
/// ```
#[macro_export]
macro_rules! include_contracts {
    () => {
        $crate::__include_contracts!($crate);
    };
}

/// Includes the module `contracts`, with the crate that its paths begin with.
#[doc(hidden)]
#[macro_export]
macro_rules! __include_contracts {
    ($($runtime:tt)+) => {
        /// The event contracts of this service.
        #[allow(
            deprecated,
            dead_code,
            unused_imports,
            clippy::all,
            clippy::pedantic,
            rustdoc::all
        )]
        pub mod contracts {
            #[doc(hidden)]
            pub use $($runtime)+ as event_runtime;
            ::core::include!(::core::env!(
                "EVENT_CONTRACTS_RS",
                "`include_contracts!` has nothing to include: no build script has generated code from contracts.\n\
                 Put a `build.rs` beside Cargo.toml:\n\n    \
                 fn main() {\n        \
                 event_codegen::Codegen::new(\"contracts\").service(\"<name of the service>\").run();\n    \
                 }\n\n\
                 and `event-codegen` under [build-dependencies]. A build.rs that is there already must call `run()` without `out_file`."
            ));
        }
    };
}

/// Checks that the feature `decimal` is on.
#[cfg(feature = "decimal")]
#[doc(hidden)]
#[macro_export]
macro_rules! needs_decimal {
    ($place:literal) => {};
}

/// Fails the build of code with decimals: the feature `decimal` is off.
#[cfg(not(feature = "decimal"))]
#[doc(hidden)]
#[macro_export]
macro_rules! needs_decimal {
    ($place:literal) => {
        ::core::compile_error!(::core::concat!(
            "the contracts use `decimal` (",
            $place,
            "), for which event-runtime has a feature that is off: write\n\n    ",
            "event-runtime = { version = \"",
            "0.1",
            "\", features = [\"decimal\"] }\n\n",
            "under [dependencies], or give the field another type"
        ));
    };
}
