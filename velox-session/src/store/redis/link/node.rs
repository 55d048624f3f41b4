//! A connection to a server: made when it is needed, shared by all, and replaced when it is no good any more.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, RedisError, Value};
use tokio::time::{Instant, sleep, timeout_at};

use super::parcel::{Effect, Parcel};
use super::{LinkError, pause};

/// A connection to a server, or the lack of one.
pub(super) struct Node {
    client: Client,
    /// Held by the one command that connects, for all that wait.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    line: Option<Line>,
    /// Attempts in a row after which no command was answered.
    failures: u32,
    /// When the next attempt may be made, and why there was no success.
    pause: Option<(Instant, RedisError)>,
    /// When a connection that still stood was last given up.
    renewed: Option<Instant>,
}

/// A connection.
#[derive(Clone)]
struct Line {
    connection: MultiplexedConnection,
    made: Instant,
    /// Milliseconds from then to the last answer; zero before the first.
    heard: Arc<AtomicU64>,
}

impl Node {
    /// To a server. Does not connect.
    pub(super) fn new(info: ConnectionInfo) -> Result<Self, LinkError> {
        #[cfg(feature = "redis-tls")]
        provide_tls();
        let client = Client::open(info).map_err(LinkError::Misconfigured)?;
        Ok(Self { client, turn: tokio::sync::Mutex::default(), state: Mutex::default() })
    }

    /// Sends a command, and once more if the connection broke and that is harmless.
    pub(super) async fn send(&self, parcel: Parcel<'_>, until: Instant) -> Result<Value, LinkError> {
        match self.send_once(parcel, until).await {
            Err(LinkError::Broken(_)) if parcel.effect == Effect::Idempotent => self.send_once(parcel, until).await,
            other => other,
        }
    }

    async fn send_once(&self, parcel: Parcel<'_>, until: Instant) -> Result<Value, LinkError> {
        let mut line = self.line(until).await?;
        if parcel.effect == Effect::Once && timeout_at(until, line.ended()).await.unwrap_or(false) {
            self.broke(&line);
            line = self.line(until).await?;
        }
        let Ok(answer) = timeout_at(until, line.send(parcel, until)).await else {
            self.renew(&line);
            return Err(LinkError::Deadline);
        };
        match &answer {
            Err(LinkError::Broken(_)) => self.broke(&line),
            Err(LinkError::ReadOnly(_)) => {
                self.answered(&line);
                self.renew(&line);
            }
            _ => self.answered(&line),
        }
        answer
    }

    /// The connection there is, or a new one.
    async fn line(&self, until: Instant) -> Result<Line, LinkError> {
        if let Some(line) = self.state().line.clone() {
            return Ok(line);
        }
        timeout_at(until, self.connect()).await.unwrap_or(Err(LinkError::Deadline))
    }

    async fn connect(&self) -> Result<Line, LinkError> {
        let _turn = self.turn.lock().await;
        let wait = {
            let state = self.state();
            if let Some(line) = &state.line {
                return Ok(line.clone());
            }
            match &state.pause {
                Some((end, error)) => {
                    let wait = end.saturating_duration_since(Instant::now());
                    if wait > pause::FIRST {
                        return Err(LinkError::Unreachable(error.clone()));
                    }
                    wait
                }
                None => Duration::ZERO,
            }
        };
        sleep(wait).await;
        // Counted before it is made: one that is given up at the deadline failed as well.
        self.state().failed(io::Error::from(io::ErrorKind::TimedOut).into());
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        match self.client.get_multiplexed_async_connection_with_config(&config).await {
            Ok(connection) => {
                let line = Line { connection, made: Instant::now(), heard: Arc::default() };
                let mut state = self.state();
                state.line = Some(line.clone());
                state.pause = None;
                Ok(line)
            }
            Err(error) => {
                if let Some((_, why)) = &mut self.state().pause {
                    *why = error.clone();
                }
                Err(LinkError::Unreachable(error))
            }
        }
    }

    /// Notes that a connection works.
    fn answered(&self, line: &Line) {
        let since = u64::try_from(line.made.elapsed().as_millis()).unwrap_or(u64::MAX);
        if line.heard.swap(since.max(1), Ordering::Relaxed) == 0 {
            self.state().failures = 0;
        }
    }

    /// Gives up a connection that has ended. One that never carried an answer is a failed attempt to connect.
    fn broke(&self, line: &Line) {
        let mut state = self.state();
        if state.take(line) && line.heard.load(Ordering::Relaxed) == 0 {
            let failures = state.failures;
            state.pause(failures, io::Error::from(io::ErrorKind::ConnectionReset).into());
        }
    }

    /// Gives up a connection that stands: it fell silent, or its server is no master any more and the name may lead elsewhere.
    /// Once a second, since a new one may be no better.
    fn renew(&self, line: &Line) {
        let mut state = self.state();
        if state.renewed.is_none_or(|at| at.elapsed() >= RENEWAL) && state.take(line) {
            state.renewed = Some(Instant::now());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.get_connection_info().addr().fmt(f)
    }
}

impl State {
    fn failed(&mut self, why: RedisError) {
        self.failures = self.failures.saturating_add(1);
        self.pause(self.failures, why);
    }

    fn pause(&mut self, failures: u32, why: RedisError) {
        self.pause = Some((Instant::now() + pause::pause(failures), why));
    }

    /// Takes away a connection, if it is still the one in use.
    fn take(&mut self, line: &Line) -> bool {
        let same = self.line.as_ref().is_some_and(|present| Arc::ptr_eq(&present.heard, &line.heard));
        if same {
            self.line = None;
        }
        same
    }
}

impl Line {
    async fn send(&self, parcel: Parcel<'_>, until: Instant) -> Result<Value, LinkError> {
        let mut connection = self.connection.clone();
        match parcel.train(until) {
            None => {
                let answer = connection.send_packed_command(parcel.cmd).await;
                answer.and_then(Value::extract_error).map_err(LinkError::of)
            }
            Some(train) => {
                let answers = connection.send_packed_commands(&train, 0, train.len()).await;
                parcel.answer(answers.map_err(LinkError::of)?)
            }
        }
    }

    /// Whether it is known to have ended. Asked of one that was not used for a while, before a command that is sent only once
    /// would be lost on it: a `PING` whose answer nobody waits for is not accepted any more.
    async fn ended(&self) -> bool {
        let quiet = self.made.elapsed().saturating_sub(Duration::from_millis(self.heard.load(Ordering::Relaxed)));
        if quiet < QUIET {
            return false;
        }
        let mut ping = redis::cmd("PING");
        ping.set_no_response(true);
        self.connection.clone().send_packed_command(&ping).await.is_err()
    }
}

/// Lets rustls use ring, unless the application has chosen: otherwise it panics where several providers are built in.
#[cfg(feature = "redis-tls")]
fn provide_tls() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error says that somebody else chose meanwhile.
        rustls::crypto::ring::default_provider().install_default().ok();
    }
}

const RENEWAL: Duration = Duration::from_secs(1);
const QUIET: Duration = Duration::from_secs(1);
