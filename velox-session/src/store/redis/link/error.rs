//! What can go wrong between a command and its answer.

use std::fmt;

use redis::{RedisError, Value};

use crate::store::StoreError;

/// Why a command has no answer. No text of it holds a password, or what the command was sent with.
#[derive(Debug, thiserror::Error)]
pub(in crate::store::redis) enum LinkError {
    /// The target is no address of a Redis.
    #[error("not the address of a redis server")]
    Misconfigured(#[source] RedisError),
    /// Time is up. The command was carried out or not.
    #[error("redis did not answer within the deadline")]
    Deadline,
    /// There is no connection. The command was not sent.
    #[error("redis cannot be reached")]
    Unreachable(#[source] RedisError),
    /// The connection broke, or what came back is not Redis's protocol. The command was carried out or not.
    #[error("the connection to redis broke")]
    Broken(#[source] RedisError),
    /// The server is no master any more. The command was not carried out.
    #[error("redis is read-only")]
    ReadOnly(#[source] RedisError),
    /// The server or its cluster cannot serve now, and will again by itself. The command was not carried out.
    #[error("redis is not ready")]
    NotReady(#[source] RedisError),
    /// Too few replicas have the write in time, or the server did not wait for them. The master has it, and answered this.
    #[error("{reached} of {wanted} replicas of redis have the write")]
    TooFewReplicas { reached: i64, wanted: u32, answer: Answer, source: Option<RedisError> },
    /// The answer is none of those that the command has. It is not told: it may be a record.
    #[error("redis answered with something else than was asked for")]
    Unexpected,
    /// Any other error that the server answered.
    #[error("redis refused the command")]
    Refused(#[source] RedisError),
}

impl LinkError {
    /// Of an error that a command came back with.
    pub(super) fn of(error: RedisError) -> Self {
        let holds = |text| error.detail().is_some_and(|detail| detail.contains(text));
        match error.code() {
            Some("READONLY") => Self::ReadOnly(error),
            // Redis 6 wraps what a script met.
            Some("ERR") if holds("-READONLY") => Self::ReadOnly(error),
            Some("LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN") => Self::NotReady(error),
            Some(_) => Self::Refused(without_arguments(error)),
            None => Self::Broken(error),
        }
    }
}

impl From<LinkError> for StoreError {
    fn from(error: LinkError) -> Self {
        Self::new(error)
    }
}

/// An answer that an error carries along. Its `Debug` hides it, since there may be names of sessions in it.
pub(in crate::store::redis) struct Answer(pub(in crate::store::redis) Value);

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(..)")
    }
}

/// A server that does not know a command, or by another name, answers with what stood behind it: a key, which has an id in it in the layout
/// of VeloxTS, and a part of a record.
fn without_arguments(error: RedisError) -> RedisError {
    match error.detail().and_then(|detail| detail.split_once(ARGUMENTS)) {
        Some((refusal, _)) => RedisError::from((error.kind(), "the server says", refusal.to_owned())),
        None => error,
    }
}

const ARGUMENTS: &str = ", with args beginning with";
