use super::*;
use crate::clock::ManualClock;
use crate::conformance::{ManualHarness, check, key, record};
use crate::policy::Policy;
use crate::record::Content;
use crate::store::Rotated;
use crate::user::SessionUser;

const SECOND: Duration = Duration::from_secs(1);

fn store() -> (MemoryStore, ManualClock) {
    let clock = ManualClock::at(1_000_000);
    (MemoryStore::new().with_clock(clock.clone()), clock)
}

/// A store whose expired records leave when the test says so.
fn store_without_thread(capacity: usize) -> (MemoryStore, ManualClock) {
    let (store, clock) = store();
    let store = store.with_capacity(capacity);
    store.shards.cleaner.never_start();
    (store, clock)
}

async fn insert(store: &MemoryStore, ttl: Duration) -> StoreKey {
    let key = key("session");
    let stored = store.set(&key, record("a", 1, 0), Expected::Absent, ttl).await.expect("memory answers");
    assert_eq!(stored, Stored::Yes);
    key
}

async fn has(store: &MemoryStore, key: &StoreKey) -> bool {
    store.get(key).await.expect("memory answers").is_some()
}

#[tokio::test]
async fn it_is_a_store() {
    let (store, clock) = store();
    for store in [store.clone(), store.with_capacity(500)] {
        let report = check(&ManualHarness::new(store, clock.clone()).in_threads()).await;
        report.assert();
        assert_eq!(report.not_offered().count(), 0, "{report}");
    }
}

#[tokio::test]
async fn it_never_holds_more_than_its_capacity() {
    for capacity in [1, 2, 7, 1_024, 1_500] {
        let store = store().0.with_capacity(capacity);
        for _ in 0..3 * capacity {
            insert(&store, SECOND).await;
            assert!(store.len() <= capacity);
        }
    }
}

#[tokio::test]
async fn a_new_session_takes_the_place_of_the_one_next_to_expire() {
    let store = store().0.with_capacity(3);
    let (long, short, middle) =
        (insert(&store, 30 * SECOND).await, insert(&store, 10 * SECOND).await, insert(&store, 20 * SECOND).await);
    // Used again, the short one is the last in line.
    assert!(store.touch(&short, 40 * SECOND).await.expect("memory answers"));
    let new = insert(&store, 50 * SECOND).await;
    assert!(!has(&store, &middle).await);
    assert!(has(&store, &long).await && has(&store, &short).await && has(&store, &new).await);
}

#[tokio::test]
async fn a_save_evicts_nobody() {
    let store = store().0.with_capacity(2);
    let (one, other) = (insert(&store, SECOND).await, insert(&store, SECOND).await);
    let stored = store.set(&one, record("b", 2, 0), Expected::Version(1), SECOND).await.expect("memory answers");
    assert_eq!(stored, Stored::Yes);
    assert!(has(&store, &one).await && has(&store, &other).await);
}

/// How many records there are, live or not.
fn held(store: &MemoryStore) -> usize {
    store.shards.all().map(|shard| shard.len() as usize).sum()
}

/// E8, where no thread can be had.
#[tokio::test]
async fn expired_records_leave_as_others_come() {
    let (store, clock) = store_without_thread(1_000);
    for _ in 0..400 {
        insert(&store, SECOND).await;
    }
    clock.advance(SECOND);
    for written in 1..=400 {
        insert(&store, SECOND).await;
        assert_eq!(held(&store), 400 + written - (2 * written).min(400));
    }
}

/// E8: no step keeps a call waiting for longer, however many records expire at once.
#[tokio::test]
async fn a_step_removes_no_more_than_a_few() {
    let (store, clock) = store_without_thread(100_000);
    for _ in 0..2_000 {
        insert(&store, SECOND).await;
    }
    assert!(!store.shards.clean(clock.now()));
    clock.advance(SECOND);
    let most = store.shards.places.len() * EXPIRED_PER_STEP as usize;
    let mut before = held(&store);
    while store.shards.clean(clock.now()) {
        let after = held(&store);
        assert!(before > after && before - after <= most);
        before = after;
    }
    assert_eq!(held(&store), 0);
}

/// E8: with no call at all.
#[tokio::test]
async fn expired_records_leave_by_themselves() {
    let (store, clock) = store();
    for _ in 0..2 {
        for _ in 0..2_000 {
            insert(&store, SECOND).await;
        }
        assert_eq!(held(&store), 2_000);
        clock.advance(SECOND);
        until(|| {
            store.shards.cleaner.wake();
            held(&store) == 0
        });
        // It ends then, and the next session brings another one.
        until(|| !store.shards.cleaner.is_at_work());
    }
}

/// E8
#[tokio::test]
async fn the_thread_ends_with_the_store() {
    let (store, clock) = (MemoryStore::new(), Arc::new(ManualClock::at(1)));
    let store = store.with_clock(Arc::clone(&clock));
    insert(&store, SECOND).await;
    assert!(store.shards.cleaner.is_at_work());
    drop(store);
    until(|| Arc::strong_count(&clock) == 1);
}

/// Waits for another thread, which has nothing to wait for.
fn until(reached: impl Fn() -> bool) {
    let patience = std::time::Instant::now() + Duration::from_secs(60);
    while !reached() {
        assert!(std::time::Instant::now() < patience, "the thread does nothing");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[tokio::test]
async fn a_read_renews_in_the_same_step() {
    let (store, clock) = store();
    let policy = Policy { ttl: 60_000, absolute: None, touch_interval: 10_000, sliding: true };
    let key = insert(&store, 60 * SECOND).await;
    let load = async || {
        let found = store.load(&key, &Renewal::new(policy, clock.now())).await.expect("memory answers");
        found.map(|found| (found.renewed, found.record.expires_at() - clock.now()))
    };
    clock.advance(9 * SECOND);
    assert_eq!(load().await, Some((false, 51_000)));
    clock.advance(SECOND);
    assert_eq!(load().await, Some((true, 60_000)));
    clock.advance(59 * SECOND);
    assert_eq!(load().await, Some((true, 60_000)));
    clock.advance(60 * SECOND);
    assert_eq!(load().await, None);
}

#[tokio::test]
async fn the_sessions_of_a_user_are_those_of_one_cookie_that_live() {
    let (store, clock) = store();
    let mut theirs = Vec::new();
    for (name, user, ttl) in [("a", "u1", 9), ("a", "u1", 9), ("a", "u2", 9), ("b", "u1", 9), ("a", "u1", 1)] {
        let key = key(name);
        let stored = store.set(&key, login(user), Expected::Absent, ttl * SECOND).await.expect("memory answers");
        assert_eq!(stored, Stored::Yes);
        theirs.push(key);
    }
    insert(&store, SECOND).await;
    clock.advance(SECOND);
    let owner = theirs[0].owner(&login("u1")).expect("somebody is logged in");
    let listed = async || -> Vec<String> {
        let found = store.sessions_of(&owner).await.expect("memory answers");
        assert!(found.iter().all(|(_, record)| record.user().is_some_and(|user| user.id == "u1")));
        let mut texts: Vec<_> = found.iter().map(|(key, _)| key.to_text()).collect();
        texts.sort();
        texts
    };
    let mut expected = [theirs[0].to_text(), theirs[1].to_text()];
    expected.sort();
    assert_eq!(listed().await, expected);
    for key in &theirs[..2] {
        let destroyed = store.destroy(key, Condition::Always).await.expect("memory answers");
        assert_eq!(destroyed, Destroyed::Yes);
    }
    assert!(listed().await.is_empty());
}

#[tokio::test]
async fn a_record_that_has_changed_is_destroyed_only_without_condition() {
    let (store, _) = store();
    let key = insert(&store, SECOND).await;
    let destroy = async |condition| store.destroy(&key, condition).await.expect("memory answers");
    assert_eq!(destroy(Condition::Version(2)).await, Destroyed::Conflict);
    assert_eq!(destroy(Condition::Version(1)).await, Destroyed::Yes);
    assert_eq!(destroy(Condition::Always).await, Destroyed::Absent);
}

fn login(user: &str) -> Record {
    let mut content = Content::new(0);
    content.log_in(SessionUser::new(user, "mail@example.com"), 0);
    Record::new(Arc::new(content), 1, 0, 0)
}

#[tokio::test]
async fn a_life_that_was_shortened_ends_on_time() {
    let (store, clock) = store();
    let (touched, saved) = (insert(&store, 100 * SECOND).await, insert(&store, 100 * SECOND).await);
    assert!(store.touch(&touched, SECOND).await.expect("memory answers"));
    let stored = store.set(&saved, record("b", 2, 0), Expected::Version(1), SECOND).await.expect("memory answers");
    assert_eq!((stored, store.len()), (Stored::Yes, 2));
    clock.advance(SECOND);
    assert_eq!(store.len(), 0);
}

#[tokio::test]
async fn clear_ends_all() {
    let (store, _) = store();
    let key = insert(&store, SECOND).await;
    store.clear();
    assert!(store.is_empty() && !has(&store, &key).await);
}

/// G4: what gets a new id takes its own place, and nobody else's, also where the old one is the next to leave.
#[tokio::test]
async fn a_full_store_gives_a_session_a_new_id() {
    for (capacity, condition) in
        [1, 2, 7].into_iter().flat_map(|capacity| [(capacity, Condition::Version(1)), (capacity, Condition::Always)])
    {
        let store = store().0.with_capacity(capacity);
        let old = insert(&store, SECOND).await;
        let mut others = Vec::new();
        for _ in 1..capacity {
            others.push(insert(&store, 2 * SECOND).await);
        }
        let new = key("session");
        let rotated = store.rotate(&old, condition, &new, record("b", 1, 0), SECOND).await.expect("memory answers");
        assert_eq!(rotated, Rotated::Yes, "of {capacity}");
        assert!(has(&store, &new).await && !has(&store, &old).await);
        for other in &others {
            assert!(has(&store, other).await);
        }
    }
}

/// F8: a session that gets a new id meanwhile is not passed over.
#[test]
fn clear_takes_all_shards_at_once() {
    let (store, _) = store_without_thread(1_024);
    let first = || store.shards.places[0].0.try_lock();
    let mut keys = std::iter::repeat_with(|| key("session"));
    let in_the_first = keys.find(|key| key.spread().is_multiple_of(16)).expect("they do not end");
    let stored = lock(&store.shards.places[0]).set(&in_the_first, record("a", 1, u64::MAX), Expected::Absent, 0);
    assert_eq!(stored, Stored::Yes);
    let last = lock(&store.shards.places[15]);
    let at_work = {
        let store = store.clone();
        std::thread::spawn(move || store.clear())
    };
    // It has begun with the first one, and waits for the last one: what it has cleared must take in nobody before it has done.
    until(|| first().is_ok_and(|shard| shard.len() == 0) || first().is_err());
    for _ in 0..100 {
        assert!(first().is_err());
        std::thread::yield_now();
    }
    drop(last);
    at_work.join().expect("nothing panics");
}

/// A clock that is read by a call, which then is kept waiting until `meanwhile` is done.
struct Slow {
    clock: ManualClock,
    meanwhile: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Clock for Slow {
    fn now(&self) -> u64 {
        let now = self.clock.now();
        let meanwhile = self.meanwhile.lock().expect("nothing panics").take();
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
        now
    }
}

/// F8, C1: what is over for a list of a user's sessions is over for a save that began before.
#[tokio::test]
async fn what_has_expired_for_a_list_is_not_saved_by_a_call_that_is_late() {
    let (store, clock) = store_without_thread(10);
    let key = key("session");
    let stored = store.set(&key, login("u1"), Expected::Absent, SECOND).await.expect("memory answers");
    assert_eq!(stored, Stored::Yes);
    let owner = key.owner(&login("u1")).expect("somebody is logged in");
    let listed = Arc::new(Mutex::new(None));
    let meanwhile = {
        let (store, clock, listed) = (store.clone(), clock.clone(), Arc::clone(&listed));
        move || {
            clock.advance(SECOND);
            // Where the call has begun its work, nobody lists anything before it is done.
            if store.shards.places[0].0.try_lock().is_ok() {
                let mut found = Vec::new();
                lock(&store.shards.places[0]).sessions_of(&owner, clock.now(), &mut found);
                *listed.lock().expect("nothing panics") = Some(found.len());
            }
        }
    };
    let slow = Slow { clock, meanwhile: Mutex::new(Some(Box::new(meanwhile))) };
    let saved = store.clone().with_clock(slow).set(&key, login("u1"), Expected::Version(1), SECOND).await;
    let listed = *listed.lock().expect("nothing panics");
    assert!(listed.is_none() || saved.expect("memory answers") == Stored::Conflict, "it listed {listed:?}");
}

/// F8, E1: the same for a read that would renew it.
#[tokio::test]
async fn what_has_expired_is_not_renewed_by_a_call_that_is_late() {
    let (store, clock) = store_without_thread(10);
    let policy = Policy { ttl: 60_000, absolute: None, touch_interval: 0, sliding: true };
    let key = insert(&store, SECOND).await;
    let renewal = Renewal::new(policy, clock.now());
    clock.advance(SECOND);
    assert_eq!(store.load(&key, &renewal).await.expect("memory answers"), None);
    assert!(!has(&store, &key).await);
}

/// Numbers that look random and are the same each time (xorshift).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
