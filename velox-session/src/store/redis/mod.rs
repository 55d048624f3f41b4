//! Sessions in Redis or Valkey: on one server, on a master found by Sentinel, or in a cluster.
//!
//! Every method (`records.rs`) is one script on one key, which Redis runs in one step. The first
//! command of a request reads the record and renews its lifetime at once. If one server has all
//! keys, sessions begin (`create.rs`) and end (`users.rs`) in one script on several keys.
//!
//! The list of a user names at least all live sessions of that user (`list.rs`). Names of expired
//! sessions may stay on it. The list outlives its records, by the clock of any server. A record
//! that would outlive it is listed again first, which extends the list.

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
use crate::event::Event;

/// A session store in Redis or Valkey.
///
/// Clones share the connection. The store needs Redis 6.2 or later. It connects when the first
/// request needs a session, and reconnects whenever the connection breaks. An application can
/// therefore start while Redis is down, and serve requests that need no session.
///
/// Each command has a deadline that includes connecting. The default is one second. A request whose
/// session cannot be loaded in that time is answered with 503.
///
/// | key | value | lifetime |
/// | --- | --- | --- |
/// | `velox:<cookie>:<SHA-256 of the id>` | a record as JSON | as long as the session |
/// | `velox:users:<cookie>:<user id>` | the names of a user's sessions in the order in which they began, and when all were last ended | a quarter longer than the last session, plus ten minutes |
/// | `velox:rate:<hash>` | the count of a rate limit | as long as its window |
///
/// If the key of a list or of a count holds something else, the store deletes it, starts anew, and
/// logs a warning with the key. A record that cannot be read counts as no session; the log says
/// why.
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
/// The Redis user needs these commands, shown here for Redis 6.2 and 7:
///
/// ```text
/// ACL SETUSER velox on >password ~velox:* -@all +eval +evalsha +get +set +del +exists +incr +pexpire +pttl +time +type +zadd +zcount +zrandmember +zrangebyscore +zrem +zscore +ping
/// ```
///
/// Add `+wait` for [`with_replicas`](Self::with_replicas), `+select` for a database other than 0,
/// `+asking` for a cluster, and `+role` for a master found by Sentinel. From Redis 7.2 on,
/// `+client|setinfo` keeps refused commands out of the ACL log. In the VeloxTS layout, records have
/// other keys: add `~<cookie name>:*`.
///
/// # Round trips
///
/// | request | one server | cluster |
/// | --- | --- | --- |
/// | without the session cookie, or with a forged one | 0 | 0 |
/// | reads the session, renewed or not | 1 | 1 |
/// | writes to the session, or [updates](crate::Session::update) it | 2 | 2 |
/// | login of a visitor without a session | 1 | 2 |
/// | login or new id on a session | 2 | 5 |
/// | logout | 2 | 3 |
/// | ends all other sessions of a user, however many | 2 | a few for each thousand |
/// | `logout_all` | 3 | one more |
///
/// With `with_replicas`, a login or a new id on a session takes one more. In a cluster, the first
/// command for each slot may take one more, because it is redirected to the node that has the slot.
///
/// # Memory
///
/// Give sessions a Redis with the policy `noeviction` (`maxmemory-policy`), which is the default.
/// When its memory is full, it refuses commands that need room and serves the rest. The refused
/// requests are answered with 503: logins, saves, sessions that have to be listed again, and, in
/// the VeloxTS layout, renewals.
///
/// With any other policy, a full Redis evicts keys early and logs users out. Worse, it may evict
/// the list of a user while the sessions live on. `logout_all`, `sessions` and the session limit
/// then do not know those sessions until they are listed again.
///
/// # Failover
///
/// Redis replicates a write after it has answered. A replica that is promoted may therefore lack
/// the writes of the last moment. A session that ended in that moment is alive again until it
/// expires or is ended again; a session that began in that moment is gone. Redis limits that moment
/// with `min-replicas-to-write` and `min-replicas-max-lag`: a master that has lost its replicas
/// then refuses writes, and the requests are answered with 503.
///
/// [`with_replicas`](Self::with_replicas) reports a write as successful only once the given number
/// of replicas have it. This does not make Redis consistent:
///
/// - A replica without the write may still be promoted. Sentinel and clusters choose the replica
///   that is furthest ahead, as far as they know. If you ask for *all* replicas, each one has the
///   write, but the loss of one replica then fails all writes.
/// - Replicas hold the write in memory. A replica that restarts has what is on its disk.
/// - If too few replicas have a write, the call fails, but the master has carried the write out.
///   The session is then as before or as after the write; it may have been ended by a logout, for
///   example. New sessions are removed again. With `min-replicas-to-write` as well, a master that
///   knows that its replicas are gone refuses the write before it does anything.
/// - A read returns what the master has. A client that asks again after such a 503 may see that a
///   session has ended, although no replica knows it.
#[derive(Clone)]
pub struct RedisStore {
    link: Link,
    /// The number of replicas that must have a write, and the time for it.
    replicas: Option<Replicas>,
    layout: Layout,
    clock: Arc<dyn Clock>,
    /// Limits how often the log reports records that cannot be read.
    unreadable: Arc<Event>,
}

impl RedisStore {
    /// Returns a store on the server with this URL:
    /// `redis://[user:password@]host[:port][/database]`, or `rediss://…` for TLS (feature
    /// `redis-tls`). It does not connect yet.
    ///
    /// The server must have all keys, because the script that begins a session uses several. A
    /// proxy that spreads keys over several servers does not meet this; use
    /// [`with_connection`](Self::with_connection) there, which uses one key at a time.
    ///
    /// # Errors
    ///
    /// The URL is not the URL of a Redis server.
    pub fn connect(url: &str) -> Result<Self, StoreError> {
        Link::single(url).map(Self::over).map_err(StoreError::new)
    }

    /// Returns a store on the server of a client of the `redis` crate. Use it for settings that a
    /// URL cannot express, such as custom certificates. It does not connect yet.
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
    /// This build cannot reach the address of the client: it needs TLS, and the feature `redis-tls`
    /// is off.
    pub fn with_client(client: &redis::Client) -> Result<Self, StoreError> {
        Link::single(client.get_connection_info().clone()).map(Self::over).map_err(StoreError::new)
    }

    /// Returns a store on a cluster. Name some of its nodes; they tell the addresses of the others.
    /// It does not connect yet.
    ///
    /// Each process learns which node has a slot with the first command for a key in that slot.
    /// This command takes one more round trip.
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
    /// A URL is not the URL of a Redis server, or the list of URLs is empty.
    pub fn cluster<'u>(urls: impl IntoIterator<Item = &'u str>) -> Result<Self, StoreError> {
        Link::cluster(urls).map(Self::over).map_err(StoreError::new)
    }

    /// Returns a store on the master with this name, which Redis Sentinel watches. It does not
    /// connect yet.
    ///
    /// Whenever the store connects, it asks the sentinels for the address of the master. Sessions
    /// therefore work again once the sentinels have promoted a replica. Name all sentinels with
    /// their ports. All are asked at the same time, and the first answer with a master counts.
    ///
    /// If the master needs a password or TLS, pass a URL with the name in place of the host:
    /// `rediss://user:password@mymaster/0`. The URLs of the sentinels set password and TLS only for
    /// the sentinels.
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
    /// A URL is not the URL of a Redis server, the name cannot be part of a URL, or the list of
    /// sentinels is empty.
    pub fn sentinel<'u>(urls: impl IntoIterator<Item = &'u str>, master: &str) -> Result<Self, StoreError> {
        let master = if master.contains("://") { master.to_owned() } else { format!("redis://{master}") };
        Link::sentinel(urls, master).map(Self::over).map_err(StoreError::new)
    }

    /// Returns a store on a connection that your application has made and maintains. The connection
    /// decides whether it reconnects, whether it repeats a write whose reply was lost (which may
    /// then happen twice), and how it treats a silent server. Its clones must share it or lead to
    /// the same server.
    ///
    /// Each script uses one key, so the connection may also lead to a cluster. The price is one
    /// more round trip for a login on an existing session.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use velox_session::store::RedisStore;
    ///
    /// # async fn connect() -> redis::RedisResult<RedisStore> {
    /// // With the feature `connection-manager`, the redis crate has connections that reconnect.
    /// let client = redis::Client::open("redis://127.0.0.1")?;
    /// let store = RedisStore::with_connection(client.get_multiplexed_async_connection().await?);
    /// # Ok(store)
    /// # }
    /// ```
    pub fn with_connection(connection: impl ConnectionLike + Clone + Send + Sync + 'static) -> Self {
        Self::over(Link::own(connection))
    }

    /// Sets the deadline of each command, including connecting. The default is one second.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { link: self.link.with_deadline(deadline), ..self }
    }

    /// Makes each write wait until this many replicas have it, using `WAIT` of Redis. The default
    /// is zero, which turns this off.
    ///
    /// If the replicas do not have the write after `within`, the write fails and the request is
    /// answered with 503. [Failover](Self#failover) explains what this guarantees and what it does
    /// not.
    ///
    /// `WAIT` is sent right after the write, in the same round trip. Its time is part of the
    /// command's [deadline](Self::with_deadline): `within` is limited to nine tenths of the time
    /// that is left. A login on an existing session takes one more round trip: the old session is
    /// deleted once the replicas have the new one, and stays if they do not get it.
    ///
    /// - **Writes** are new sessions, saves, new ids and ended sessions, with their changes to the
    ///   lists of users. Taking a flash message is a save.
    /// - **Renewals** do not wait, whether [`load`](crate::SessionStore::load) or
    ///   [`touch`](crate::SessionStore::touch) makes them; otherwise reads would need replicas. If
    ///   a promoted replica lacks a renewal, the session ends as if it had not been renewed, unless
    ///   a read renews it before.
    /// - The counts of rate limits do not wait. If a count is lost, a client can try once more.
    ///
    /// While a connection waits, Redis carries out no other command on it. Writes therefore use a
    /// second connection to each server, and reads continue meanwhile. The writes of one process
    /// follow each other, with at most one in the time that a replica takes to answer. With
    /// [`with_connection`](Self::with_connection) everything uses the same connection, so reads
    /// wait behind writes.
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

    /// Sets the prefix of all keys. The default is `velox:`. In the VeloxTS layout, the keys of
    /// records have no prefix by default.
    #[must_use]
    pub fn with_key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.layout.prefix = Some(prefix.into());
        self
    }

    /// Stores records as VeloxTS does: under `<cookie name>:<id>`, in its JSON, with an `expiresAt`
    /// that is kept up to date. A VeloxTS service and this one can then serve the same sessions
    /// side by side, with one Redis and one secret. The guide `velox_session::guide::from_veloxts`
    /// explains each step.
    ///
    /// # Security
    ///
    /// Redis then contains the ids of the sessions in plain text. Anybody who can read Redis needs
    /// only the secret to use them. VeloxTS writes without a version check, so it can bring back a
    /// session that was ended here while VeloxTS served a request.
    #[must_use]
    pub fn with_veloxts_layout(mut self) -> Self {
        self.layout.veloxts = true;
        self
    }

    /// Returns the store with another clock. Use it in tests, and give the same clock to the
    /// builder. Redis expires records by its own clock.
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

    /// Returns the link for writes that count only once replicas have them.
    fn writes(&self) -> Link {
        self.link.clone().with_replicas(self.replicas)
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("link", &self.writes()).field("layout", &self.layout).finish_non_exhaustive()
    }
}
