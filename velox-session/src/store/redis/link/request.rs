//! A request to Redis: a command, the commands that go before and after it on the same connection,
//! and scripts.

use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{Cmd, ToRedisArgs, Value};
use tokio::time::{Instant, timeout_at};

use super::error::LinkError;

/// Tells whether a command may be repeated if it may already have been carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store::redis) enum Effect {
    /// Sending it twice has the same effect and the same answer as sending it once.
    Idempotent,
    /// It is sent only once.
    Once,
}

/// The number of replicas that must have a write, and the time that they may take.
#[derive(Clone, Copy, Debug)]
pub(in crate::store::redis) struct Replicas {
    pub(in crate::store::redis) count: u32,
    pub(in crate::store::redis) within: Duration,
}

/// A command to send.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) cmd: &'a Cmd,
    pub(super) effect: Effect,
    /// `true` if a cluster node that is moving the slot away redirected the command here.
    pub(super) asking: bool,
    /// The number of replicas that must have it before it counts.
    pub(super) replicas: Option<Replicas>,
}

impl Request<'_> {
    /// Sends the command once on a connection and returns its answer.
    pub(super) async fn send(
        &self,
        connection: &mut (dyn ConnectionLike + Send),
        until: Instant,
    ) -> Result<Value, LinkError> {
        let mut pipeline = redis::pipe();
        if self.asking {
            // `ASKING` applies to the next command on the connection, which must not be that of
            // another task.
            pipeline.cmd("ASKING");
        }
        pipeline.add_command(self.cmd.clone());
        if let Some(replicas) = self.replicas {
            pipeline.cmd("WAIT").arg(replicas.count).arg(replicas.milliseconds(until));
        }
        let sent = async {
            match pipeline.len() {
                1 => connection.req_packed_command(self.cmd).await.map(|answer| vec![answer]),
                count => connection.req_packed_commands(&pipeline, 0, count).await,
            }
        };
        let answers = timeout_at(until, sent).await.map_err(|_| LinkError::Deadline)?.map_err(LinkError::of)?;
        let mut answers = answers.into_iter().skip(usize::from(self.asking));
        let mut next = || answers.next().unwrap_or(Value::Nil).extract_error();
        let answer = next().map_err(LinkError::of)?;
        let Some(Replicas { count: wanted, .. }) = self.replicas else { return Ok(answer) };
        let (reached, source) = match next() {
            Ok(Value::Int(reached)) if reached >= i64::from(wanted) => return Ok(answer),
            Ok(Value::Int(reached)) => (reached, None),
            Ok(_) => (0, None),
            Err(error) => (0, Some(error)),
        };
        Err(LinkError::TooFewReplicas { reached, wanted, source })
    }
}

impl Replicas {
    /// Returns how long the server should wait. Its answer must arrive before the deadline;
    /// otherwise the connection counts as silent.
    fn milliseconds(&self, until: Instant) -> u64 {
        let left = until.saturating_duration_since(Instant::now());
        // Redis takes zero to mean that it should wait forever.
        crate::clock::milliseconds(self.within.min(left - left / 10)).max(1)
    }
}

/// A script that Redis runs.
#[derive(Debug)]
pub(in crate::store::redis) struct Script {
    text: &'static str,
    hash: String,
}

impl Script {
    /// Returns the script with this text.
    pub(in crate::store::redis) fn new(text: &'static str) -> Self {
        Self { text, hash: redis::Script::new(text).get_hash().to_owned() }
    }

    /// Returns the command that runs the script, by its hash if the server knows it.
    pub(super) fn command(&self, is_known: bool, keys: &[&[u8]], args: &impl ToRedisArgs) -> Cmd {
        let (name, script) = if is_known { ("EVALSHA", &*self.hash) } else { ("EVAL", self.text) };
        redis::cmd(name).arg(script).arg(keys.len()).arg(keys).arg(args).take()
    }
}
