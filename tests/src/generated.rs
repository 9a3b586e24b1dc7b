//! The expected files of codegen's golden tests, as a library would have them: whatever warns there is an error here.
#![deny(warnings, missing_docs, unused_qualifications)]

macro_rules! golden {
    ($($name:ident = $case:literal),* $(,)?) => {$(
        #[doc = concat!("Generated from the golden case `", $case, "`.")]
        pub mod $name {
            pub use event_runtime;
            include!(concat!("../../codegen/tests/golden/", $case, "/expected.rs"));
        }
    )*};
}

golden! {
    all_constraints = "constraints",
    all_defaults = "defaults",
    all_envelopes = "envelope",
    all_names = "names",
    all_recursion = "recursion",
    all_services = "services",
    all_types = "types",
    deprecated = "deprecated",
    only_foobar = "only_foobar",
    all_signs = "signs",
    supersedes = "supersedes",
}
