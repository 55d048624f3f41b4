//! A log for tests. It records the events of this thread for as long as it is held.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber};

/// Records the events of this thread, one per line: `LEVEL field=value … message`.
#[derive(Debug)]
pub struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    _guard: DefaultGuard,
}

impl Log {
    /// Starts to record this thread.
    #[must_use = "a log listens for as long as it is held"]
    pub fn listen() -> Self {
        let lines = Arc::default();
        let guard = listen(Lines(Arc::clone(&lines)));
        Self { lines, _guard: guard }
    }

    /// Returns the lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Sets the subscriber of this thread, independently of other threads.
#[must_use = "it listens for as long as the guard is held"]
pub fn listen(subscriber: impl Subscriber + Send + Sync) -> DefaultGuard {
    attend();
    tracing::subscriber::set_default(subscriber)
}

/// Gives this thread a subscriber, so that events stay enabled for all threads.
///
/// tracing caches whether anybody wants an event, and may ask only the thread that meets the event
/// first. If that thread has no subscriber, the event is disabled for others too. So every thread
/// that calls a service gets a subscriber before the call.
pub(crate) fn attend() {
    thread_local! {
        static DEAF: DefaultGuard = tracing::subscriber::set_default(Lines(Arc::default()));
    }
    DEAF.with(|_| ());
}

struct Lines(Arc<Mutex<Vec<String>>>);

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).expect("writing to a string never fails");
    }
}
