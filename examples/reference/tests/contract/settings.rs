//! What keeps the app from starting.

use std::time::Duration;

use velox_tests::Program;

/// What the app wrote when it did not start.
fn refused(environment: &[(&str, &str)]) -> String {
    let program = Program::run(env!("CARGO_BIN_EXE_reference"), environment);
    let (status, output) = program.ended(Duration::from_secs(12));
    assert!(status.code().is_some_and(|code| code > 0), "{status:?}: {output}");
    assert!(!output.contains("panicked"), "{output}");
    output
}

#[test]
fn a_variable_that_is_set_and_empty_is_named() {
    for name in ["PORT", "HOST", "SESSION_SECRET", "SESSION_STORE"] {
        let output = refused(&[(name, "")]);
        assert!(output.contains(&format!("{name} is set, but empty")), "{output}");
    }
    let output = refused(&[("SESSION_STORE", "redis"), ("REDIS_URL", "")]);
    assert!(output.contains("REDIS_URL is set, but empty"), "{output}");
}

#[test]
fn a_variable_that_makes_no_sense_is_named() {
    for (name, text) in [("PORT", "x"), ("PORT", "70000"), ("SESSION_SECRET", "hunter2"), ("SESSION_STORE", "disk")] {
        let output = refused(&[(name, text)]);
        assert!(output.contains(name) && !output.contains("hunter2"), "{output}");
    }
    let output = refused(&[("SESSION_STORE", "redis"), ("REDIS_URL", "http://:hunter2@localhost")]);
    assert!(output.contains("REDIS_URL") && !output.contains("hunter2"), "{output}");
}
