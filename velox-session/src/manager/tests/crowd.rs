//! Tests many concurrent requests of one session on several threads.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::world::{World, ready, value};
use super::*;
use crate::clock::ManualClock;
use crate::store::{Condition, Destroyed, Expected, StoreError, Stored};
use crate::{MemoryStore, Record, SessionStore, StoreKey, session_middleware};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_counter_counts_every_request_that_succeeded() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let (headers, saved) = (world.headers(Some(&cookie)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = Vec::new();
    for _ in 0..32 {
        let (manager, headers, saved) = (world.manager.clone(), headers.clone(), Arc::clone(&saved));
        tasks.push(tokio::spawn(async move {
            let mut answered = Vec::new();
            for _ in 0..50 {
                let exchange = manager.open(&headers).await.expect("memory answers");
                let call = exchange.call();
                let n = call.session().update("n", |n: Option<usize>| n.unwrap_or(0) + 1).await.expect("a write");
                call.commit();
                tokio::task::yield_now().await;
                saved.fetch_add(usize::from(manager.close(&exchange).await.is_ok()), Ordering::Relaxed);
                answered.push(n);
            }
            answered
        }));
    }
    let mut answers = BTreeSet::new();
    for task in tasks {
        for n in task.await.expect("it does not panic") {
            assert!(answers.insert(n), "{n} was returned twice");
        }
    }
    let saved = saved.load(Ordering::Relaxed);
    assert!(saved > 1_500, "conflicts are resolved: {saved}");
    world.visit(Some(&cookie), |session| assert_eq!(session.get("n").expect("a read"), Some(saved)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_eight_readers_delivers_a_message() {
    for _ in 0..50 {
        let world = World::new();
        let (cookie, _) = world.issued(None, |session| session.flash("f", 1).expect("a write"));
        let headers = world.headers(Some(&cookie));
        let tasks = [(); 8].map(|()| {
            let (manager, headers) = (world.manager.clone(), headers.clone());
            tokio::spawn(async move {
                let exchange = manager.open(&headers).await.expect("memory answers");
                let call = exchange.call();
                let message = call.session().take_flash::<u32>("f").await.expect("a read");
                call.commit();
                tokio::task::yield_now().await;
                manager.close(&exchange).await.is_ok_and(|_| message.is_some())
            })
        });
        let mut delivered = 0;
        for task in tasks {
            delivered += usize::from(task.await.expect("it does not panic"));
        }
        assert_eq!(delivered, 1);
    }
}

/// A store in which another request is always faster, and each attempt takes 400 milliseconds.
#[derive(Clone)]
struct Contested {
    store: MemoryStore,
    clock: ManualClock,
    attempts: Arc<AtomicUsize>,
}

#[async_trait]
impl SessionStore for Contested {
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        self.store.get(key).await
    }
    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        if let (Some(present), Expected::Version(_)) = (self.store.get(key).await?, expected) {
            self.attempts.fetch_add(1, Ordering::Relaxed);
            self.clock.advance(Duration::from_millis(400));
            let other = Record::new(Arc::clone(present.content()), present.version() + 1, present.expires_at(), 0);
            assert_eq!(self.store.set(key, other, Expected::Version(present.version()), ttl).await?, Stored::Yes);
        }
        self.store.set(key, record, expected, ttl).await
    }
    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        self.store.destroy(key, condition).await
    }
    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        self.store.touch(key, ttl).await
    }
}

#[test]
fn a_request_that_others_always_overtake_is_a_conflict_and_no_fault_of_the_store() {
    let clock = ManualClock::at(1_000_000);
    let store = Contested {
        store: MemoryStore::new().with_clock(clock.clone()),
        clock: clock.clone(),
        attempts: Arc::default(),
    };
    let settings = session_middleware("conformance-session-secret-0123456789").store(store.clone()).clock(clock);
    let manager = settings.cookie_name("session").secure(false).build_manager().expect("good settings");
    let opened = |cookie: Option<&str>| {
        let mut headers = HeaderMap::new();
        cookie.into_iter().for_each(|cookie| drop(headers.insert(COOKIE, cookie.parse().expect("a cookie"))));
        ready(manager.open(&headers)).expect("memory answers")
    };
    let exchange = opened(None);
    let call = exchange.call();
    call.session().set("n", 0).expect("a write");
    call.session().flash("note", 1).expect("a write");
    call.commit();
    let closing = ready(manager.close(&exchange)).expect("memory answers");
    let cookie = format!("session={}", value(closing.set_cookie().expect("a cookie")));

    for early in [false, true] {
        let exchange = opened(Some(&cookie));
        let call = exchange.call();
        if early {
            let updated = ready(call.session().update("n", |n: Option<u32>| n.unwrap_or(0) + 1));
            assert!(matches!(updated, Err(SessionError::Conflict)), "{updated:?}");
        } else {
            call.session().set("n", 1).expect("a write");
        }
        call.commit();
        let closed = ready(manager.close(&exchange));
        assert_eq!(matches!(closed, Err(CloseError::Conflict)), !early, "{closed:?}");
        // A request may wait for three seconds.
        assert!(matches!(store.attempts.swap(0, Ordering::Relaxed), 6..=8));
    }
    let exchange = opened(Some(&cookie));
    let call = exchange.call();
    let taken = ready(call.session().take_flash::<u32>("note"));
    assert!(matches!(taken, Err(SessionError::Conflict)), "the message is still there: {taken:?}");
    assert_eq!(manager.counters().store_errors, 0);
}
