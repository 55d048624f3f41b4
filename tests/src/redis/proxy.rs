//! A proxy for Redis that counts commands and injects faults.

use std::io;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, WriteHalf, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::frame::{Frames, name};

/// A proxy on a port of 127.0.0.1. Dropping it closes all its connections.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// A fault to inject. Commands that clients send when they connect are not counted. Only
/// [`Refuse`](Self::Refuse) and [`Silence`](Self::Silence) affect them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// No fault.
    None,
    /// The proxy closes existing connections, and new ones as soon as they are open.
    Refuse,
    /// The proxy takes commands and never answers them. A connection that had such a command stays
    /// silent.
    Silence,
    /// The proxy delays each reply.
    Delay(Duration),
    /// Redis executes commands, but the proxy closes the connection instead of sending the reply.
    LoseReply,
    /// Redis executes commands, but the proxy closes the connection in the middle of the reply.
    CutReply,
    /// Redis does not get the commands. The client gets bytes that are not the Redis protocol.
    Nonsense,
    /// Redis does not get the commands. The client gets this error, given without the minus sign.
    Error(&'static str),
}

#[derive(Debug)]
struct Shared {
    server: AtomicU16,
    fault: watch::Sender<Fault>,
    /// A fault for one command, after so many others.
    next: Mutex<Option<(usize, Fault)>>,
    connections: AtomicUsize,
    requests: AtomicUsize,
    round_trips: AtomicUsize,
}

impl Proxy {
    /// Starts a proxy for the Redis at this port.
    ///
    /// # Panics
    ///
    /// Panics if no port is free.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own_port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared {
            server: AtomicU16::new(port),
            fault: watch::Sender::new(Fault::None),
            next: Mutex::default(),
            connections: AtomicUsize::default(),
            requests: AtomicUsize::default(),
            round_trips: AtomicUsize::default(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { port: own_port, shared, task }
    }

    /// Returns its URL, for Redis clients.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Injects this fault from now on.
    pub fn set(&self, fault: Fault) {
        self.shared.fault.send_replace(fault);
    }

    /// Injects this fault into the next command only.
    pub fn set_once(&self, fault: Fault) {
        self.set_once_after(0, fault);
    }

    /// Lets `passing` commands pass and injects this fault into the one after them.
    pub fn set_once_after(&self, passing: usize, fault: Fault) {
        *self.shared.next() = Some((passing, fault));
    }

    /// Returns whether the fault for one command has still to be injected.
    pub fn is_waiting(&self) -> bool {
        self.shared.next().is_some()
    }

    /// Routes new connections to another Redis, as DNS does after a failover. Existing connections
    /// stay.
    pub fn lead_to(&self, port: u16) {
        self.shared.server.store(port, Ordering::SeqCst);
    }

    /// Returns the number of connections so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Returns the number of commands so far.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Returns how often a client waited for replies. Commands that were sent together count once.
    pub fn round_trips(&self) -> usize {
        self.shared.round_trips.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn next(&self) -> MutexGuard<'_, Option<(usize, Fault)>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let mut fault = shared.fault.subscribe();
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            tokio::select! {
                // The connection ends when its client or its server closes it.
                _ = Connection::serve(client, shared) => {}
                _ = fault.wait_for(|fault| *fault == Fault::Refuse) => {}
            }
        });
    }
}

/// A connection that handles one command after another.
struct Connection {
    shared: Arc<Shared>,
    from_client: Frames,
    to_client: WriteHalf<TcpStream>,
    from_server: Frames,
    to_server: WriteHalf<TcpStream>,
}

impl Connection {
    async fn serve(client: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
        let server = TcpStream::connect(("127.0.0.1", shared.server.load(Ordering::SeqCst))).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (from_client, to_client) = split(client);
        let (from_server, to_server) = split(server);
        let (from_client, from_server) = (Frames::new(from_client), Frames::new(from_server));
        Self { shared, from_client, to_client, from_server, to_server }.run().await
    }

    async fn run(&mut self) -> io::Result<()> {
        loop {
            let is_burst = self.from_client.is_empty();
            let command = tokio::select! {
                command = self.from_client.next() => command?,
                // The server sends nothing between two replies, so this means that it closed the
                // connection.
                _ = self.from_server.next() => return Ok(()),
            };
            let fault = self.fault(&command, is_burst);
            self.answer(&command, fault).await?;
        }
    }

    /// Counts a command and returns the fault for it.
    fn fault(&self, command: &[u8], is_burst: bool) -> Fault {
        let present = self.shared.fault.borrow().clone();
        if GREETING.contains(&name(command).as_str()) {
            return if present == Fault::Silence { present } else { Fault::None };
        }
        self.shared.requests.fetch_add(1, Ordering::SeqCst);
        if is_burst {
            self.shared.round_trips.fetch_add(1, Ordering::SeqCst);
        }
        let mut next = self.shared.next();
        match next.take() {
            None => present,
            Some((0, fault)) => fault,
            Some((passing, fault)) => {
                *next = Some((passing - 1, fault));
                present
            }
        }
    }

    async fn answer(&mut self, command: &[u8], fault: Fault) -> io::Result<()> {
        match fault {
            Fault::None => {
                let reply = self.ask(command).await?;
                self.to_client.write_all(&reply).await
            }
            Fault::Delay(time) => {
                let reply = self.ask(command).await?;
                tokio::time::sleep(time).await;
                self.to_client.write_all(&reply).await
            }
            Fault::Silence => loop {
                self.from_client.next().await?;
            },
            Fault::Refuse => Err(closed()),
            Fault::LoseReply => {
                self.ask(command).await?;
                Err(closed())
            }
            Fault::CutReply => {
                let reply = self.ask(command).await?;
                self.to_client.write_all(&reply[..reply.len() / 2]).await?;
                Err(closed())
            }
            Fault::Nonsense => self.to_client.write_all(b"HTTP/1.1 200 OK\r\n\r\n\0").await,
            Fault::Error(text) => self.to_client.write_all(format!("-{text}\r\n").as_bytes()).await,
        }
    }

    async fn ask(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        self.to_server.write_all(command).await?;
        self.from_server.next().await
    }
}

fn closed() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}

const GREETING: [&str; 4] = ["AUTH", "CLIENT", "HELLO", "SELECT"];
