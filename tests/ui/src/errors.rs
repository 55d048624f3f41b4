//! Tests what the compiler reports for each mistake: `<mistake>.rs` and the recorded output beside
//! it.
//!
//! After a change, `TRYBUILD=overwrite cargo test -p velox-ui` records the output again. Read what
//! it records: it must tell users in their own words what to do.

#[test]
fn every_mistake_gets_the_recorded_error() {
    trybuild::TestCases::new().compile_fail("*.rs");
}
