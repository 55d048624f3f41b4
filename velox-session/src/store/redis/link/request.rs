//! What is sent: a command, with what goes before and behind it on the same connection; and a script.

use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{Cmd, ToRedisArgs, Value};
use tokio::time::{Instant, timeout_at};

use super::error::{Answer, LinkError};

/// Whether a command that may have been carried out may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store::redis) enum Effect {
    /// Sending it twice does what sending it once does, and answers the same.
    Idempotent,
    /// It is sent once.
    Once,
}

/// How many replicas must have a write, and how long they may take for it.
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
    /// A node of a cluster that is giving the slot away sent the command here.
    pub(super) asking: bool,
    /// Who must have it before it counts.
    pub(super) replicas: Option<Replicas>,
}

impl Request<'_> {
    /// Sends the command on a connection, once, and returns its answer.
    pub(super) async fn send(
        &self,
        connection: &mut (dyn ConnectionLike + Send),
        until: Instant,
    ) -> Result<Value, LinkError> {
        let mut pipeline = redis::pipe();
        if self.asking {
            // It is for the next command on the connection, which must not be that of another task.
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
        Err(LinkError::TooFewReplicas { reached, wanted, answer: Answer(answer), source })
    }
}

impl Replicas {
    /// How long the server is told to wait. Its answer must be here by the deadline, or the connection passes for a silent one.
    fn milliseconds(&self, until: Instant) -> u64 {
        let left = until.saturating_duration_since(Instant::now());
        // Zero would be for ever.
        crate::clock::milliseconds(self.within.min(left - left / 10)).max(1)
    }
}

/// A script of the server.
#[derive(Debug)]
pub(in crate::store::redis) struct Script {
    text: &'static str,
    hash: String,
}

impl Script {
    /// A script of this text.
    pub(in crate::store::redis) fn new(text: &'static str) -> Self {
        Self { text, hash: redis::Script::new(text).get_hash().to_owned() }
    }

    /// The command that runs it, by its hash if the server knows that.
    pub(super) fn command(&self, is_known: bool, keys: &[&[u8]], args: &impl ToRedisArgs) -> Cmd {
        let (name, script) = if is_known { ("EVALSHA", &*self.hash) } else { ("EVAL", self.text) };
        redis::cmd(name).arg(script).arg(keys.len()).arg(keys).arg(args).take()
    }
}
