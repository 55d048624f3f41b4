//! Measures what a session costs in the memory store: memory, the time of a read, and whether later
//! sessions reuse the memory of expired ones.
//!
//! `tests/measure/store` runs it. A manager creates the sessions by logins, as in a service. They
//! have short ids and addresses and nothing else; with `long`, they have UUIDs and long addresses;
//! with `data`, they also have a counter. A read is the `load` that every request with a session
//! starts with. Each one renews the session.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "it prints what it measures")]

use std::error::Error;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use http::HeaderMap;
use http::header::{COOKIE, SET_COOKIE};
use velox_session::clock::{Clock, SystemClock};
use velox_session::store::{
    Condition, Created, Destroyed, Expected, Found, NewSession, Owner, Renewal, SessionStore, StoreError, Stored,
    async_trait,
};
use velox_session::{Manager, MemoryStore, Record, SessionUser, StoreKey, session_middleware};

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).map_or(Ok(1_000_000), |count| count.parse())?;
    let kind = Kind::of(std::env::args().nth(2).as_deref())?;
    let clock = Shifted::default();
    let store = MemoryStore::new().with_budget(count * BUDGET_EACH).with_clock(clock.clone());
    let witness = Arc::new(Witness::new(store.clone(), count));
    let manager = session_middleware("a secret for measuring, of 32 bytes or more")
        .store(Arc::clone(&witness))
        .max_age(LIFETIME)
        .touch_interval(Duration::ZERO)
        .clock(clock.clone())
        .build_manager()?;
    let renewal = warm_up(&manager, kind, &witness, &store)?;

    let empty = resident()?;
    for number in 0..count {
        login(&manager, kind, number)?;
    }
    let full = resident()? - empty;
    println!("{} sessions: {} bytes each, {} MiB in all", store.len(), full / count as i64, full >> 20);

    let mut seen = witness.seen();
    let mut keys = std::mem::take(&mut seen.keys);
    drop(seen);
    shuffle(&mut keys);
    // In the same order, one thread would follow the other and wait for each lock that it holds.
    let mut few: Vec<_> = keys.iter().take(FEW).cycle().take(count).cloned().collect();
    shuffle(&mut few);
    for (keys, which) in [(&keys, "any session, in no order"), (&few, "one of 5,000 in use")] {
        let halves: Vec<_> = keys.chunks(count.div_ceil(2)).collect();
        let (one, two) = (best(&store, &[keys], &renewal), best(&store, &halves, &renewal));
        println!("a sliding read of {which}: {one:.0} ns; two threads: {two:.0} ns, {:.2} times as many", one / two);
    }
    drop(few);
    println!("a bare read of eight bytes anywhere in as much memory: {:.0} ns", bare_read(full as usize));

    clock.0.fetch_add(2 * LIFETIME.as_secs() * 1_000, Ordering::Relaxed);
    let mut seen = witness.seen();
    (seen.keys, seen.logins) = (keys, 0);
    drop(seen);
    let mut waits = Vec::with_capacity(count);
    for number in 0..count {
        let one = Instant::now();
        login(&manager, kind, number)?;
        waits.push(one.elapsed());
    }
    waits.sort_unstable();
    let at = |per_mille: usize| waits[(waits.len() - 1) * per_mille / 1_000];
    println!(
        "all expired at once, and as many log in: a login takes {:?} (p50), {:?} (p99), {:?} (p99.9), {:?} at most",
        at(500),
        at(990),
        at(999),
        at(1_000)
    );
    drop(waits);
    println!("{} sessions then: {} MiB in all", store.len(), (resident()? - empty) >> 20);
    Ok(())
}

/// The content of the sessions.
#[derive(Clone, Copy)]
enum Kind {
    Short,
    Long,
    Data,
}

impl Kind {
    fn of(name: Option<&str>) -> Result<Self, String> {
        match name {
            None => Ok(Self::Short),
            Some("long") => Ok(Self::Long),
            Some("data") => Ok(Self::Data),
            Some(other) => Err(format!("{other}: neither long nor data")),
        }
    }
}

/// Logs a new visitor in, and returns the cookie.
fn login(manager: &Manager, kind: Kind, number: usize) -> Result<HeaderMap, Box<dyn Error>> {
    let exchange = ready(manager.open(&HeaderMap::new()))?;
    let call = exchange.call();
    let id = match kind {
        Kind::Long => format!("{number:08x}-0000-4000-8000-{number:012x}"),
        Kind::Short | Kind::Data => format!("u{number:06}"),
    };
    let email = match kind {
        Kind::Long => format!("somebody.{number:06}@mail.example.com"),
        Kind::Short | Kind::Data => format!("{id}@example.com"),
    };
    ready(call.session().login(SessionUser::new(id, email)))?;
    if matches!(kind, Kind::Data) {
        call.session().set("count", number)?;
    }
    call.commit();
    let mut response = HeaderMap::new();
    ready(manager.close(&exchange))?.apply(&mut response);
    let line = response[SET_COOKIE].to_str()?;
    let pair = line.split(';').next().unwrap_or(line);
    Ok(HeaderMap::from_iter([(COOKIE, pair.parse()?)]))
}

/// Does everything once that is measured later, so that one-time costs are not counted. Returns how
/// a manager renews sessions.
fn warm_up(manager: &Manager, kind: Kind, witness: &Witness, store: &MemoryStore) -> Result<Renewal, Box<dyn Error>> {
    ready(manager.open(&login(manager, kind, 0)?))?;
    let mut seen = witness.seen();
    let renewal = seen.renewal.ok_or("no session was loaded")?;
    time(store, &[&seen.keys[..1], &seen.keys[..1]], &renewal);
    seen.logins = 0;
    store.clear();
    Ok(renewal)
}

/// Returns the shortest of several times, because anything else that the machine does only adds to
/// it.
fn best(store: &MemoryStore, lists: &[&[StoreKey]], renewal: &Renewal) -> f64 {
    (0..ROUNDS).map(|_| time(store, lists, renewal)).fold(f64::INFINITY, f64::min)
}

/// Loads all the keys, each list of them on a separate thread. Returns the nanoseconds of
/// wall-clock time for each key.
fn time(store: &MemoryStore, lists: &[&[StoreKey]], renewal: &Renewal) -> f64 {
    let count: usize = lists.iter().map(|keys| keys.len()).sum();
    // It repeats so often that the cost of starting a thread does not matter.
    let passes = LEAST_READS.div_ceil(count);
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for keys in lists {
            scope.spawn(|| {
                for key in std::iter::repeat_n(*keys, passes).flatten() {
                    let found = ready(store.load(key, renewal)).expect("memory answers");
                    assert!(found.is_some_and(|found| found.renewed), "it lives, and is renewed each time");
                }
            });
        }
    });
    begin.elapsed().as_nanos() as f64 / (passes * count) as f64
}

/// Returns how long the machine takes for a random memory read that depends on the one before. A
/// read of a session waits for two of them.
fn bare_read(bytes: usize) -> f64 {
    let memory: Vec<u64> = (0..bytes as u64 / 8).collect();
    let (mut place, begin) = (1, Instant::now());
    for number in 0..BARE_READS {
        place = (memory[place] ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15) as usize % memory.len();
    }
    std::hint::black_box(place);
    begin.elapsed().as_nanos() as f64 / BARE_READS as f64
}

/// Returns the output of a future that does not wait.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("memory is always ready"),
    }
}

/// Returns the resident memory of this process in bytes.
fn resident() -> Result<i64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<i64>()? * 1_024)
}

/// Shuffles the keys, because sessions return in random order.
fn shuffle(keys: &mut [StoreKey]) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for place in (1..keys.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        keys.swap(place, (state % (place as u64 + 1)) as usize);
    }
}

/// The system clock, moved forward.
#[derive(Clone, Default)]
struct Shifted(Arc<AtomicU64>);

impl Clock for Shifted {
    fn now(&self) -> u64 {
        SystemClock.now() + self.0.load(Ordering::Relaxed)
    }
}

/// Forwards to the store and records how the manager uses it.
struct Witness {
    store: MemoryStore,
    seen: Mutex<Seen>,
}

struct Seen {
    /// The keys of all logins, in memory that was allocated before the measurement.
    keys: Vec<StoreKey>,
    logins: usize,
    renewal: Option<Renewal>,
}

impl Witness {
    fn new(store: MemoryStore, count: usize) -> Self {
        let none = StoreKey::from_text(&format!("none:{:064}", 0)).expect("the text of a key");
        Self { store, seen: Mutex::new(Seen { keys: vec![none; count], logins: 0, renewal: None }) }
    }

    fn note(&self, key: &StoreKey) {
        let mut seen = self.seen();
        let login = seen.logins;
        seen.keys[login] = key.clone();
        seen.logins += 1;
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SessionStore for Witness {
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
        self.store.set(key, record, expected, ttl).await
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        self.store.destroy(key, condition).await
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        self.store.touch(key, ttl).await
    }

    async fn create(&self, new: NewSession<'_>) -> Result<Created, StoreError> {
        self.note(new.key);
        self.store.create(new).await
    }

    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        self.store.sessions_of(owner).await
    }

    async fn end_sessions(&self, owner: &Owner, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
        self.store.end_sessions(owner, keep).await
    }

    async fn load(&self, key: &StoreKey, renewal: &Renewal) -> Result<Option<Found>, StoreError> {
        self.seen().renewal = Some(*renewal);
        self.store.load(key, renewal).await
    }
}

const LIFETIME: Duration = Duration::from_secs(86_400);
const ROUNDS: usize = 5;
const FEW: usize = 5_000;
const LEAST_READS: usize = 1_000_000;
const BARE_READS: u64 = 1_000_000;
/// The budget for each session, which is more than any of them takes.
const BUDGET_EACH: usize = 1_024;
