//! What `#[derive(Event)]` takes, and what it says about everything else: one message per mistake, on the right token.
//! `TRYBUILD=overwrite` rewrites the expected messages.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
