//! A connection for tests that send raw bytes and read HTTP/1.1 replies.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A connection for raw bytes. Every wait has a timeout, and its panic names what is missing.
#[derive(Debug)]
pub struct Raw(TcpStream);

impl Raw {
    /// Connects to a server.
    pub async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.expect("the server listens"))
    }

    /// Returns the address of this end.
    pub fn local_addr(&self) -> SocketAddr {
        self.0.local_addr().expect("connected")
    }

    /// Sends bytes. Ignores errors, because a server that closes early has already answered.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = timeout(HANG, self.0.write_all(bytes.as_ref())).await.expect("the server reads");
    }

    /// Reads the head of a reply.
    pub async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(HANG, self.0.read_u8()).await.expect("a reply comes").expect("a whole head"));
        }
        String::from_utf8(head).expect("text")
    }

    /// Reads a reply that has a `Content-Length`, and returns its head and its body.
    pub async fn reply(&mut self) -> (String, String) {
        let head = self.head().await;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a length"))];
        timeout(HANG, self.0.read_exact(&mut body)).await.expect("the body comes").expect("a whole body");
        (head, String::from_utf8(body).expect("text"))
    }

    /// Reads until `end` has come, and returns what came.
    pub async fn until(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(end.as_bytes()) {
            bytes.push(timeout(HANG, self.0.read_u8()).await.expect("it comes").expect("the server has not closed"));
        }
        String::from_utf8(bytes).expect("text")
    }

    /// Reads until the server closes, and returns what came.
    pub async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        // A connection reset counts as the end.
        let _ = timeout(HANG, self.0.read_to_end(&mut bytes)).await.expect("the server closes");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Returns the statuses of all replies in a text.
pub fn statuses(text: &str) -> Vec<u16> {
    let heads = text.match_indices("HTTP/1.1 ").map(|(at, found)| &text[at + found.len()..]);
    heads.map(|rest| rest[..3].parse().expect("a status")).collect()
}

/// The time after which a test fails instead of hanging.
const HANG: Duration = Duration::from_secs(30);
