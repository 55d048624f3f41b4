//! Socket activation: systemd opens the socket and passes it to this program. The socket stays open
//! while the program restarts, so new clients wait a moment instead of being refused. Without
//! systemd, the program opens a socket itself, at `PORT`.
//!
//! ```ini
//! # /etc/systemd/system/mottos.socket
//! [Socket]
//! ListenStream=127.0.0.1:3000
//!
//! [Install]
//! WantedBy=sockets.target
//! ```
//!
//! ```ini
//! # /etc/systemd/system/mottos.service
//! [Service]
//! ExecStart=/usr/local/bin/mottos
//! DynamicUser=yes
//! LimitNOFILE=16384
//! Restart=on-failure
//! # More than the 10 seconds that the server waits for its last requests.
//! TimeoutStopSec=15
//! ```
//!
//! ```sh
//! systemctl enable --now mottos.socket
//! curl http://127.0.0.1:3000/api/mottos/getMotto
//! ```

#![forbid(unsafe_code)]

use std::io;

use listenfd::ListenFd;
use tokio::net::TcpListener;
use velox_examples::number;
use velox_rpc::server::Server;
use velox_rpc::{App, Result, Router, procedure};

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let listener = match ListenFd::from_env().take_tcp_listener(0)? {
        Some(listener) => {
            listener.set_nonblocking(true)?;
            TcpListener::from_std(listener)?
        }
        None => {
            let port = number("PORT")?.unwrap_or(3000);
            TcpListener::bind(("127.0.0.1", port)).await?
        }
    };
    tracing::info!("listening on http://{}", listener.local_addr()?);

    let mottos = Router::new("mottos").procedure("getMotto", procedure().query(|_| Ok("festina lente")));
    let service = App::new(()).router(mottos).into_service()?;
    Server::new(service).listen(listener).run().await?;
    Ok(())
}
