//! A manager over a memory store that counts, fails and waits as told, with a clock that tests set
//! by hand.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::clock::ManualClock;
use crate::config::{SessionBuilder, session_middleware};
use crate::key::StoreKey;
use crate::manager::{Closing, Manager, OpenSession, Session};
use crate::record::Record;
use crate::store::{
    Condition, Created, Destroyed, Expected, Found, MemoryStore, NewSession, Owner, Renewal, SessionStore, StoreError,
    Stored, create_in_steps,
};
use crate::user::SessionUser;

pub(super) const DAY: Duration = Duration::from_secs(86_400);

pub(super) const SECRET: &str = "conformance-session-secret-0123456789";

pub(super) struct World {
    pub(super) manager: Manager,
    pub(super) store: MemoryStore,
    pub(super) clock: ManualClock,
    probe: Arc<Probe>,
}

impl World {
    pub(super) fn new() -> Self {
        let clock = ManualClock::at(1_700_000_000_000);
        Self::with_store_clock(clock.clone(), clock)
    }

    /// Returns a world whose store has a separate clock.
    pub(super) fn with_store_clock(clock: ManualClock, store_clock: ManualClock) -> Self {
        let store = MemoryStore::new().with_clock(store_clock);
        let probe = Arc::new(Probe::new(store.clone()));
        let manager = build(&probe, &clock, vec![SECRET], "session");
        Self { manager, store, clock, probe }
    }

    pub(super) fn rebuild(&mut self, settings: impl FnOnce(SessionBuilder) -> SessionBuilder, secrets: Vec<&str>) {
        self.manager =
            settings(builder(&self.probe, &self.clock, secrets, "session")).build_manager().expect("good settings");
    }

    /// Returns a manager of another cookie, with the same secret and store.
    pub(super) fn beside(&self, name: &str) -> Manager {
        build(&self.probe, &self.clock, vec![SECRET], name)
    }

    /// Returns a manager whose store lets others run before each call.
    pub(super) fn stepped(&self) -> Manager {
        self.stepped_with(|settings| settings)
    }

    pub(super) fn stepped_with(&self, settings: impl FnOnce(SessionBuilder) -> SessionBuilder) -> Manager {
        let probe = Probe { waits_before: true, ..Probe::new(self.store.clone()) };
        settings(builder(&Arc::new(probe), &self.clock, vec![SECRET], "session"))
            .build_manager()
            .expect("good settings")
    }

    /// Returns a manager whose store lists no sessions.
    pub(super) fn unlisted(&self) -> Manager {
        let probe = Probe { lists: false, ..Probe::new(self.store.clone()) };
        build(&Arc::new(probe), &self.clock, vec![SECRET], "session")
    }

    /// Returns a manager whose store lets another request change the record right before each save,
    /// and takes this long for it.
    pub(super) fn overtaken(&self, time: Duration) -> Manager {
        let overtakes = Some((self.clock.clone(), time));
        build(&Arc::new(Probe { overtakes, ..Probe::new(self.store.clone()) }), &self.clock, vec![SECRET], "session")
    }

    /// Returns a manager whose store lets others run before each call and after each save.
    pub(super) fn slow(&self) -> Manager {
        let probe = Probe { waits_before: true, waits_after: true, ..Probe::new(self.store.clone()) };
        build(&Arc::new(probe), &self.clock, vec![SECRET], "session")
    }

    pub(super) fn headers(&self, cookie: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(cookie) = cookie {
            headers.insert(COOKIE, HeaderValue::from_str(&format!("a=1; session={cookie}")).expect("text"));
        }
        headers
    }

    pub(super) fn open(&self, cookie: Option<&str>) -> OpenSession {
        ready(self.manager.open(&self.headers(cookie))).expect("the store answers")
    }

    pub(super) fn close(&self, exchange: &OpenSession) -> Closing {
        ready(self.manager.close(exchange)).expect("it is saved")
    }

    /// Runs a request with one call that ends well.
    pub(super) fn exchange(&self, cookie: Option<&str>, run: impl FnOnce(&Session)) -> Closing {
        let exchange = self.open(cookie);
        let call = exchange.call();
        // An untouched session must stay untouched, so only `run` reads it.
        run(&call.session());
        call.commit();
        self.close(&exchange)
    }

    /// Does the same as `exchange`, and ignores what it sends.
    pub(super) fn visit(&self, cookie: Option<&str>, run: impl FnOnce(&Session)) {
        let _closing = self.exchange(cookie, run);
    }

    /// Does the same as `exchange`, and returns the value of the cookie and the whole header that
    /// it sends.
    pub(super) fn issued(&self, cookie: Option<&str>, run: impl FnOnce(&Session)) -> (String, String) {
        both(&self.exchange(cookie, run))
    }

    pub(super) fn close_issued(&self, exchange: &OpenSession) -> (String, String) {
        both(&self.close(exchange))
    }

    pub(super) fn user_of(&self, cookie: &str) -> Option<SessionUser> {
        let mut user = None;
        self.visit(Some(cookie), |session| user = session.user());
        user
    }

    /// Returns how many calls the store got.
    pub(super) fn calls(&self) -> u64 {
        self.probe.calls.load(Ordering::Relaxed)
    }

    /// Makes the store fail from its n-th call from now on.
    pub(super) fn fail_from(&self, calls: u64) {
        self.probe.fails_from.store(self.calls().saturating_add(calls), Ordering::Relaxed);
        self.probe.fails_to.store(u64::MAX, Ordering::Relaxed);
    }

    /// Makes the store fail in its n-th call from now on, and in no other.
    pub(super) fn fail_only(&self, call: u64) {
        self.fail_from(call);
        self.probe.fails_to.store(self.calls() + call + 1, Ordering::Relaxed);
    }

    /// Makes the next new ids collide.
    pub(super) fn collide(&self, times: u64) {
        self.probe.collisions.store(times, Ordering::Relaxed);
    }

    /// Returns all keys and records that the store was given, as text.
    pub(super) fn seen(&self) -> String {
        self.probe.seen.lock().expect("no test panics with it").clone()
    }
}

fn builder(probe: &Arc<Probe>, clock: &ManualClock, secrets: Vec<&str>, name: &str) -> SessionBuilder {
    session_middleware(secrets).store(Arc::clone(probe)).clock(clock.clone()).cookie_name(name).secure(false)
}

fn build(probe: &Arc<Probe>, clock: &ManualClock, secrets: Vec<&str>, name: &str) -> Manager {
    builder(probe, clock, secrets, name).build_manager().expect("good settings")
}

/// Returns the value of the cookie in a `Set-Cookie` header.
pub(super) fn value(line: &HeaderValue) -> String {
    let line = line.to_str().expect("text");
    line.strip_prefix("session=").and_then(|rest| rest.split(';').next()).expect("the cookie").to_owned()
}

fn both(closing: &Closing) -> (String, String) {
    let line = closing.set_cookie().expect("a cookie");
    (value(line), line.to_str().expect("text").to_owned())
}

/// Returns the output of a future that does not wait.
pub(super) fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// Runs a future until it waits.
pub(super) fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Option<F::Output> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

struct Probe {
    store: MemoryStore,
    calls: AtomicU64,
    fails_from: AtomicU64,
    fails_to: AtomicU64,
    collisions: AtomicU64,
    waits_before: bool,
    waits_after: bool,
    lists: bool,
    overtakes: Option<(ManualClock, Duration)>,
    seen: Mutex<String>,
}

impl Probe {
    fn new(store: MemoryStore) -> Self {
        Self {
            store,
            calls: AtomicU64::new(0),
            fails_from: AtomicU64::new(u64::MAX),
            fails_to: AtomicU64::new(u64::MAX),
            collisions: AtomicU64::new(0),
            waits_before: false,
            waits_after: false,
            lists: true,
            overtakes: None,
            seen: Mutex::default(),
        }
    }

    async fn called(&self, key: &StoreKey, record: Option<&Record>) -> Result<(), StoreError> {
        let text = key.to_text() + &record.map(Record::to_json).unwrap_or_default();
        self.seen.lock().expect("no test panics with it").push_str(&text);
        self.waits().await
    }

    async fn waits(&self) -> Result<(), StoreError> {
        pause(self.waits_before).await;
        let failing = self.fails_from.load(Ordering::Relaxed)..self.fails_to.load(Ordering::Relaxed);
        if failing.contains(&self.calls.fetch_add(1, Ordering::Relaxed)) {
            return Err(StoreError::new("told to fail"));
        }
        Ok(())
    }
}

async fn pause(waits: bool) {
    let mut done = !waits;
    std::future::poll_fn(|_| if std::mem::replace(&mut done, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

#[async_trait]
impl SessionStore for Probe {
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        self.called(key, None).await?;
        self.store.get(key).await
    }

    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        self.called(key, Some(&record)).await?;
        let collisions = self.collisions.load(Ordering::Relaxed);
        if expected == Expected::Absent && collisions > 0 {
            self.collisions.store(collisions - 1, Ordering::Relaxed);
            return Ok(Stored::Conflict(None));
        }
        if let (Some((clock, time)), Some(present)) = (&self.overtakes, self.store.get(key).await?) {
            clock.advance(*time);
            let version = Expected::Version(present.version());
            let other = Record::new(Arc::clone(present.content()), present.version() + 1, present.expires_at(), 0);
            assert_eq!(self.store.set(key, other, version, ttl).await?, Stored::Yes);
        }
        let stored = self.store.set(key, record, expected, ttl).await;
        pause(self.waits_after).await;
        stored
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        self.called(key, None).await?;
        self.store.destroy(key, condition).await
    }

    async fn create(&self, new: NewSession<'_>) -> Result<Created, StoreError> {
        // This runs in single steps, unless only one step can do it.
        if !self.lists || !new.ends_others && !new.login.is_some_and(|login| login.strict) {
            return create_in_steps(self, new).await;
        }
        self.called(new.key, Some(&new.record)).await?;
        self.store.create(new).await
    }

    async fn end_sessions(&self, owner: &Owner, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
        self.waits().await?;
        if self.lists { self.store.end_sessions(owner, keep).await } else { Err(StoreError::unsupported("end")) }
    }

    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        self.waits().await?;
        if self.lists { self.store.sessions_of(owner).await } else { Err(StoreError::unsupported("list")) }
    }

    async fn load(&self, key: &StoreKey, renewal: &Renewal) -> Result<Option<Found>, StoreError> {
        self.called(key, None).await?;
        self.store.load(key, renewal).await
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        self.called(key, None).await?;
        self.store.touch(key, ttl).await
    }
}
