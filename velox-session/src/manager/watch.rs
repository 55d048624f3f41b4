//! Checks the sessions that have open streams, and ends the streams when their session ends.
//!
//! Once a second, one batch call asks the store which of these sessions are alive. The call renews
//! none of them. Sessions that this process itself may have ended are checked at once. If the store
//! does not answer for three seconds, all streams end; their clients reconnect and find out.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch::Receiver;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::engine::Engine;
use super::scope::OpenSession;
use super::seats::{About, End, Full, Watches};
use crate::key::StoreKey;
use crate::session::SessionHandle;
use crate::session::state::Loaded;

/// A stream of a session. Dropping it frees its seat.
pub(crate) struct Watch {
    watches: Arc<Watches>,
    key: StoreKey,
    end: Receiver<Option<End>>,
}

impl Watch {
    /// Waits until the stream has to end.
    pub(crate) async fn ended(mut self) -> End {
        match self.end.wait_for(Option::is_some).await {
            Ok(end) => end.unwrap_or(End::Unclear),
            // A seat exists as long as its stream.
            Err(_) => End::Unclear,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.watches.seats().leave(&self.key);
    }
}

impl OpenSession {
    /// Watches the session for a stream. Returns `None` if the visitor has no session that could
    /// end.
    pub(crate) fn watch(&self) -> Result<Option<Watch>, Full> {
        let loaded = self.shared().with(|state| Ok(state.loaded().cloned())).ok().flatten();
        loaded.map(|loaded| self.shared().engine.watch(&loaded)).transpose()
    }
}

impl Engine {
    fn watch(self: &Arc<Self>, loaded: &Loaded) -> Result<Watch, Full> {
        let Loaded { key, record, mark, .. } = loaded;
        let created_at = record.created_at();
        let about = About {
            owner: key.owner(record),
            handle: SessionHandle::of(key, record.content()),
            ends_at: self.policy.absolute.map_or(u64::MAX, |absolute| created_at.saturating_add(absolute)),
            comes_back_at: self
                .streams_keep_alive
                .then(|| self.policy.comes_back_at(record.content(), self.now()))
                .flatten(),
        };
        let watches = Arc::clone(&self.watches);
        let mut seats = watches.seats();
        // From here on, a call that ends the session finds its seat.
        let is_doubtful = self.revocations.mark() != *mark;
        let end = seats.take(key.clone(), about, is_doubtful)?;
        let is_looked_after = std::mem::replace(&mut seats.is_looked_after, true);
        drop(seats);
        let watch = Watch { watches: Arc::clone(&watches), key: key.clone(), end };
        if !is_looked_after {
            tokio::spawn(look_after(Arc::downgrade(self), Looking { watches, is_over: false }));
        }
        if is_doubtful {
            self.watches.noted.notify_one();
        }
        Ok(watch)
    }

    /// Asks the store about sessions, and ends the streams of those that are over. Returns `false`
    /// if the store did not answer in time.
    async fn look(self: &Arc<Self>, asked: Vec<StoreKey>, until: Instant) -> bool {
        let now = self.now();
        let Ok(answer) = timeout_at(until, self.store().are_live(&asked)).await else { return false };
        let Ok(alive) = self.noted(answer) else { return false };
        let over = self.watches.seats().told(asked.into_iter().zip(alive), now);
        self.end_streams(over).await;
        true
    }

    /// Ends the streams of sessions that no longer exist under their id, each as soon as its
    /// outcome is known.
    async fn end_streams(self: &Arc<Self>, mut over: Vec<(StoreKey, About)>) {
        while !over.is_empty() {
            let mut looking = JoinSet::new();
            for (key, about) in over.drain(..over.len().min(AT_ONCE)) {
                let looked = Arc::clone(self).may_go_on(about);
                looking.spawn(async move { (key, timeout(SILENCE, looked).await.unwrap_or(true)) });
            }
            while let Some(Ok((key, may_go_on))) = looking.join_next().await {
                self.watches.seats().end(&key, if may_go_on { End::Unclear } else { End::Over });
            }
        }
    }

    /// Returns whether a session that is gone may continue under another id. It does not if the
    /// list of its user's sessions lacks its handle.
    async fn may_go_on(self: Arc<Self>, About { owner, handle, .. }: About) -> bool {
        let Some(owner) = owner else { return true };
        self.has(owner.user(), &handle).await.unwrap_or(true)
    }
}

/// Ends all streams if the task that checks them stops, because a store has panicked or the runtime
/// shuts down.
struct Looking {
    watches: Arc<Watches>,
    is_over: bool,
}

impl Drop for Looking {
    fn drop(&mut self) {
        if !self.is_over {
            let mut seats = self.watches.seats();
            seats.is_looked_after = false;
            seats.end_all();
        }
    }
}

/// Checks all sessions with streams until none is left.
async fn look_after(engine: Weak<Engine>, mut looking: Looking) {
    let watches = Arc::clone(&looking.watches);
    let (mut heard, mut due) = (Instant::now(), Instant::now() + PERIOD);
    loop {
        // A pending notification would win even after this time.
        let is_due = timeout_at(due, watches.noted.notified()).await.is_err() || Instant::now() >= due;
        let Some(engine) = engine.upgrade() else { return };
        let asked = {
            let mut seats = watches.seats();
            if seats.is_empty() {
                // This happens under the lock, so that the next stream to take a seat starts a new
                // task.
                seats.is_looked_after = false;
                looking.is_over = true;
                return;
            }
            if is_due {
                seats.send_back(engine.now());
            }
            seats.take_due(is_due)
        };
        if is_due {
            due = Instant::now() + PERIOD;
        }
        if asked.is_empty() {
            // If a full check has nothing to ask, the store is not silent. An early check says
            // nothing about it.
            heard = if is_due { Instant::now() } else { heard };
        } else if engine.look(asked, heard + SILENCE).await {
            heard = Instant::now();
        } else if heard.elapsed() >= SILENCE {
            watches.seats().end_all();
            heard = Instant::now();
        }
        drop(engine);
        // This pause lets sessions that end shortly after each other share one call.
        sleep_until(Instant::now() + PAUSE).await;
    }
}

/// The interval at which all sessions are checked.
const PERIOD: Duration = Duration::from_secs(1);

/// The time for which the store may fail to answer.
const SILENCE: Duration = Duration::from_secs(3);

/// The minimal time between two store calls.
const PAUSE: Duration = Duration::from_millis(50);

/// The number of lost sessions that are searched for under a new id at a time.
const AT_ONCE: usize = 64;
