//! A connection that the application made.

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisFuture, Value};
use tokio::time::{Instant, timeout_at};

use super::LinkError;
use super::parcel::Parcel;

/// A connection of any type, whose clones share it.
pub(super) trait Own: Send + Sync {
    fn send<'a>(&self, cmd: &'a Cmd) -> RedisFuture<'a, Value>;

    fn send_all<'a>(&self, train: &'a Pipeline) -> RedisFuture<'a, Vec<Value>>;
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> Own for C {
    fn send<'a>(&self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        let mut connection = self.clone();
        Box::pin(async move { connection.req_packed_command(cmd).await })
    }

    fn send_all<'a>(&self, train: &'a Pipeline) -> RedisFuture<'a, Vec<Value>> {
        let mut connection = self.clone();
        Box::pin(async move { connection.req_packed_commands(train, 0, train.len()).await })
    }
}

/// Sends a command, once.
pub(super) async fn send(connection: &dyn Own, parcel: Parcel<'_>, until: Instant) -> Result<Value, LinkError> {
    let send = async {
        match parcel.train(until) {
            None => connection.send(parcel.cmd).await.and_then(Value::extract_error).map_err(LinkError::of),
            Some(train) => parcel.answer(connection.send_all(&train).await.map_err(LinkError::of)?),
        }
    };
    timeout_at(until, send).await.map_err(|_| LinkError::Deadline)?
}
