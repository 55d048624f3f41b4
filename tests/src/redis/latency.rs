//! Simulates a distant Redis: bytes arrive later, but do not wait for those sent before them.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

/// A proxy with latency on a port of 127.0.0.1. Dropping it closes all its connections.
#[derive(Debug)]
pub struct Latency {
    port: u16,
    task: JoinHandle<()>,
}

impl Latency {
    /// Starts a proxy for the Redis at this port. A command and its reply together take
    /// `round_trip` longer.
    ///
    /// # Panics
    ///
    /// Panics if no port is free.
    pub async fn before(port: u16, round_trip: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own_port = listener.local_addr().expect("it is bound").port();
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                client.set_nodelay(true).expect("a socket");
                server.set_nodelay(true).expect("a socket");
                let ((from_client, to_client), (from_server, to_server)) = (split(client), split(server));
                connections.spawn(carry(from_client, to_server, round_trip / 2));
                connections.spawn(carry(from_server, to_client, round_trip / 2));
            }
        });
        Self { port: own_port, task }
    }

    /// Returns its URL, for Redis clients.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Latency {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(mut from: impl AsyncRead + Unpin + Send + 'static, mut to: impl AsyncWrite + Unpin, delay: Duration) {
    let (on_the_way, mut arriving) = mpsc::unbounded_channel();
    let reading = tokio::spawn(async move {
        let mut bytes = vec![0; 65_536];
        while let Ok(read @ 1..) = from.read(&mut bytes).await {
            if on_the_way.send((Instant::now() + delay, bytes[..read].to_vec())).is_err() {
                break;
            }
        }
    });
    while let Some((at, bytes)) = arriving.recv().await {
        sleep_until(at).await;
        if to.write_all(&bytes).await.is_err() {
            break;
        }
    }
    to.shutdown().await.ok();
    reading.abort();
}
