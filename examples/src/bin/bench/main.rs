//! A small server for measurements. It has the same routes as the servers that it is compared with,
//! and does no more work than they require.
//!
//! Run it with `cargo run --release --bin bench`. `settings.rs` lists its environment variables.
//! `tests/measure/instructions` measures it.

#![forbid(unsafe_code)]

mod app;
mod auth;
mod counter;
mod extra;
mod flash;
mod plain;
mod settings;
mod users;

use crate::settings::Settings;

#[tokio::main]
async fn main() -> velox_rpc::Result<()> {
    let settings = Settings::read()?;
    app::app(&settings)?.serve(("127.0.0.1", settings.port)).await?;
    Ok(())
}
