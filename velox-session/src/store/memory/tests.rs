//! Tests the budget, the order of removal, and the marks of users. A plain table serves as a model.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::*;
use crate::clock::ManualClock;
use crate::conformance::{ManualHarness, check, key, record};
use crate::policy::Policy;
use crate::record::Content;
use crate::store::Login;
use crate::user::{SessionUser, UserLogin};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
/// The budget that a small record takes, and a bit more.
const SMALL: usize = 676;

fn store() -> (MemoryStore, ManualClock) {
    let clock = ManualClock::at(1_000_000);
    (MemoryStore::new().with_clock(clock.clone()), clock)
}

#[tokio::test]
async fn long_cookie_names_share_no_record() {
    let (store, _) = store();
    let one = key("acme-backoffice-session-version-1");
    let other = key("acme-backoffice-session-version-2");
    let other = StoreKey::from_parts(other.prefix(), one.digest());
    let stored = store.set(&one, record("a", 1, 0), Expected::Absent, Duration::from_secs(60)).await;
    assert_eq!(stored.expect("it answers"), Stored::Yes);
    for (key, is_there) in [(&one, true), (&other, false)] {
        assert_eq!(store.get(key).await.expect("it answers").is_some(), is_there);
    }
}

/// Returns the record of a visitor.
fn visitor() -> Record {
    record("a", 1, 0)
}

fn login(user: &str) -> Record {
    let mut content = Content::new(0);
    content.log_in(&UserLogin::plain(SessionUser::new(user, "mail@example.com"), 0));
    Record::new(Arc::new(content), 1, 0, 0)
}

/// Returns the same record in another version with this many bytes of data.
fn sized(record: &Record, version: u64, bytes: usize) -> Record {
    let mut content = Content::clone(record.content());
    content.values.set("data", json!("x".repeat(bytes)));
    Record::new(Arc::new(content), version, 0, 0)
}

async fn try_insert(store: &MemoryStore, record: Record, ttl: Duration) -> Result<StoreKey, StoreError> {
    let key = key("session");
    assert_eq!(store.set(&key, record, Expected::Absent, ttl).await?, Stored::Yes);
    Ok(key)
}

async fn insert(store: &MemoryStore, record: Record, ttl: Duration) -> StoreKey {
    try_insert(store, record, ttl).await.expect("there is room")
}

async fn has(store: &MemoryStore, key: &StoreKey) -> bool {
    store.get(key).await.expect("memory answers").is_some()
}

/// Returns the number of records, live or expired.
fn held(store: &MemoryStore) -> usize {
    let ledger = store.ledger.lock().expect("nothing panics");
    ledger.queues.iter().map(BTreeSet::len).sum()
}

/// Checks that the ledger matches the table. Returns how many bytes of the budget are used.
fn audit(store: &MemoryStore) -> usize {
    let ledger = store.ledger.lock().expect("nothing panics");
    let (mut used, mut owned) = ([0; 2], 0);
    for (kind, queue) in ledger.queues.iter().enumerate() {
        for (queued_at, key) in queue {
            let records = store.table.shard(*key);
            let kept = &records[key];
            assert_eq!((kept.kind(), kept.queued_at), (kind, *queued_at));
            assert!(
                kept.owner.is_none_or(|owner| ledger.users.sessions(owner).contains(&(kept.record.created_at(), *key)))
            );
            used[kind] += kept.bytes;
            owned += usize::from(kept.owner.is_some());
        }
    }
    assert_eq!(
        (used, owned, store.table.len()),
        (ledger.used, ledger.users.len().0, ledger.queues.iter().map(BTreeSet::len).sum())
    );
    (used[0] + used[1]) as usize
}

#[tokio::test]
async fn the_memory_store_is_a_store() {
    let (store, clock) = store();
    let report = check(&ManualHarness::new(store.clone(), clock).in_threads()).await;
    report.assert();
    assert_eq!(report.not_offered().count(), 0, "{report}");
    audit(&store);
}

// ---- the budget ----

#[tokio::test]
async fn visitors_are_evicted_in_the_order_of_their_expiry() {
    let store = store().0.with_budget(3 * SMALL);
    let long = insert(&store, visitor(), 30 * SECOND).await;
    let short = insert(&store, visitor(), 10 * SECOND).await;
    let middle = insert(&store, visitor(), 20 * SECOND).await;
    // After its renewal, the short one is the last in the queue.
    assert!(store.touch(&short, 40 * SECOND).await.expect("memory answers"));
    let user = insert(&store, login("u1"), SECOND).await;
    assert!(!has(&store, &middle).await);
    assert!(has(&store, &long).await && has(&store, &short).await);
    let other = insert(&store, visitor(), 50 * SECOND).await;
    assert!(!has(&store, &long).await);
    assert!(has(&store, &short).await && has(&store, &user).await && has(&store, &other).await);
}

#[tokio::test]
async fn expired_records_are_evicted_before_any_visitor() {
    let (store, clock) = store();
    let store = store.with_budget(10 * SMALL);
    for number in 0..5 {
        insert(&store, login(&format!("u{number}")), SECOND).await;
    }
    let mut visitors = Vec::new();
    for _ in 0..5 {
        visitors.push(insert(&store, visitor(), HOUR).await);
    }
    clock.advance(SECOND);
    // This is more than the few records that each call removes.
    visitors.push(insert(&store, sized(&visitor(), 1, 4 * SMALL), HOUR).await);
    for visitor in &visitors {
        assert!(has(&store, visitor).await);
    }
}

/// A flood of visitors, or of logins to one account, ends no session of a logged-in user.
#[tokio::test]
async fn a_flood_of_visitors_evicts_no_user() {
    let store = store().0.with_budget(100 * SMALL);
    let mut users = Vec::new();
    for number in 0..50 {
        users.push(insert(&store, login(&format!("u{number}")), SECOND).await);
    }
    for _ in 0..1_000 {
        insert(&store, visitor(), HOUR).await;
        assert!(audit(&store) <= 100 * SMALL);
    }
    let mut refused = 0;
    for _ in 0..200 {
        refused += usize::from(try_insert(&store, login("attacker"), HOUR).await.is_err());
        assert!(audit(&store) <= 100 * SMALL);
    }
    assert!(refused > 100);
    assert!(try_insert(&store, visitor(), HOUR).await.is_err());
    for user in &users {
        assert!(has(&store, user).await);
    }
}

#[tokio::test]
async fn a_refused_write_is_an_error_and_loses_nothing() {
    let store = store().0.with_budget(2 * SMALL);
    let (user, visitor) = (insert(&store, login("u1"), SECOND).await, insert(&store, visitor(), SECOND).await);
    let error = try_insert(&store, sized(&login("u2"), 1, SMALL), SECOND).await.expect_err("it is too large");
    assert!(!error.is_unsupported());
    assert!(store.set(&user, sized(&login("u1"), 2, 2 * SMALL), Expected::Version(1), SECOND).await.is_err());
    let new = key("session");
    let grown = NewSession {
        replaces: Some((&user, Condition::Version(1))),
        ..NewSession::new(&new, sized(&login("u1"), 1, 2 * SMALL), SECOND)
    };
    assert!(store.create(grown).await.is_err());
    // It does not remove a visitor for nothing, either.
    assert!(has(&store, &visitor).await && !has(&store, &new).await);
    let found = store.get(&user).await.expect("memory answers").expect("it is there");
    assert_eq!((found.version(), found.data().len()), (1, 0));
    audit(&store);
}

#[tokio::test]
async fn a_growing_save_evicts_visitors_and_not_its_own_session() {
    let store = store().0.with_budget(4 * SMALL);
    let own = insert(&store, visitor(), SECOND).await;
    let other = insert(&store, visitor(), 2 * SECOND).await;
    let stored = store.set(&own, sized(&visitor(), 2, 2 * SMALL), Expected::Version(1), SECOND).await;
    assert_eq!(stored.expect("there is room"), Stored::Yes);
    assert!(has(&store, &own).await && has(&store, &other).await);
    let stored = store.set(&own, sized(&visitor(), 3, 2 * SMALL + 500), Expected::Version(2), SECOND).await;
    assert_eq!(stored.expect("there is room"), Stored::Yes);
    assert!(has(&store, &own).await && !has(&store, &other).await);
    assert!(store.set(&own, sized(&visitor(), 4, 4 * SMALL), Expected::Version(3), SECOND).await.is_err());
    assert!(has(&store, &own).await);
}

/// A session that gets a new id takes the room of its old record and of nobody else, even if
/// the old record is the next to be removed.
#[tokio::test]
async fn a_full_store_gives_a_session_a_new_id() {
    for (room, condition) in
        [1, 2, 7].into_iter().flat_map(|room| [(room, Condition::Version(1)), (room, Condition::Always)])
    {
        let store = store().0.with_budget(room * SMALL);
        let old = insert(&store, visitor(), SECOND).await;
        let mut others = Vec::new();
        for _ in 1..room {
            others.push(insert(&store, visitor(), 2 * SECOND).await);
        }
        let new = key("session");
        let session = NewSession { replaces: Some((&old, condition)), ..NewSession::new(&new, login("u1"), SECOND) };
        assert_eq!(store.create(session).await.expect("there is room"), Created::Yes { ended: 0 }, "of {room}");
        assert!(has(&store, &new).await && !has(&store, &old).await);
        for other in &others {
            assert!(has(&store, other).await);
        }
    }
}

/// A login takes the room of the sessions that it ends.
#[tokio::test]
async fn a_full_store_accepts_a_login_that_replaces_a_session() {
    let store = store().0.with_budget(3 * SMALL);
    for user in ["u1", "u1", "u2"] {
        insert(&store, login(user), SECOND).await;
    }
    for ends_others in [false, true] {
        let new = key("session");
        let login_of = Login { since: Duration::ZERO, limit: Some(2), strict: true };
        let session = NewSession { login: Some(login_of), ends_others, ..NewSession::new(&new, login("u1"), SECOND) };
        let ended = if ends_others { 2 } else { 1 };
        assert_eq!(store.create(session).await.expect("there is room"), Created::Yes { ended });
        assert!(has(&store, &new).await);
    }
    assert_eq!(store.len(), 2);
}

#[tokio::test]
async fn a_store_without_room_for_one_record_refuses_all() {
    let store = store().0.with_budget(0);
    assert!(try_insert(&store, visitor(), SECOND).await.is_err());
    assert!(store.is_empty());
}

/// New sessions take the room of expired ones, and nothing grows from round to round.
#[tokio::test]
async fn new_sessions_reuse_the_memory_of_expired_ones() {
    let (store, clock) = store();
    let store = store.with_budget(200 * SMALL);
    for round in 0..10 {
        for number in 0..200 {
            insert(&store, login(&format!("u{}", round * 200 + number)), SECOND).await;
        }
        assert_eq!((held(&store), store.len()), (200, 200));
        clock.advance(SECOND);
        assert_eq!(store.len(), 0);
    }
    audit(&store);
    let held = held(&store);
    assert_eq!(store.ledger.lock().expect("nothing panics").users.len(), (held, 0));
}

#[tokio::test]
async fn each_new_record_removes_a_few_expired_ones() {
    let (store, clock) = store();
    for _ in 0..400 {
        insert(&store, visitor(), SECOND).await;
    }
    clock.advance(SECOND);
    for written in 1..=400 {
        insert(&store, visitor(), SECOND).await;
        assert_eq!(held(&store), 400 + written - (2 * written).min(400));
    }
}

/// Performs random calls. The budget is kept, logged-in users stay, and each refusal was necessary.
#[tokio::test]
async fn in_every_order_the_budget_is_kept_and_users_stay() {
    for seed in 1..60 {
        let mut dice = Dice::new(seed);
        let budget = SMALL * (1 + dice.below(12) as usize);
        let (store, clock) = store();
        let store = store.with_budget(budget);
        let mut users = BTreeMap::<usize, (StoreKey, Record)>::new();
        let mut visitors = Vec::<StoreKey>::new();
        for step in 0..300 {
            let size = dice.below(1 + 2 * SMALL as u64) as usize;
            let ttl = Duration::from_millis(1 + dice.below(20_000));
            let number = dice.below(8) as usize;
            let present = users.get(&number).cloned();
            let mut refused = None;
            match (dice.below(8), present) {
                (0..2, _) => {
                    let record = sized(&visitor(), 1, size);
                    match try_insert(&store, record.clone(), ttl).await {
                        Ok(key) => visitors.push(key),
                        Err(_) => refused = Some((record, None)),
                    }
                }
                (2..4, None) => {
                    let record = sized(&login(&number.to_string()), 1, size);
                    match try_insert(&store, record.clone(), ttl).await {
                        Ok(key) => _ = users.insert(number, (key, expiring(record, &clock, ttl))),
                        Err(_) => refused = Some((record, None)),
                    }
                }
                (2..4, Some((key, before))) => {
                    let record = sized(&before, before.version() + 1, size);
                    match store.set(&key, record.clone(), Expected::Version(before.version()), ttl).await {
                        Ok(stored) => {
                            assert_eq!(stored, Stored::Yes);
                            users.insert(number, (key, expiring(record, &clock, ttl)));
                        }
                        Err(_) => refused = Some((record, Some(before))),
                    }
                }
                (4, Some((old, before))) => {
                    let (new, record) = (key("session"), sized(&before, 1, size));
                    let replaces = Some((&old, Condition::Version(before.version())));
                    let session = NewSession { replaces, ..NewSession::new(&new, record.clone(), ttl) };
                    match store.create(session).await {
                        Ok(created) => {
                            assert_eq!(created, Created::Yes { ended: 0 });
                            users.insert(number, (new, expiring(record, &clock, ttl)));
                        }
                        Err(_) => refused = Some((record, Some(before))),
                    }
                }
                (5, Some((key, before))) => {
                    assert!(store.touch(&key, ttl).await.expect("memory answers"));
                    users.insert(number, (key, expiring(before, &clock, ttl)));
                }
                (6, _) if !visitors.is_empty() => {
                    let key = visitors.swap_remove(dice.below(visitors.len() as u64) as usize);
                    let _ = store.destroy(&key, Condition::Always).await.expect("memory answers");
                }
                _ => clock.advance(Duration::from_millis(dice.below(3_000))),
            }
            users.retain(|_, (_, record)| record.expires_at() > clock.now());
            assert!(audit(&store) <= budget, "seed {seed}, step {step}");
            if let Some((record, before)) = refused {
                let bytes = |record: &Record| Kept::new(record.clone(), None).bytes as usize;
                let taken: usize = users.values().map(|(_, record)| bytes(record)).sum();
                let more = bytes(&record).saturating_sub(before.as_ref().map_or(0, bytes));
                assert!(taken + more > budget, "seed {seed}, step {step}: it was refused without need");
            }
            for (key, record) in users.values() {
                let found = store.get(key).await.expect("memory answers");
                assert_eq!(found.as_ref(), Some(record), "seed {seed}, step {step}");
            }
        }
    }
}

fn expiring(record: Record, clock: &ManualClock, ttl: Duration) -> Record {
    record.with_expiry(clock.now() + milliseconds(ttl))
}

// ---- threads ----

/// The locks cannot deadlock, and the budget holds at each moment.
#[test]
fn many_threads_keep_the_budget_and_end() {
    let store = MemoryStore::new().with_budget(40 * SMALL);
    std::thread::scope(|scope| {
        let start = |seed| {
            let store = store.clone();
            scope.spawn(move || ready(work(store, seed)))
        };
        let workers: Vec<_> = (1..7).map(start).collect();
        while !workers.iter().all(|worker| worker.is_finished()) {
            let used = store.ledger().0.used;
            assert!((used[0] + used[1]) as usize <= 40 * SMALL);
            store.clear();
            let _ = store.len();
        }
    });
    audit(&store);
}

/// Performs random operations on the sessions of a few users. Conflicts and refusals are expected.
async fn work(store: MemoryStore, seed: u64) {
    let mut dice = Dice::new(seed);
    let mut own: Vec<_> = (0..4).map(|_| key("session")).collect();
    for _ in 0..3_000 {
        let user = format!("u{}", dice.below(3));
        let owner = Owner::new(&"session".into(), &user);
        let slot = dice.below(4) as usize;
        let key_of_own = own[slot].clone();
        let size = dice.below(1_000) as usize;
        match dice.below(8) {
            0 => _ = store.set(&key_of_own, sized(&visitor(), 1, size), Expected::Absent, HOUR).await,
            1 => {
                if let Some(found) = store.get(&key_of_own).await.expect("memory answers") {
                    let (version, next) = (found.version(), sized(&found, found.version() + 1, size));
                    _ = store.set(&key_of_own, next, Expected::Version(version), HOUR).await;
                }
            }
            2 => _ = store.destroy(&key_of_own, Condition::Always).await,
            3 => _ = store.load(&key_of_own, &renewal(0, 1)).await,
            4 => _ = store.touch(&key_of_own, HOUR).await,
            5 => _ = store.end_sessions(&owner, Some(&key_of_own).filter(|_| size < 500)).await,
            6 => {
                let listed = store.sessions_of(&owner).await.expect("memory answers");
                assert!(listed.iter().all(|(key, record)| key.owner(record).as_ref() == Some(&owner)));
            }
            _ => {
                let new = key("session");
                let session = NewSession {
                    replaces: Some((&key_of_own, Condition::Always)),
                    login: Some(Login { since: Duration::ZERO, limit: Some(3), strict: true }),
                    ends_others: size < 100,
                    ..NewSession::new(&new, sized(&login(&user), 1, size), HOUR)
                };
                if store.create(session).await.is_ok() {
                    own[slot] = new;
                }
            }
        }
    }
}

/// A session that gets a new id meanwhile is not overlooked.
#[test]
fn clear_ends_a_session_that_gets_new_ids_meanwhile() {
    let store = MemoryStore::new();
    for _ in 0..20 {
        let mut present = ready(insert(&store, visitor(), HOUR));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    let new = key("session");
                    let replaces = Some((&present, Condition::Version(1)));
                    let session = NewSession { replaces, ..NewSession::new(&new, visitor(), HOUR) };
                    if ready(store.create(session)).expect("there is room") != (Created::Yes { ended: 0 }) {
                        return;
                    }
                    present = new;
                }
            });
            store.clear();
        });
        assert!(store.is_empty());
    }
}

/// Returns the output of a future that does not wait.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(answer) => answer,
        std::task::Poll::Pending => panic!("memory is always ready"),
    }
}

// ---- users ----

/// Marks do not accumulate in memory.
#[tokio::test]
async fn marks_are_removed_after_ten_minutes_unless_their_user_has_sessions() {
    let (store, clock) = store();
    let owner = |number: usize| Owner::new(&"session".into(), &format!("u{number}"));
    insert(&store, login("u0"), 3 * HOUR).await;
    for round in 0..10 {
        for number in 0..50 {
            let keep = store.sessions_of(&owner(0)).await.expect("memory answers").pop().expect("it is there").0;
            let (who, keep) = if number == 0 { (0, Some(&keep)) } else { (round * 50 + number, None) };
            assert_eq!(store.end_sessions(&owner(who), keep).await.expect("memory answers"), Some(0));
        }
        clock.advance(Duration::from_secs(600));
        // As many marks are removed as added, and the marks of one round are gone after the next.
        assert!(store.ledger().0.users.len().1 <= 101);
    }
    for _ in 0..200 {
        insert(&store, visitor(), HOUR).await;
    }
    // The mark of the user who has a session is left.
    assert_eq!(store.ledger().0.users.len().1, 1);
    clock.advance(3 * HOUR);
    for _ in 0..200 {
        insert(&store, visitor(), HOUR).await;
    }
    clock.advance(Duration::from_secs(600));
    insert(&store, visitor(), HOUR).await;
    assert_eq!(store.ledger().0.users.len().1, 0);
}

#[tokio::test]
async fn only_live_sessions_of_one_cookie_belong_to_a_user() {
    let (store, clock) = store();
    let mut theirs = Vec::new();
    for (name, user, ttl) in [("a", "u1", 9), ("a", "u1", 9), ("a", "u2", 9), ("b", "u1", 9), ("a", "u1", 1)] {
        let key = key(name);
        let stored = store.set(&key, login(user), Expected::Absent, ttl * SECOND).await.expect("there is room");
        assert_eq!(stored, Stored::Yes);
        theirs.push(key);
    }
    insert(&store, visitor(), SECOND).await;
    clock.advance(SECOND);
    let owner = theirs[0].owner(&login("u1")).expect("somebody is logged in");
    let listed = async || -> Vec<String> {
        let found = store.sessions_of(&owner).await.expect("memory answers");
        assert!(found.iter().all(|(key, record)| key.owner(record).as_ref() == Some(&owner)));
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

// ---- lives ----

fn renewal(touch_interval: u64, now: u64) -> Renewal {
    Renewal::new(Policy { ttl: 60_000, absolute: None, touch_interval, sliding: true }, now)
}

#[tokio::test]
async fn a_read_renews_in_the_same_step() {
    let (store, clock) = store();
    let key = insert(&store, visitor(), 60 * SECOND).await;
    let load = async || {
        let found = store.load(&key, &renewal(10_000, clock.now())).await.expect("memory answers");
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
async fn a_changed_record_is_destroyed_only_unconditionally() {
    let (store, _) = store();
    let key = insert(&store, visitor(), SECOND).await;
    let destroy = async |condition| store.destroy(&key, condition).await.expect("memory answers");
    assert_eq!(destroy(Condition::Version(2)).await, Destroyed::Conflict);
    assert_eq!(destroy(Condition::Version(1)).await, Destroyed::Yes);
    assert_eq!(destroy(Condition::Always).await, Destroyed::Absent);
}

#[tokio::test]
async fn a_life_that_was_shortened_ends_on_time() {
    let (store, clock) = store();
    let (touched, saved) =
        (insert(&store, visitor(), 100 * SECOND).await, insert(&store, visitor(), 100 * SECOND).await);
    assert!(store.touch(&touched, SECOND).await.expect("memory answers"));
    let stored = store.set(&saved, record("b", 2, 0), Expected::Version(1), SECOND).await.expect("there is room");
    assert_eq!((stored, store.len()), (Stored::Yes, 2));
    clock.advance(SECOND);
    assert_eq!(store.len(), 0);
    insert(&store, visitor(), SECOND).await;
    assert_eq!(held(&store), 1);
}

#[tokio::test]
async fn clear_ends_all() {
    let (store, _) = store();
    let key = insert(&store, visitor(), SECOND).await;
    insert(&store, login("u1"), SECOND).await;
    store.clear();
    assert!(store.is_empty() && !has(&store, &key).await);
    assert_eq!(audit(&store), 0);
}

/// A clock that, when a call reads it, holds up the call until `meanwhile` is done.
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

/// Once a list of a user's sessions has seen a session expired, a save that began earlier must not
/// store it.
#[tokio::test]
async fn a_late_call_does_not_save_a_record_that_a_list_saw_expired() {
    let (store, clock) = store();
    let key = insert(&store, login("u1"), SECOND).await;
    let owner = key.owner(&login("u1")).expect("somebody is logged in");
    let listed = Arc::new(Mutex::new(None));
    let meanwhile = {
        let (store, clock, listed) = (store.clone(), clock.clone(), Arc::clone(&listed));
        move || {
            clock.advance(SECOND);
            // Once the call has begun its work, nobody can list sessions before it is done.
            if store.ledger.try_lock().is_ok() {
                *listed.lock().expect("nothing panics") =
                    Some(ready(store.sessions_of(&owner)).map(|found| found.len()));
            }
        }
    };
    let slow = Slow { clock, meanwhile: Mutex::new(Some(Box::new(meanwhile))) };
    let saved = store.clone().with_clock(slow).set(&key, login("u1"), Expected::Version(1), SECOND).await;
    let listed = listed.lock().expect("nothing panics").is_some();
    assert!(!listed || saved.expect("there is room") != Stored::Yes, "it was listed as expired");
}

/// The same applies to a read that would renew the session.
#[tokio::test]
async fn a_late_call_does_not_renew_an_expired_record() {
    let (store, clock) = store();
    let key = insert(&store, visitor(), SECOND).await;
    let renewal = renewal(0, clock.now());
    clock.advance(SECOND);
    assert_eq!(store.load(&key, &renewal).await.expect("memory answers"), None);
    assert!(!has(&store, &key).await);
}

/// A logout also removes an expired session. A request that came before it expired no longer
/// finds it.
#[tokio::test]
async fn destroying_an_expired_record_hides_it_from_late_calls() {
    let (store, clock) = store();
    for _ in 0..3 {
        // These are removed first, a few with each call.
        insert(&store, visitor(), 59 * SECOND).await;
    }
    let key = insert(&store, visitor(), 60 * SECOND).await;
    // No renewal is due yet, so the store does not look at the clock a second time.
    let renewal = renewal(10_000, clock.now());
    clock.advance(60 * SECOND);
    assert_eq!(store.destroy(&key, Condition::Always).await.expect("memory answers"), Destroyed::Absent);
    assert_eq!(store.load(&key, &renewal).await.expect("memory answers"), None);
}

// ---- a plain table ----

/// A store without a budget: records, and the marks of users.
#[derive(Default)]
struct Model {
    records: BTreeMap<usize, Record>,
    marks: BTreeMap<UserOf, u64>,
}

/// The number of the cookie and of the user.
type UserOf = (usize, u64);

/// Compares the store with a plain table. After any calls in any order, each call must return the
/// same.
#[tokio::test]
async fn the_memory_store_behaves_like_a_plain_table() {
    for seed in 1..80 {
        let mut dice = Dice::new(seed);
        let (store, clock) = store();
        let mut model = Model::default();
        let keys: Vec<_> = (0..40).map(|number| key(COOKIES[number % 2])).collect();
        let users: Vec<u64> = (0..40).map(|_| dice.below(4)).collect();
        for step in 0..500 {
            let number = dice.below(40) as usize;
            let (key, now, ttl) = (&keys[number], clock.now(), Duration::from_millis(1 + dice.below(10_000)));
            model.records.retain(|_, record| record.expires_at() > now);
            let present = model.records.get(&number).cloned();
            let version = present.as_ref().map_or(0, Record::version);
            let at = format!("seed {seed}, step {step}");
            match dice.below(9) {
                0..2 => {
                    let expected = match dice.below(5) {
                        0 => Expected::Absent,
                        1 => Expected::Version(version + 1),
                        _ => present.as_ref().map_or(Expected::Absent, |record| Expected::Version(record.version())),
                    };
                    let record = any_record(&mut dice, users[number], version + 1);
                    let as_expected =
                        expected == present.as_ref().map_or(Expected::Absent, |_| Expected::Version(version));
                    let stored = store.set(key, record.clone(), expected, ttl).await.expect("there is room");
                    if as_expected {
                        assert_eq!(stored, Stored::Yes, "{at}");
                        model.records.insert(number, expiring(record, &clock, ttl));
                    } else {
                        assert_eq!(stored, Stored::Conflict(present), "{at}");
                    }
                }
                2 => {
                    let destroyed = store.destroy(key, Condition::Always).await.expect("memory answers");
                    assert_eq!(destroyed == Destroyed::Yes, model.records.remove(&number).is_some(), "{at}");
                }
                3 => {
                    assert_eq!(store.touch(key, ttl).await.expect("memory answers"), present.is_some(), "{at}");
                    model.records.entry(number).and_modify(|record| *record = expiring(record.clone(), &clock, ttl));
                }
                4..6 => {
                    let old = dice.below(40) as usize;
                    let condition = [Condition::Always, Condition::Version(model.version(old) + dice.below(5) / 4)];
                    let replaces =
                        (old != number && dice.below(3) > 0).then(|| (old, condition[dice.below(2) as usize]));
                    let since = Duration::from_millis(dice.below(5_000));
                    let limit = Some(1 + dice.below(4) as usize).filter(|_| dice.below(3) > 0);
                    let login = (dice.below(2) == 0).then_some(Login { since, limit, strict: true });
                    let ends_others = dice.below(8) == 0;
                    let record = any_record(&mut dice, users[number], 1);
                    let session = NewSession {
                        replaces: replaces.map(|(old, condition)| (&keys[old], condition)),
                        login,
                        ends_others,
                        ..NewSession::new(key, record.clone(), ttl)
                    };
                    let created = store.create(session).await.expect("there is room");
                    let record = expiring(record, &clock, ttl);
                    let user = (number % 2, users[number]);
                    let expected = model.create((number, user), record, replaces, login, ends_others, now, &users);
                    assert_eq!(created, expected, "{at}");
                }
                6 => {
                    let user = (dice.below(2) as usize, 1 + dice.below(3));
                    let owner = Owner::new(&COOKIES[user.0].into(), &user.1.to_string());
                    let keep = (dice.below(2) == 0).then_some(number);
                    let ended = store.end_sessions(&owner, keep.map(|keep| &keys[keep])).await.expect("memory answers");
                    let expected = keep.is_none_or(|keep| model.records.contains_key(&keep)).then(|| {
                        model.marks.insert(user, now);
                        model.end(user, keep, 0, &users)
                    });
                    assert_eq!(ended, expected, "{at}");
                }
                _ => clock.advance(Duration::from_millis(dice.below(3_000))),
            }
            let now = clock.now();
            model.records.retain(|_, record| record.expires_at() > now);
            let number = dice.below(40) as usize;
            let found = store.get(&keys[number]).await.expect("memory answers");
            assert_eq!(found.as_ref(), model.records.get(&number), "{at}");
            if step % 10 == 0 {
                audit(&store);
                assert_eq!(store.len(), model.records.len(), "{at}");
                assert_lists(&store, &model, &keys, &users).await;
            }
        }
    }
}

impl Model {
    fn version(&self, number: usize) -> u64 {
        self.records.get(&number).map_or(0, Record::version)
    }

    #[expect(clippy::too_many_arguments, reason = "these are the arguments of `create`")]
    fn create(
        &mut self,
        (number, user): (usize, UserOf),
        record: Record,
        replaces: Option<(usize, Condition)>,
        login: Option<Login>,
        ends_others: bool,
        now: u64,
        users: &[u64],
    ) -> Created {
        if self.records.contains_key(&number) {
            return Created::Taken;
        }
        if let Some((old, Condition::Version(version))) = replaces
            && self.records.get(&old).map(Record::version) != Some(version)
        {
            return Created::Conflict(self.records.get(&old).cloned());
        }
        let is_user = user.1 > 0;
        if let Some(login) = login.filter(|_| is_user)
            && self.marks.get(&user).is_some_and(|mark| *mark > now - milliseconds(login.since))
        {
            return Created::Revoked;
        }
        if let Some((old, _)) = replaces {
            self.records.remove(&old);
        }
        self.records.insert(number, record);
        let ended = match login.and_then(|login| login.limit) {
            _ if !is_user => 0,
            _ if ends_others => {
                self.marks.insert(user, now);
                self.end(user, Some(number), 0, users)
            }
            Some(limit) => self.end(user, Some(number), limit - 1, users),
            None => 0,
        };
        Created::Yes { ended }
    }

    fn end(&mut self, user: UserOf, keep: Option<usize>, leave: usize, users: &[u64]) -> u64 {
        let theirs = self.records.iter().filter(|(number, _)| (*number % 2, users[**number]) == user);
        let mut others: Vec<_> = theirs
            .map(|(number, record)| (record.created_at(), *number))
            .filter(|(_, number)| Some(*number) != keep)
            .collect();
        others.sort_unstable();
        others.truncate(others.len().saturating_sub(leave));
        others.iter().filter(|(_, number)| self.records.remove(number).is_some()).count() as u64
    }
}

async fn assert_lists(store: &MemoryStore, model: &Model, keys: &[StoreKey], users: &[u64]) {
    for user in [0, 1].into_iter().flat_map(|cookie| (1..4).map(move |user| (cookie, user))) {
        let owner = Owner::new(&COOKIES[user.0].into(), &user.1.to_string());
        let listed = store.sessions_of(&owner).await.expect("memory answers");
        let listed: BTreeMap<_, _> = listed.into_iter().map(|(key, record)| (key.to_text(), record)).collect();
        let theirs = model.records.iter().filter(|(number, _)| (*number % 2, users[**number]) == user);
        let expected: BTreeMap<_, _> =
            theirs.map(|(number, record)| (keys[*number].to_text(), record.clone())).collect();
        assert_eq!(listed, expected);
    }
}

/// Returns a session with or without a user and with or without data, from a few bytes to some
/// thousand. No two have the same age.
fn any_record(dice: &mut Dice, user: u64, version: u64) -> Record {
    let text = |dice: &mut Dice| {
        let most = 1 << dice.below(12);
        "e\u{0}\u{e9}\u{1f600}".chars().cycle().take(dice.below(most) as usize).collect::<String>()
    };
    let created_at = dice.below(u64::MAX);
    let mut content = Content::new(created_at);
    if user > 0 {
        content.log_in(&UserLogin::plain(SessionUser::new(user.to_string(), text(dice)), created_at));
    }
    for _ in 0..dice.below(3) {
        content.values.set(&text(dice), json!([text(dice), dice.below(u64::MAX), 0.1, null, {}]));
    }
    if dice.below(4) == 0 {
        content.flash.set(&text(dice), json!({ "text": text(dice) }));
    }
    Record::new(Arc::new(content), version, 0, dice.below(u64::MAX))
}

const COOKIES: [&str; 2] = ["session", "short"];

/// Numbers that look random and are the same in each run (xorshift).
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
