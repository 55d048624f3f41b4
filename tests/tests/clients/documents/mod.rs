//! Tests the generated OpenAPI document and TypeScript types. Compares them with a snapshot, with
//! the router, and with what is really sent.

mod app;
mod openapi;
mod page;
mod rest_client;
mod shop;
mod typescript;

use std::path::{Path, PathBuf};

/// A file of a test's own in the target folder.
fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("the target folder can be written to");
    path
}
