//! A server with a mutation that takes as long as a test wants: it waits for SIGUSR1, then writes
//! the file that the variable `FILE` names. With the variable `DELAY`, it serves for a minute after
//! SIGTERM.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "the tests read what it prints")]

use std::error::Error;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use velox_rpc::{App, Router, Server, procedure};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::var("FILE")?;
    let write = procedure().mutation(move |_| {
        let file = file.clone();
        async move {
            let mut go = signal(SignalKind::user_defined1())?;
            println!("the mutation has begun");
            go.recv().await;
            Ok(std::fs::write(file, "written")?)
        }
    });
    let app = App::new(()).router(Router::new("notes").procedure("write", write)).health("/health");
    let delay = std::env::var_os("DELAY").map_or(Duration::ZERO, |_| Duration::from_secs(60));
    let bound = Server::new(app.into_service()?).shutdown_delay(delay).bind("127.0.0.1:0").await?;
    println!("listening on http://{}", bound.local_addr());
    let shutdown = bound.run().await?;
    println!("{shutdown:?}");
    Ok(())
}
