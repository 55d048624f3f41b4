//! Tests the generated OpenAPI document and TypeScript types. Compares them with a snapshot, with
//! the router, and with real requests and replies.

mod app;
mod openapi;
mod page;
mod rest_client;
mod shop;
mod typescript;

use std::path::{Path, PathBuf};

/// Writes a file for one test to the target folder.
fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("the target folder can be written to");
    path
}
