//! A proxy before a Redis that counts what passes, and breaks what a test wants broken.

use std::io;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, WriteHalf, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::frame::{Frames, name};

/// A proxy on a port of 127.0.0.1. It ends when it is dropped, with all its connections.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What goes wrong. What a client says when it connects is not counted, and passes but for [`Refuse`](Self::Refuse) and
/// [`Silence`](Self::Silence).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Connections are closed as soon as they are made, and those that there are.
    Refuse,
    /// Commands are taken and never answered. A connection on which that happened stays silent.
    Silence,
    /// Each reply comes later.
    Delay(Duration),
    /// Commands are carried out; the connection is closed in place of the reply.
    LoseReply,
    /// Commands are carried out; the connection is closed in the middle of the reply.
    CutReply,
    /// Commands are not carried out; what comes back is not Redis's protocol.
    Nonsense,
    /// Commands are not carried out; what comes back is this error, without the minus sign.
    Error(&'static str),
}

#[derive(Debug)]
struct Shared {
    server: AtomicU16,
    fault: watch::Sender<Fault>,
    /// For one command only, after so many others.
    next: Mutex<Option<(usize, Fault)>>,
    connections: AtomicUsize,
    requests: AtomicUsize,
    round_trips: AtomicUsize,
}

impl Proxy {
    /// Starts a proxy before the Redis at this port.
    ///
    /// # Panics
    ///
    /// When there is no free port.
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

    /// Its address, for clients of Redis.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Lets this go wrong from now on.
    pub fn set(&self, fault: Fault) {
        self.shared.fault.send_replace(fault);
    }

    /// Lets this go wrong with the next command.
    pub fn set_once(&self, fault: Fault) {
        self.set_once_after(0, fault);
    }

    /// Lets so many commands pass, and this go wrong with the one after them.
    pub fn set_once_after(&self, passing: usize, fault: Fault) {
        *self.shared.next() = Some((passing, fault));
    }

    /// Whether what was to go wrong once still has to.
    pub fn is_waiting(&self) -> bool {
        self.shared.next().is_some()
    }

    /// Leads new connections to another Redis, as a name does after a failover. Those that there are stay.
    pub fn lead_to(&self, port: u16) {
        self.shared.server.store(port, Ordering::SeqCst);
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many commands came.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// How often a client waited for replies: commands that were sent together count once.
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
                // It ends as its client or its server wants.
                _ = Connection::serve(client, shared) => {}
                _ = fault.wait_for(|fault| *fault == Fault::Refuse) => {}
            }
        });
    }
}

/// A connection, on which one command is dealt with after the other.
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
                // Between two replies there is nothing to read: the server has gone.
                _ = self.from_server.next() => return Ok(()),
            };
            let fault = self.fault(&command, is_burst);
            self.answer(&command, fault).await?;
        }
    }

    /// Counts a command. What goes wrong with it.
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
