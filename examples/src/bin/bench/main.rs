//! A small server that is measured: the same routes as the servers that it is compared with, and no more work than they ask for.
//!
//! `cargo run --release --bin bench`; the variables that set it up are in `settings.rs`. Measured by `tests/measure/instructions`.

#![forbid(unsafe_code)]

mod app;
mod auth;
mod counter;
mod extra;
mod flash;
mod plain;
mod settings;
mod users;

use std::error::Error;

use crate::settings::Settings;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::read()?;
    app::app(&settings)?.serve(("127.0.0.1", settings.port)).await?;
    Ok(())
}
