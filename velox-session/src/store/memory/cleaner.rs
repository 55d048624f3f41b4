//! The thread that takes out what has expired, so that it leaves also where nobody calls.
//!
//! It is there while there are records, wakes once a second, and does its work in small steps, with a pause after each round of
//! the shards: a call waits for one step at most, and most of the processor is left to the calls. It ends with the store.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

use super::Shards;
use crate::clock::Clock;

/// Whether there is a thread, and which.
#[derive(Default)]
pub(super) struct Cleaner {
    at_work: AtomicBool,
    thread: Mutex<Option<Thread>>,
}

impl Cleaner {
    /// Sees to it that there is a thread. To be called once there is something for it to do.
    pub(super) fn start(shards: &Arc<Shards>, clock: &Arc<dyn Clock>) {
        let cleaner = &shards.cleaner;
        if cleaner.at_work.load(Ordering::SeqCst) || cleaner.at_work.swap(true, Ordering::SeqCst) {
            return;
        }
        let (weak, clock) = (Arc::downgrade(shards), Arc::clone(clock));
        // Locked before there is a thread: it may end at once, and the next one is not to be mistaken for it.
        let mut thread = cleaner.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let spawned = thread::Builder::new().name("velox-sessions".to_owned()).spawn(move || work(&weak, &*clock));
        // Where no thread can be had, what has expired leaves as others come, and when it is asked for.
        *thread = spawned.ok().map(|spawned| spawned.thread().clone());
    }

    /// Lets the thread look now.
    pub(super) fn wake(&self) {
        if let Some(thread) = &*self.thread.lock().unwrap_or_else(PoisonError::into_inner) {
            thread.unpark();
        }
    }

    #[cfg(test)]
    pub(super) fn never_start(&self) {
        self.at_work.store(true, Ordering::SeqCst);
    }

    #[cfg(test)]
    pub(super) fn is_at_work(&self) -> bool {
        self.at_work.load(Ordering::SeqCst)
    }

    /// Whether the thread may end, since there is nothing that could expire.
    fn rest(&self, is_empty: impl Fn() -> bool) -> bool {
        if !is_empty() {
            return false;
        }
        self.at_work.store(false, Ordering::SeqCst);
        // Who put a record in before that was said has started no thread; who does so after this look, does.
        is_empty() || self.at_work.swap(true, Ordering::SeqCst)
    }
}

fn work(shards: &Weak<Shards>, clock: &dyn Clock) {
    while let Some(shards) = shards.upgrade() {
        let more = shards.clean(clock.now());
        if !more && shards.cleaner.rest(|| shards.is_empty()) {
            return;
        }
        drop(shards);
        thread::park_timeout(if more { BREATH } else { NAP });
    }
}

const NAP: Duration = Duration::from_secs(1);
const BREATH: Duration = Duration::from_millis(2);
