//! Runs the reference app with `cargo run --bin reference`, on the port in `PORT`.

#![forbid(unsafe_code)]

use velox_reference::{Settings, app};

#[tokio::main]
async fn main() -> velox_rpc::Result<()> {
    tracing_subscriber::fmt().init();
    let settings = Settings::from_env()?;

    app(&settings)?.serve(settings.address()).await?;
    Ok(())
}
