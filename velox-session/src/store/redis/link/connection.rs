//! A connection to a server: made on demand, shared by all commands, and replaced when it no longer
//! works.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{RedisError, RedisResult, Value};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep, timeout_at};

use super::error::LinkError;
use super::request::{Effect, Request};

/// A connection to a server that may not be made yet.
#[derive(Default)]
pub(super) struct Connection(Mutex<State>);

/// A connection that one command makes and all waiting commands share.
type Line = Arc<OnceCell<MultiplexedConnection>>;

#[derive(Default)]
struct State {
    line: Line,
    /// The time of the last answer to a command.
    heard: Option<Instant>,
    /// The number of attempts in a row that have failed.
    failures: u32,
    /// The time from which the next attempt is allowed, and the error of the last one.
    pause: Option<(Instant, RedisError)>,
    /// The time when an open connection was last replaced.
    replaced: Option<Instant>,
}

impl Connection {
    /// Sends a command once. If no connection exists, `connect` makes one.
    pub(super) async fn send(
        &self,
        connect: impl Future<Output = RedisResult<MultiplexedConnection>>,
        request: Request<'_>,
        until: Instant,
    ) -> Result<Value, LinkError> {
        if request.effect == Effect::Once {
            timeout_at(until, self.probe()).await.ok();
        }
        let line = Arc::clone(&self.state().line);
        let connect = line.get_or_try_init(|| self.connect(connect));
        let mut connection = timeout_at(until, connect).await.unwrap_or(Err(LinkError::Deadline))?.clone();
        let answer = request.send(&mut connection, until).await;
        self.note(&line, &answer);
        answer
    }

    async fn connect(
        &self,
        connect: impl Future<Output = RedisResult<MultiplexedConnection>>,
    ) -> Result<MultiplexedConnection, LinkError> {
        let pause = self.state().pause.clone();
        if let Some((end, error)) = pause {
            let wait = end.saturating_duration_since(Instant::now());
            if wait > FIRST_PAUSE {
                return Err(LinkError::Unreachable(error));
            }
            sleep(wait).await;
        }
        // The attempt counts as failed until it succeeds, so that one that is given up at the
        // deadline counts as well.
        let failures = self.state().failures.saturating_add(1);
        self.failed(failures, io::Error::from(io::ErrorKind::TimedOut).into());
        connect.await.map_err(|error| {
            self.failed(failures, error.clone());
            LinkError::Unreachable(error)
        })
    }

    fn failed(&self, failures: u32, why: RedisError) {
        // Without random numbers, the longest pause is used.
        let pause = pause(failures, getrandom::u32().unwrap_or(u32::MAX));
        let mut state = self.state();
        (state.failures, state.pause) = (failures, Some((Instant::now() + pause, why)));
    }

    /// Gives up a connection that was closed while nobody used it, before a command that is sent
    /// only once is lost on it. To find out, it sends a `PING` and ignores the answer; a closed
    /// connection does not accept it.
    async fn probe(&self) {
        let line = match &*self.state() {
            State { line, heard: Some(at), .. } if at.elapsed() >= QUIET => Arc::clone(line),
            _ => return,
        };
        let Some(connection) = line.get() else { return };
        let mut ping = redis::cmd("PING");
        ping.set_no_response(true);
        if let Err(error) = connection.clone().send_packed_command(&ping).await {
            self.note(&line, &Err(LinkError::Broken(error)));
        }
    }

    /// Records what an answer says about the connection. An open connection is replaced at most
    /// once a second, because a new one may be no better.
    fn note(&self, line: &Line, answer: &Result<Value, LinkError>) {
        let (mut state, now) = (self.state(), Instant::now());
        if !Arc::ptr_eq(line, &state.line) {
            return;
        }
        if !matches!(answer, Err(LinkError::Broken(_) | LinkError::Deadline)) {
            (state.heard, state.failures, state.pause) = (Some(now), 0, None);
        }
        let may_replace = state.replaced.is_none_or(|at| now - at >= REPLACEMENT);
        match answer {
            Err(LinkError::Broken(_)) => state.line = Line::default(),
            Err(LinkError::Deadline | LinkError::ReadOnly(_)) if may_replace => {
                (state.line, state.replaced) = (Line::default(), Some(now));
            }
            _ => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the pause after this many failed attempts in a row: a random time between half of and
/// the whole of a value that doubles each time. Processes that failed together therefore do not try
/// again together.
fn pause(failures: u32, random: u32) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(8)).min(LONGEST_PAUSE);
    whole / 2 + (whole / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// The longest first pause. A command waits that long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const REPLACEMENT: Duration = Duration::from_secs(1);
const QUIET: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_second_with_jitter() {
        let longest = |failures| pause(failures, u32::MAX).as_millis();
        assert_eq!([1, 2, 3, 4, 5, 100, u32::MAX].map(longest), [100, 200, 400, 800, 1_000, 1_000, 1_000]);
        let shortest = |failures| pause(failures, 0).as_millis();
        assert_eq!([1, 2, 3, 4, 5, 100].map(shortest), [50, 100, 200, 400, 500, 500]);
        assert_eq!(pause(5, u32::MAX / 2).as_millis(), 750);
    }
}
