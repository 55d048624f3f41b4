//! A connection that the application made.

use redis::aio::ConnectionLike;
use redis::{Cmd, RedisFuture, Value};
use tokio::time::{Instant, timeout_at};

use super::LinkError;

/// A connection of any type, whose clones share it.
pub(super) trait Own: Send + Sync {
    fn send<'a>(&self, cmd: &'a Cmd) -> RedisFuture<'a, Value>;
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> Own for C {
    fn send<'a>(&self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        let mut connection = self.clone();
        Box::pin(async move { connection.req_packed_command(cmd).await })
    }
}

/// Sends a command, once.
pub(super) async fn send(connection: &dyn Own, cmd: &Cmd, until: Instant) -> Result<Value, LinkError> {
    let answer = timeout_at(until, connection.send(cmd)).await.map_err(|_| LinkError::Deadline)?;
    answer.and_then(Value::extract_error).map_err(LinkError::of)
}
