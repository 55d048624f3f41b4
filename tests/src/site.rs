//! A server on a free port of this machine.

use std::net::SocketAddr;

use tokio::sync::oneshot;
use velox_rpc::{App, Server};

use crate::Raw;

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Site {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Site {
    /// Starts a server.
    pub async fn start(server: Server) -> Self {
        let bound = server.bind("127.0.0.1:0").await.expect("a free port");
        let address = bound.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(bound.run_until(async {
            let _ = stopped.await;
        }));
        Self { address, _stop: stop }
    }

    /// Starts a server for an application, with the default limits.
    pub async fn of<S: Send + Sync + 'static>(app: App<S>) -> Self {
        Self::start(Server::new(app.into_service().expect("good routes"))).await
    }

    /// Returns the address of the server.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL of a path, for other HTTP clients.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Opens a connection for raw bytes.
    pub async fn connect(&self) -> Raw {
        Raw::connect(self.address).await
    }

    /// Sends bytes on a new connection, and returns the head and the body of the first reply.
    pub async fn reply(&self, bytes: impl AsRef<[u8]>) -> (String, String) {
        let mut client = self.connect().await;
        client.send(bytes).await;
        client.reply().await
    }
}
