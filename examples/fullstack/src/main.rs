//! Runs the application at <http://localhost:3000>, or at the port in `PORT`: `cargo run --bin
//! fullstack`.

#![forbid(unsafe_code)]

use std::env;

use velox_example_fullstack::app::site;
use velox_rpc::{Result, Server};
use velox_session::Secret;

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();
    let port: u16 = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let secret = env::var_os("SESSION_SECRET").map(|secret| Secret::new(secret.into_encoded_bytes())).transpose()?;

    Server::new(site(secret)?).bind(("127.0.0.1", port)).await?.run().await?;
    Ok(())
}
