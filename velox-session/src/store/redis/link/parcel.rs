//! A command on its way, and what goes with it on the same connection: right before it, or right behind.

use std::fmt;
use std::time::Duration;

use redis::{Cmd, Pipeline, Value};
use tokio::time::Instant;

use super::LinkError;

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

/// A command on its way.
#[derive(Clone, Copy)]
pub(super) struct Parcel<'a> {
    pub(super) cmd: &'a Cmd,
    pub(super) effect: Effect,
    /// It was sent here by a node of a cluster that is giving its slot away.
    pub(super) asking: bool,
    /// Who must have it before it counts.
    pub(super) replicas: Option<Replicas>,
}

impl Parcel<'_> {
    /// All that is sent together. `None` if that is the command alone.
    pub(super) fn train(&self, until: Instant) -> Option<Pipeline> {
        if !self.asking && self.replicas.is_none() {
            return None;
        }
        let mut train = redis::pipe();
        if self.asking {
            // The node is told by the command just before, which must not be that of another task.
            train.cmd("ASKING");
        }
        train.add_command(self.cmd.clone());
        if let Some(replicas) = self.replicas {
            train.cmd("WAIT").arg(replicas.count).arg(replicas.milliseconds(until));
        }
        Some(train)
    }

    /// What was answered to the command, among the answers to all that was sent together.
    pub(super) fn answer(&self, answers: Vec<Value>) -> Result<Value, LinkError> {
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
    /// How long the server is told to wait. What it then answers must be here by the deadline, or the connection passes for a silent one.
    fn milliseconds(&self, until: Instant) -> u64 {
        let left = until.saturating_duration_since(Instant::now());
        // Nothing would be for ever.
        crate::clock::milliseconds(self.within.min(left - left / 10)).max(1)
    }
}

/// An answer that an error carries along: not for its text, since there may be names of sessions in it.
pub(in crate::store::redis) struct Answer(Value);

impl Answer {
    pub(in crate::store::redis) fn value(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(..)")
    }
}
