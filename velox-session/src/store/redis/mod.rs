//! Sessions in Redis or Valkey: one server, a master by its name or by the word of sentinels, or a cluster.
//!
//! Every method (`records.rs`) is one script on one key, so that Redis runs it in one step: what a request begins with reads the record and
//! renews its life at once. Where one server has all keys, sessions begin (`create.rs`) and end (`users.rs`) in one script of several keys.
//!
//! A list names at least all sessions of a user that live (`list.rs`). The name of one that has expired may stay behind. The list lives
//! longer than any of its records can without being listed again, by the clock of any server.

mod create;
mod layout;
mod link;
mod list;
mod records;
mod scripts;
mod users;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::ConnectionLike;

use self::layout::Layout;
use self::link::{Link, Replicas};
use super::StoreError;
use crate::clock::{Clock, SystemClock};
use crate::event::Limit;

/// A store in Redis, or in Valkey. Clones share its connection.
///
/// It needs Redis 6.2 or later. The connection is made with the first request that needs a session, and again whenever it
/// breaks: an application starts while Redis is down, and serves what needs no session. Each command is answered within the
/// deadline, a second unless set, connecting included; a request whose session cannot be loaded in that time is answered 503.
///
/// | key | holds | lives |
/// | --- | --- | --- |
/// | `velox:<cookie>:<SHA-256 of the id>` | a record, as JSON | as long as the session |
/// | `velox:users:<cookie>:<user id>` | the names of a user's sessions, by when they began, and when all were last ended | a quarter longer than the last of them, and ten minutes |
/// | `velox:rate:<hash>` | the count of a rate limit | as long as its window |
///
/// A list or a count that holds something else is deleted and made anew, with a warning in the log that names the key. A record that
/// cannot be read is no session; the log says why.
///
/// # Examples
///
/// ```
/// use velox_session::{session_middleware, store::RedisStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = RedisStore::connect("redis://127.0.0.1:6379")?;
/// let session = session_middleware("a development secret of 32 bytes or more").store(store).build_manager()?;
/// # let _ = session;
/// # Ok(())
/// # }
/// ```
///
/// # Permissions
///
/// A user of Redis needs these commands, here in the form of Redis 6.2 and 7:
///
/// ```text
/// ACL SETUSER velox on >password ~velox:* -@all +eval +evalsha +get +set +del +exists +incr +pexpire +pttl +time +type +zadd +zcount +zrandmember +zrangebyscore +zrem +zscore +ping
/// ```
///
/// Add `+wait` for [`with_replicas`](Self::with_replicas), `+select` for a database other than 0, `+asking` for a cluster, and
/// `+role` for a master found by Sentinel. From Redis 7.2 on, `+client|setinfo` keeps the log of refused commands clean. In the layout of
/// VeloxTS records have other keys: add `~<cookie name>:*`.
///
/// # Round trips
///
/// | request | one server | cluster |
/// | --- | --- | --- |
/// | without the session cookie, or with a forged one | 0 | 0 |
/// | reads the session, renewed or not | 1 | 1 |
/// | writes to it, or [updates](crate::Session::update) it | 2 | 2 |
/// | login of a visitor without a session | 1 | 2 |
/// | login or new id on a session | 2 | 5 |
/// | logout | 2 | 3 |
/// | ends all sessions of a user, however many | 2 | a few for each thousand |
///
/// With `with_replicas`, a login or new id on a session takes one more. In a cluster, the first command for each slot may take one
/// more, as it is sent on to the node that has the slot.
///
/// # Memory
///
/// A Redis that may remove keys before their time when its memory is full (`maxmemory-policy`) logs people out by it, and, which is worse,
/// may remove a user's list while the sessions go on: until they are listed anew, `logout_all`, `sessions` and limits do not know
/// them. Give sessions a Redis with `noeviction`, which is Redis's default: when it is full, it refuses what needs room, which is answered 503
/// (logins, saves, a session that is to be listed anew, and in the layout of VeloxTS renewals), and serves the rest.
///
/// # Failover
///
/// A replica that takes over may lack the last moment of writes, as Redis replicates after it has answered. A session that was
/// ended in that moment is alive again, until it expires or is ended again; one that began in it is gone. Redis bounds that moment by
/// `min-replicas-to-write` and `min-replicas-max-lag`: with these a master that has lost its replicas refuses writes (503 here).
///
/// [`with_replicas`](Self::with_replicas) answers a write with success only once so many replicas have it. Redis does not become consistent
/// by that:
///
/// - A replica that has not got the write may take over all the same. Sentinel and clusters choose the one that has got furthest, as well as
///   they know. Where *all* replicas are asked for, each has it; then the loss of one fails all writes.
/// - What replicas have, they have in memory: one that starts again has what is on its disk.
/// - A write that failed for want of replicas was carried out by the master nevertheless. A session is then as it was or as it was to
///   be: ended by a logout, say. New sessions are taken back. With `min-replicas-to-write` as well, a master that knows that its replicas are
///   gone refuses before it does anything.
/// - A read takes the master's word. Who asks again after such a 503 may be told that a session has ended, though no replica knows.
#[derive(Clone)]
pub struct RedisStore {
    link: Link,
    /// Who must have a write before it counts.
    replicas: Option<Replicas>,
    layout: Layout,
    clock: Arc<dyn Clock>,
    /// Records that cannot be read, for the log.
    unreadable: Arc<Limit>,
}

impl RedisStore {
    /// A store on the server of this URL: `redis://[user:password@]host[:port][/database]`, with TLS `rediss://…` (feature
    /// `redis-tls`). Does not connect yet.
    ///
    /// The server has all keys: what begins a session names several in one script. Of a proxy that spreads keys over servers that is not
    /// so: there, a [connection of one's own](Self::with_connection) names one key at a time.
    ///
    /// # Errors
    ///
    /// The URL is none of a Redis server.
    pub fn connect(url: &str) -> Result<Self, StoreError> {
        Link::single(url).map(Self::over).map_err(StoreError::new)
    }

    /// A store on the server of a client of the crate `redis`, for what a URL does not say: certificates of one's own, say. Does not
    /// connect yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_session::store::RedisStore;
    ///
    /// let client = redis::Client::open("redis://127.0.0.1")?;
    /// let store = RedisStore::with_client(&client)?;
    /// # let _ = store;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The client's address is none that can be reached by this build: one with TLS, without the feature `redis-tls`.
    pub fn with_client(client: &redis::Client) -> Result<Self, StoreError> {
        Link::single(client.get_connection_info().clone()).map(Self::over).map_err(StoreError::new)
    }

    /// A store on a cluster, of which some nodes are named; they name the others. Does not connect yet.
    ///
    /// Each process learns the place of a slot with the first command for a key in it, which takes a round trip more.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_session::store::RedisStore;
    ///
    /// let store = RedisStore::cluster(["redis://10.0.0.1:6379", "redis://10.0.0.2:6379"])?;
    /// # let _ = store;
    /// # Ok::<_, velox_session::store::StoreError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A URL is none of a Redis server, or there is none.
    pub fn cluster<'u>(urls: impl IntoIterator<Item = &'u str>) -> Result<Self, StoreError> {
        Link::cluster(urls).map(Self::over).map_err(StoreError::new)
    }

    /// A store on the master of this name that Redis Sentinel watches. Sentinels are asked for its address whenever a connection is
    /// made, so that sessions are served again once they have promoted a replica. Does not connect yet.
    ///
    /// Name all sentinels, with their ports. They are asked at once, and the first that knows a master counts.
    ///
    /// A URL says how the master is reached where it asks for a password or speaks TLS, with the name in place of the host:
    /// `rediss://user:password@mymaster/0`. The URLs of the sentinels say that for the sentinels alone.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_session::store::RedisStore;
    ///
    /// let sentinels = ["redis://10.0.0.1:26379", "redis://10.0.0.2:26379", "redis://10.0.0.3:26379"];
    /// let store = RedisStore::sentinel(sentinels, "mymaster")?;
    /// let store = RedisStore::sentinel(sentinels, "redis://:a-password@mymaster")?;
    /// # let _ = store;
    /// # Ok::<_, velox_session::store::StoreError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A URL is none of a Redis server, the name cannot stand in one, or there is no sentinel.
    pub fn sentinel<'u>(urls: impl IntoIterator<Item = &'u str>, master: &str) -> Result<Self, StoreError> {
        let master = if master.contains("://") { master.to_owned() } else { format!("redis://{master}") };
        Link::sentinel(urls, master).map(Self::over).map_err(StoreError::new)
    }

    /// A store on a connection that the application has made, and that it looks after: whether it connects again, whether it sends a
    /// write again whose reply was lost (which can then be done twice), and what it does about a silent server, is its own affair. Its clones must share it or stand for the same server.
    ///
    /// Each script on it names one key, so that it may lead to a cluster, too. For that, a login on top of a session takes a round trip more.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use velox_session::store::RedisStore;
    ///
    /// # async fn connect() -> redis::RedisResult<RedisStore> {
    /// // With its feature `connection-manager`, the crate redis has connections that are made again when they break.
    /// let client = redis::Client::open("redis://127.0.0.1")?;
    /// let store = RedisStore::with_connection(client.get_multiplexed_async_connection().await?);
    /// # Ok(store)
    /// # }
    /// ```
    pub fn with_connection(connection: impl ConnectionLike + Clone + Send + Sync + 'static) -> Self {
        Self::over(Link::own(connection))
    }

    /// How long each command may take, connecting included. A second unless set.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { link: self.link.with_deadline(deadline), ..self }
    }

    /// Waits after each write until so many replicas have it, by Redis's `WAIT`, for as long as `within`: if they have not by then, the
    /// write has failed, and the request is answered 503. Off unless set, and with a count of zero. What it is worth when a replica takes
    /// over, and what it is not, is [above](Self#failover).
    ///
    /// `WAIT` is sent right behind the write, in the same round trip. The time for it is part of the command's
    /// [deadline](Self::with_deadline): `within` is cut to nine tenths of what is left of that. A login on top of a session takes a round trip
    /// more: the old session goes once replicas have the new one, and stays where they do not get it.
    ///
    /// - **Writes** are new sessions, saves, new ids and ends of sessions, with what they change on the lists of users. A flash message that
    ///   is read is a save.
    /// - **Renewals** are none, whether [`load`](crate::SessionStore::load) makes them or [`touch`](crate::SessionStore::touch), or a read would need
    ///   replicas: one that lacks a renewal ends the session when it would have ended without, and until then the next read makes it again.
    /// - The counts of rate limits wait for nothing: one that is lost lets somebody try once more.
    ///
    /// Redis carries out nothing else on a connection that waits. So writes have a connection of their own to each server, and reads go on
    /// meanwhile; writes of one process follow each other, at most one for each time that a replica takes to answer. A
    /// [connection of one's own](Self::with_connection) is one for all: there, reads wait behind writes.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use velox_session::store::RedisStore;
    ///
    /// # fn main() -> Result<(), velox_session::store::StoreError> {
    /// let store = RedisStore::connect("redis://127.0.0.1:6379")?.with_replicas(1, Duration::from_millis(200));
    /// # let _ = store;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_replicas(self, count: u32, within: Duration) -> Self {
        Self { replicas: (count > 0).then_some(Replicas { count, within }), ..self }
    }

    /// What all keys begin with. `velox:` unless set; in the layout of VeloxTS, records have none unless set.
    #[must_use]
    pub fn with_key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.layout.prefix = Some(prefix.into());
        self
    }

    /// Keeps records where VeloxTS has them, `<cookie name>:<id>`, in its JSON, with an `expiresAt` that is always true: so that a VeloxTS
    /// service and this one serve the same sessions, side by side, from one Redis and with one secret. The guide
    /// `velox_session::guide::from_veloxts` goes through it step by step.
    ///
    /// # Security
    ///
    /// The ids of the sessions are in Redis in clear: who reads it can read them, and needs only the secret to use them.
    /// The other side writes without looking: it can bring back a session that was ended here while it served a request.
    #[must_use]
    pub fn with_veloxts_layout(mut self) -> Self {
        self.layout.veloxts = true;
        self
    }

    /// The store with another clock, for tests. Give the same one to the builder. Redis expires records by its own.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    fn over(link: Link) -> Self {
        Self {
            link,
            replicas: None,
            layout: Layout::default(),
            clock: Arc::new(SystemClock),
            unreadable: Arc::default(),
        }
    }

    /// The link for what counts only once replicas have it.
    fn writes(&self) -> Link {
        self.link.clone().with_replicas(self.replicas)
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("link", &self.writes()).field("layout", &self.layout).finish_non_exhaustive()
    }
}
