//! The errors of sending a command to Redis.

use redis::RedisError;

use crate::store::StoreError;

/// The reason why a command has no answer. No message contains a password or the arguments of the
/// command.
#[derive(Debug, thiserror::Error)]
pub(in crate::store::redis) enum LinkError {
    /// The target is not the address of a Redis server.
    #[error("not the address of a redis server")]
    Misconfigured(#[source] RedisError),
    /// The deadline has passed. The command may have been carried out.
    #[error("redis did not answer within the deadline")]
    Deadline,
    /// No connection could be made. The command was not sent.
    #[error("redis cannot be reached")]
    Unreachable(#[source] RedisError),
    /// The connection broke, or the answer violates the Redis protocol. The command may have been
    /// carried out.
    #[error("the connection to redis broke")]
    Broken(#[source] RedisError),
    /// The server is no longer a master. The command was not carried out.
    #[error("redis is read-only")]
    ReadOnly(#[source] RedisError),
    /// The server or its cluster cannot serve commands now, but will recover by itself. The command
    /// was not carried out.
    #[error("redis is not ready")]
    NotReady(#[source] RedisError),
    /// Too few replicas got the write in time, or the server did not wait for them. The master has
    /// carried the command out.
    #[error("{reached} of {wanted} replicas of redis have the write")]
    TooFewReplicas { reached: i64, wanted: u32, source: Option<RedisError> },
    /// The answer does not match the command. The error does not contain it, because it may be a
    /// record.
    #[error("redis sent an unexpected reply")]
    Unexpected,
    /// The server returned another error.
    #[error("redis refused the command")]
    Refused(#[source] RedisError),
}

impl LinkError {
    /// Classifies an error that a command returned.
    pub(super) fn of(error: RedisError) -> Self {
        let holds = |text| error.detail().is_some_and(|detail| detail.contains(text));
        match error.code() {
            Some("READONLY") => Self::ReadOnly(error),
            // Redis 6 wraps errors that happen inside a script.
            Some("ERR") if holds("-READONLY") => Self::ReadOnly(error),
            Some("LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN") => Self::NotReady(error),
            Some(_) => Self::Refused(without_arguments(error)),
            None => Self::Broken(error),
        }
    }

    /// Returns whether the command may have been carried out.
    pub(in crate::store::redis) fn may_be_done(&self) -> bool {
        matches!(self, Self::Deadline | Self::Broken(_) | Self::TooFewReplicas { .. } | Self::Unexpected)
    }
}

impl From<LinkError> for StoreError {
    fn from(error: LinkError) -> Self {
        Self::new(error)
    }
}

/// Removes the arguments from an error message. A server that does not know a command quotes the
/// first arguments: the key, which contains the id in the VeloxTS layout, and a part of the record.
fn without_arguments(error: RedisError) -> RedisError {
    match error.detail().and_then(|detail| detail.split_once(ARGUMENTS)) {
        Some((refusal, _)) => RedisError::from((error.kind(), "the server says", refusal.to_owned())),
        None => error,
    }
}

const ARGUMENTS: &str = ", with args beginning with";
