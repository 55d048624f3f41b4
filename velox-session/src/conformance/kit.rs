//! The tools of the checks: unique keys and records, and calls that report what went wrong.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;

use super::harness::Harness;
use super::threads::{self, Task};
use crate::clock::milliseconds;
use crate::event::Chain;
use crate::id::SessionId;
use crate::key::StoreKey;
use crate::policy::Policy;
use crate::record::{Content, Record};
use crate::store::{
    Condition, Created, Destroyed, Expected, Found, Login, NewSession, Owner, Renewal, SessionStore, StoreError, Stored,
};
use crate::user::{SessionUser, UserLogin};

/// The name of a promise, and the check that tests it.
pub(super) type Check<'k> = (&'static str, Checking<'k>);

pub(super) type Checking<'k> = Pin<Box<dyn Future<Output = Result<(), Miss>> + Send + 'k>>;

/// The reason why a promise does not count as kept.
#[derive(Clone, Debug)]
pub(super) enum Miss {
    /// The check observed this.
    Broken(String),
    /// The store says that it does not support this.
    NotOffered,
}

/// A task that runs concurrently with others, and its result.
pub(super) type Work<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

/// A store under test, with short forms of the usual steps.
pub(super) struct Kit<'h> {
    harness: &'h dyn Harness,
    store: Arc<dyn SessionStore>,
    /// Every second load uses `load_now`, if the store supports it.
    at_once: AtomicBool,
}

/// Ends a check with this observation unless the condition holds.
macro_rules! ensure {
    ($holds:expr, $($seen:tt)+) => {
        if !$holds {
            return Err(Miss::Broken(format!($($seen)+)));
        }
    };
}
pub(super) use ensure;

impl<'h> Kit<'h> {
    pub(super) fn new(harness: &'h dyn Harness) -> Self {
        Self { harness, store: harness.store(), at_once: AtomicBool::new(false) }
    }

    pub(super) fn now(&self) -> u64 {
        self.harness.now()
    }

    pub(super) fn slack(&self) -> Duration {
        self.harness.slack()
    }

    pub(super) async fn advance(&self, by: Duration) {
        self.harness.advance(by).await;
    }

    /// Returns a record that holds a string.
    pub(super) fn record(&self, text: &str, version: u64) -> Record {
        record(text, version, self.now())
    }

    /// Returns a record of a user.
    pub(super) fn record_of(&self, user: &str, version: u64) -> Record {
        record_of(user, version, self.now())
    }

    /// Returns a record of a user who has logged in with a separate lifetime.
    pub(super) fn remembered(&self, user: &str, max_age: Duration) -> Record {
        let (user, now) = (SessionUser::new(user, "ada@example.com"), self.now());
        let mut content = Content::new(now);
        content.log_in(&UserLogin { max_age: Some(milliseconds(max_age)), ..UserLogin::plain(user, now) });
        Record::new(Arc::new(content), 1, now, now)
    }

    /// Returns a record of a user who has logged in at this time.
    pub(super) fn record_at(&self, user: &str, created_at: u64) -> Record {
        record_of(user, 1, created_at)
    }

    /// Stores a record for an hour under a unique key.
    pub(super) async fn present(&self) -> Result<StoreKey, Miss> {
        self.inserted(self.record("a", 1), HOUR).await
    }

    /// Stores this record under a unique key.
    pub(super) async fn inserted(&self, record: Record, ttl: Duration) -> Result<StoreKey, Miss> {
        let key = key(COOKIE);
        self.insert(&key, record, ttl).await?;
        Ok(key)
    }

    pub(super) async fn insert(&self, key: &StoreKey, record: Record, ttl: Duration) -> Result<(), Miss> {
        let stored = self.set(key, record, Expected::Absent, ttl).await?;
        ensure!(stored == Stored::Yes, "a new record under a new key: {stored:?}");
        Ok(())
    }

    pub(super) async fn get(&self, key: &StoreKey) -> Result<Option<Record>, Miss> {
        self.store.get(key).await.map_err(failed("get"))
    }

    pub(super) async fn are_live(&self, keys: &[StoreKey]) -> Result<Vec<bool>, Miss> {
        self.store.are_live(keys).await.map_err(failed("are_live"))
    }

    /// Returns the record under this key. It must exist.
    pub(super) async fn found(&self, key: &StoreKey) -> Result<Record, Miss> {
        self.get(key)
            .await?
            .ok_or_else(|| Miss::Broken("get returned no record, although the session has not ended".to_owned()))
    }

    pub(super) async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, Miss> {
        let record = record.with_expiry(self.now().saturating_add(milliseconds(ttl)));
        self.store.set(key, record, expected, ttl).await.map_err(failed("set"))
    }

    /// Saves a text under the version after the expected one.
    pub(super) async fn save(&self, key: &StoreKey, text: &str, expected: u64) -> Result<Stored, Miss> {
        self.set(key, self.record(text, expected + 1), Expected::Version(expected), HOUR).await
    }

    pub(super) async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, Miss> {
        self.store.destroy(key, condition).await.map_err(failed("destroy"))
    }

    /// Ends a session. It must exist.
    pub(super) async fn end(&self, key: &StoreKey) -> Result<(), Miss> {
        let destroyed = self.destroy(key, Condition::Always).await?;
        ensure!(destroyed == Destroyed::Yes, "destroy of a live record: {destroyed:?}");
        Ok(())
    }

    /// Begins a session that does not affect a user's other sessions.
    pub(super) async fn create(&self, new: NewSession<'_>) -> Result<Created, Miss> {
        self.store.create(self.expiring(new)).await.map_err(failed("create"))
    }

    /// Replaces another session with a record.
    pub(super) async fn replace(
        &self,
        (old, condition): (&StoreKey, Condition),
        new: &StoreKey,
        record: Record,
        ttl: Duration,
    ) -> Result<Created, Miss> {
        let replaces = Some((old, condition));
        self.create(NewSession { replaces, ..NewSession::new(new, record, ttl) }).await
    }

    /// Begins a session in a way that a store need not support: with a limit, or ending all others.
    pub(super) async fn begin(&self, new: NewSession<'_>) -> Result<Created, Miss> {
        self.store.create(self.expiring(new)).await.map_err(failed("create for a user"))
    }

    /// Logs in by a request that began this long ago.
    pub(super) async fn log_in(&self, key: &StoreKey, user: &str, since: Duration) -> Result<Created, Miss> {
        let login = Some(Login { since, limit: None, strict: false });
        self.begin(NewSession { login, ..NewSession::new(key, self.record_of(user, 1), HOUR) }).await
    }

    pub(super) async fn end_sessions(&self, owner: &Owner, keep: Option<&StoreKey>) -> Result<Option<u64>, Miss> {
        self.store.end_sessions(owner, keep).await.map_err(failed("end_sessions"))
    }

    pub(super) async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, Miss> {
        self.store.touch(key, ttl).await.map_err(failed("touch"))
    }

    pub(super) async fn load(&self, key: &StoreKey, lives: Lives) -> Result<Option<Found>, Miss> {
        let (renewal, at_once) = (lives.renewal(self.now()), self.at_once.fetch_not(Ordering::Relaxed));
        let found = if at_once { self.store.load_now(key, &renewal) } else { None };
        let found = match found {
            Some(found) => found,
            None => self.store.load(key, &renewal).await,
        };
        found.map_err(failed("load"))
    }

    /// Returns the record under this key as `load` finds it. It must exist.
    pub(super) async fn loaded(&self, key: &StoreKey, lives: Lives) -> Result<Found, Miss> {
        let found = self.load(key, lives).await?;
        found.ok_or_else(|| Miss::Broken("load returned no record, although the session has not ended".to_owned()))
    }

    pub(super) async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, Miss> {
        self.store.sessions_of(owner).await.map_err(failed("sessions_of"))
    }

    /// Checks that a record holds this text in this version.
    pub(super) async fn holds(&self, key: &StoreKey, text: &str, version: u64) -> Result<(), Miss> {
        let record = self.found(key).await?;
        let seen = (record.content().values.get("text"), record.version());
        ensure!(seen == (Some(text.into()), version), "get returned {seen:?}, not {text:?} in version {version}");
        Ok(())
    }

    /// Checks that a record belongs to this user.
    pub(super) async fn holds_user(&self, key: &StoreKey, user: &str) -> Result<(), Miss> {
        let record = self.found(key).await?;
        ensure!(key.owner(&record).is_some_and(|owner| owner.user() == user), "get returned a record of another user");
        Ok(())
    }

    pub(super) async fn is_gone(&self, key: &StoreKey, why: &str) -> Result<(), Miss> {
        ensure!(self.get(key).await?.is_none(), "get returned a record, but {why}");
        Ok(())
    }

    /// Checks that a record expires after this time, or earlier by at most the store's slack.
    pub(super) fn expires_in(&self, call: &str, record: &Record, ttl: Duration) -> Result<(), Miss> {
        let latest = self.now().saturating_add(milliseconds(ttl));
        let soonest = latest.saturating_sub(milliseconds(self.slack()));
        let at = record.expires_at();
        ensure!(
            (soonest..=latest).contains(&at),
            "{call}: the record expires {} ms later than expected, which is {latest}",
            i128::from(at) - i128::from(latest)
        );
        Ok(())
    }

    /// Checks that a record lives for this long and no longer.
    pub(super) async fn ends_in(&self, key: &StoreKey, ttl: Duration) -> Result<(), Miss> {
        let last = self.slack() + MOMENT;
        self.advance(ttl.saturating_sub(last)).await;
        ensure!(self.get(key).await?.is_some(), "get returned no record a moment before the session ends");
        self.advance(last.min(ttl)).await;
        self.is_gone(key, "its lifetime is over").await
    }

    /// Checks that a save was refused and returned the record under this key, which expires after
    /// this time.
    pub(super) async fn handed_back(
        &self,
        call: &str,
        stored: Stored,
        key: &StoreKey,
        ttl: Duration,
    ) -> Result<(), Miss> {
        let Stored::Conflict(Some(record)) = stored else {
            return Err(Miss::Broken(format!("{call} that expects another version than the present one: {stored:?}")));
        };
        self.expires_in(call, &record, ttl)?;
        let there = self.found(key).await?.with_expiry(record.expires_at());
        ensure!(record == there, "{call} returned another record than get, in version {}", record.version());
        Ok(())
    }

    fn expiring<'a>(&self, new: NewSession<'a>) -> NewSession<'a> {
        let expires_at = self.now().saturating_add(milliseconds(new.ttl));
        NewSession { record: new.record.with_expiry(expires_at), ..new }
    }

    /// Runs something this many times concurrently, each with its own handle to the store. Returns
    /// the results in order.
    pub(super) async fn at_once<T, F>(
        &self,
        count: usize,
        work: impl Fn(usize, Arc<dyn SessionStore>) -> F,
    ) -> Result<Vec<T>, Miss>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let results: Vec<_> = (0..count).map(|_| Arc::new(Mutex::new(None))).collect();
        let tasks = results.iter().enumerate().map(|(index, result)| {
            let (work, result) = (work(index, self.harness.store()), Arc::clone(result));
            let task: Task = Box::pin(async move {
                let done = work.await;
                *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
            });
            self.harness.spawn(task)
        });
        threads::join(tasks.collect()).await;
        let taken = results.iter().map(|result| {
            let done = result.lock().unwrap_or_else(PoisonError::into_inner).take();
            done.ok_or_else(|| Miss::Broken("the store panicked".to_owned()))?.map_err(failed("a concurrent call"))
        });
        taken.collect()
    }
}

/// The settings by which a load renews lifetimes.
#[derive(Clone, Copy)]
pub(super) struct Lives {
    pub(super) ttl: Duration,
    pub(super) absolute: Option<Duration>,
    pub(super) interval: Duration,
}

impl Lives {
    /// One hour, renewed every six minutes.
    pub(super) const USUAL: Self = Self { ttl: HOUR, absolute: None, interval: Duration::from_secs(360) };

    pub(super) fn renewal(self, now: u64) -> Renewal {
        let policy = Policy {
            ttl: milliseconds(self.ttl),
            absolute: self.absolute.map(milliseconds),
            touch_interval: milliseconds(self.interval),
            sliding: true,
        };
        Renewal::new(policy, now)
    }
}

/// Returns a key without a record.
pub(crate) fn key(cookie: &str) -> StoreKey {
    StoreKey::new(&cookie.into(), &id())
}

/// Returns a record that holds a string.
pub(crate) fn record(text: &str, version: u64, now: u64) -> Record {
    let mut content = Content::new(now);
    content.values.set("text", json!(text));
    Record::new(Arc::new(content), version, now, now)
}

/// Returns a record of a user.
pub(super) fn record_of(user: &str, version: u64, now: u64) -> Record {
    let mut content = Content::new(now);
    content.log_in(&UserLogin::plain(SessionUser::new(user, "ada@example.com"), now));
    Record::new(Arc::new(content), version, now, now)
}

/// Returns whether a save was refused.
pub(super) fn refused(stored: &Stored) -> bool {
    matches!(stored, Stored::Conflict(_))
}

/// Returns a new id.
pub(super) fn id() -> SessionId {
    SessionId::generate().expect("the system has a random source")
}

fn failed(call: &'static str) -> impl Fn(StoreError) -> Miss {
    move |error| {
        if error.is_unsupported() && ["sessions_of", "end_sessions", "create for a user"].contains(&call) {
            return Miss::NotOffered;
        }
        Miss::Broken(format!("{call}: {}", Chain(&error)))
    }
}

pub(super) const COOKIE: &str = "session";
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
/// The number of tasks that do the same concurrently, and the number of tries.
pub(super) const TASKS: usize = 8;
pub(super) const ROUNDS: usize = 40;
pub(super) const MOMENT: Duration = Duration::from_millis(1);
