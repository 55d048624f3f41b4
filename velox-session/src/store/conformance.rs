//! What every store must do, as a function over any store. The public conformance kit grows out of it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::{Condition, Destroyed, Expected, SessionStore, Stored};
use crate::clock::{Clock, ManualClock};
use crate::id::SessionId;
use crate::key::StoreKey;
use crate::record::{Content, Record};

/// Runs every check on a store that goes by this clock.
pub(crate) async fn check<S: SessionStore>(store: S, clock: ManualClock) {
    let kit = Kit { store, clock };
    kit.what_is_set_is_found().await;
    kit.a_new_record_never_replaces_one().await;
    kit.a_save_replaces_only_the_version_it_expects().await;
    kit.a_save_never_creates().await;
    kit.a_destroyed_record_is_gone_once().await;
    kit.a_touch_moves_the_expiry_and_nothing_else().await;
    kit.a_touch_may_shorten_a_life().await;
    kit.a_touch_never_creates().await;
    kit.an_expired_record_is_none().await;
    kit.a_save_renews_the_life().await;
    kit.keys_are_apart().await;
}

struct Kit<S> {
    store: S,
    clock: ManualClock,
}

const MINUTE: Duration = Duration::from_secs(60);

impl<S: SessionStore> Kit<S> {
    async fn what_is_set_is_found(&self) {
        let key = key("session");
        assert_eq!(self.get(&key).await, None);
        assert_eq!(self.set(&key, "a", 1, Expected::Absent, MINUTE).await, Stored::Yes);
        let found = self.get(&key).await.expect("it was set");
        assert_eq!((found.data()["text"].as_str(), found.version()), (Some("a"), 1));
        assert_eq!(found.expires_at(), self.clock.now() + 60_000);
    }

    async fn a_new_record_never_replaces_one(&self) {
        let key = self.present().await;
        assert_eq!(self.set(&key, "b", 1, Expected::Absent, MINUTE).await, Stored::Conflict);
        assert_eq!(self.text(&key).await.as_deref(), Some("a"));
    }

    async fn a_save_replaces_only_the_version_it_expects(&self) {
        let key = self.present().await;
        assert_eq!(self.set(&key, "b", 3, Expected::Version(2), MINUTE).await, Stored::Conflict);
        assert_eq!(self.set(&key, "b", 1, Expected::Version(0), MINUTE).await, Stored::Conflict);
        assert_eq!(self.text(&key).await.as_deref(), Some("a"));
        assert_eq!(self.set(&key, "b", 2, Expected::Version(1), MINUTE).await, Stored::Yes);
        assert_eq!(self.set(&key, "c", 2, Expected::Version(1), MINUTE).await, Stored::Conflict);
        assert_eq!(self.text(&key).await.as_deref(), Some("b"));
    }

    async fn a_save_never_creates(&self) {
        let key = self.present().await;
        self.destroy(&key).await;
        for version in [0, 1] {
            assert_eq!(self.set(&key, "b", 2, Expected::Version(version), MINUTE).await, Stored::Conflict);
        }
        assert_eq!(self.get(&key).await, None);
    }

    async fn a_destroyed_record_is_gone_once(&self) {
        let key = self.present().await;
        assert!(self.destroy(&key).await);
        assert_eq!(self.get(&key).await, None);
        assert!(!self.destroy(&key).await);
        assert!(!self.touch(&key, MINUTE).await);
    }

    async fn a_touch_moves_the_expiry_and_nothing_else(&self) {
        let key = self.present().await;
        let before = self.get(&key).await.expect("it was set");
        self.clock.advance(MINUTE / 2);
        assert!(self.touch(&key, MINUTE).await);
        let after = self.get(&key).await.expect("it was set");
        assert_eq!(after.expires_at(), self.clock.now() + 60_000);
        assert_eq!(after, before.with_expiry(after.expires_at()));
        self.clock.advance(MINUTE - Duration::from_millis(1));
        assert!(self.get(&key).await.is_some());
        self.clock.advance(Duration::from_millis(1));
        assert_eq!(self.get(&key).await, None);
    }

    async fn a_touch_may_shorten_a_life(&self) {
        let key = self.present().await;
        assert!(self.touch(&key, MINUTE / 4).await);
        self.clock.advance(MINUTE / 4);
        assert_eq!(self.get(&key).await, None);
    }

    async fn a_touch_never_creates(&self) {
        let key = key("session");
        assert!(!self.touch(&key, MINUTE).await);
        assert_eq!(self.get(&key).await, None);
    }

    async fn an_expired_record_is_none(&self) {
        let key = self.present().await;
        self.clock.advance(MINUTE);
        assert_eq!(self.get(&key).await, None);
        assert!(!self.touch(&key, MINUTE).await);
        assert_eq!(self.set(&key, "b", 2, Expected::Version(1), MINUTE).await, Stored::Conflict);
        assert!(!self.destroy(&key).await);
        assert_eq!(self.set(&key, "c", 1, Expected::Absent, MINUTE).await, Stored::Yes);
        assert_eq!(self.text(&key).await.as_deref(), Some("c"));
    }

    async fn a_save_renews_the_life(&self) {
        let key = self.present().await;
        self.clock.advance(MINUTE / 2);
        assert_eq!(self.set(&key, "b", 2, Expected::Version(1), MINUTE).await, Stored::Yes);
        self.clock.advance(MINUTE / 2);
        assert_eq!(self.text(&key).await.as_deref(), Some("b"));
        self.clock.advance(MINUTE / 2);
        assert_eq!(self.get(&key).await, None);
    }

    async fn keys_are_apart(&self) {
        let id = SessionId::generate().expect("entropy");
        let (one, other) = (StoreKey::new(&"session".into(), &id), StoreKey::new(&"short".into(), &id));
        assert_eq!(self.set(&one, "a", 1, Expected::Absent, MINUTE).await, Stored::Yes);
        assert_eq!(self.get(&other).await, None);
        assert_eq!(self.set(&other, "b", 1, Expected::Absent, MINUTE).await, Stored::Yes);
        assert!(self.destroy(&one).await);
        assert_eq!(self.text(&other).await.as_deref(), Some("b"));
    }

    async fn present(&self) -> StoreKey {
        let key = key("session");
        assert_eq!(self.set(&key, "a", 1, Expected::Absent, MINUTE).await, Stored::Yes);
        key
    }

    async fn get(&self, key: &StoreKey) -> Option<Record> {
        self.store.get(key).await.expect("the store answers")
    }

    async fn text(&self, key: &StoreKey) -> Option<String> {
        self.get(key).await.and_then(|record| record.data()["text"].as_str().map(str::to_owned))
    }

    async fn set(&self, key: &StoreKey, text: &str, version: u64, expected: Expected, ttl: Duration) -> Stored {
        let now = self.clock.now();
        let expires_at = now + crate::clock::milliseconds(ttl);
        let record = record(text, version, now).with_expiry(expires_at);
        self.store.set(key, record, expected, ttl).await.expect("the store answers")
    }

    async fn destroy(&self, key: &StoreKey) -> bool {
        self.store.destroy(key, Condition::Always).await.expect("the store answers") == Destroyed::Yes
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> bool {
        self.store.touch(key, ttl).await.expect("the store answers")
    }
}

/// A key that nothing is kept under.
pub(crate) fn key(name: &str) -> StoreKey {
    StoreKey::new(&name.into(), &SessionId::generate().expect("entropy"))
}

/// A record that holds a text.
pub(crate) fn record(text: &str, version: u64, now: u64) -> Record {
    let mut content = Content::new(now);
    content.set("text", json!(text));
    Record::new(Arc::new(content), version, now, now)
}
