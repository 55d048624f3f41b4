//! What the compiler says to every mistake: `ui/<the mistake>.rs` and, beside it, the recorded answer.
//!
//! After a change, `TRYBUILD=overwrite cargo test -p velox-tests --test workspace ui` records again. Read what it records: it must say in the
//! user's words what to do.

#[test]
fn every_mistake_is_answered_as_recorded() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}
