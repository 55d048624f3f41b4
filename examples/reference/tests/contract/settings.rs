//! Settings with which the app does not start.

use std::time::Duration;

use serde_json::json;
use velox_tests::{Browser, Program};

use crate::sessions::cookie::signed;
use crate::world::{ALICE, Visit};

/// Returns what the app printed when it did not start.
fn refused(environment: &[(&str, &str)]) -> String {
    let program = Program::run(env!("CARGO_BIN_EXE_reference"), environment);
    let (status, output) = program.ended(Duration::from_secs(12));
    assert!(status.code().is_some_and(|code| code > 0), "{status:?}: {output}");
    assert!(!output.contains("panicked"), "{output}");
    output
}

#[test]
fn a_variable_that_is_set_and_empty_is_named() {
    for name in ["PORT", "HOST", "SESSION_SECRET", "SESSION_STORE", "DEBUG_ROUTES"] {
        let output = refused(&[(name, "")]);
        assert!(output.contains(&format!("{name} is set, but empty")), "{output}");
    }
    let output = refused(&[("SESSION_STORE", "redis"), ("REDIS_URL", "")]);
    assert!(output.contains("REDIS_URL is set, but empty"), "{output}");
}

#[test]
fn a_variable_that_makes_no_sense_is_named() {
    for (name, text) in [
        ("PORT", "x"),
        ("PORT", "70000"),
        ("SESSION_SECRET", "hunter2"),
        ("SESSION_STORE", "disk"),
        ("DEBUG_ROUTES", "yes"),
    ] {
        let output = refused(&[(name, text)]);
        assert!(output.contains(name) && !output.contains("hunter2"), "{output}");
    }
    let output = refused(&[("SESSION_STORE", "redis"), ("REDIS_URL", "http://:hunter2@localhost")]);
    assert!(output.contains("REDIS_URL") && !output.contains("hunter2"), "{output}");
}

#[tokio::test]
async fn unless_told_otherwise_the_secret_is_new_and_nobody_can_reset_the_data() {
    let program = Program::run(env!("CARGO_BIN_EXE_reference"), &[]);
    program.wait_for("SESSION_SECRET is not set");
    let mut browser = Browser::at(program.address());
    for reply in [browser.post("/api/debug/reset", json!({})).await, browser.get("/api/debug/sessions").await] {
        assert_eq!(reply.status, 404);
    }
    browser.login(&ALICE).await;
    let value = browser.value("session");
    let (id, _) = value.split_once('.').expect("an id and its signature");
    assert_ne!(value, signed(id), "it must not use the tests' public secret");
}
