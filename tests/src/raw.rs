//! A connection on which a test sends bytes and reads replies of HTTP/1.1.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A connection for raw bytes. Every wait ends, in a panic that says what did not come.
#[derive(Debug)]
pub struct Raw(TcpStream);

impl Raw {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.expect("the server listens"))
    }

    /// The address of this end.
    pub fn local_addr(&self) -> SocketAddr {
        self.0.local_addr().expect("connected")
    }

    /// Sends; a server that has closed by then has said why before.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = timeout(HANG, self.0.write_all(bytes.as_ref())).await.expect("the server reads");
    }

    /// The head of a reply.
    pub async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(HANG, self.0.read_u8()).await.expect("a reply comes").expect("a whole head"));
        }
        String::from_utf8(head).expect("text")
    }

    /// One reply whose body has a length: its head, and its body.
    pub async fn reply(&mut self) -> (String, String) {
        let head = self.head().await;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a length"))];
        timeout(HANG, self.0.read_exact(&mut body)).await.expect("the body comes").expect("a whole body");
        (head, String::from_utf8(body).expect("text"))
    }

    /// What comes until this has come.
    pub async fn until(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(end.as_bytes()) {
            bytes.push(timeout(HANG, self.0.read_u8()).await.expect("it comes").expect("the server has not closed"));
        }
        String::from_utf8(bytes).expect("text")
    }

    /// What comes until the server closes.
    pub async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        // A reset is the end too.
        let _ = timeout(HANG, self.0.read_to_end(&mut bytes)).await.expect("the server closes");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// The statuses of all replies in a text.
pub fn statuses(text: &str) -> Vec<u16> {
    let heads = text.match_indices("HTTP/1.1 ").map(|(at, found)| &text[at + found.len()..]);
    heads.map(|rest| rest[..3].parse().expect("a status")).collect()
}

/// Reached only by a server that hangs.
const HANG: Duration = Duration::from_secs(30);
