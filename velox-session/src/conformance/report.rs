//! What the suite found.

use std::fmt;

use super::kit::Miss;

/// Which promises a store keeps, and which it breaks. Each is a short sentence that stays the same; a letter and a number in it, such as
/// `(C1)`, say which promise of velox needs it.
///
/// # Examples
///
/// ```
/// use velox_session::MemoryStore;
/// use velox_session::clock::ManualClock;
/// use velox_session::conformance::{self, ManualHarness};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let clock = ManualClock::at(1_700_000_000_000);
/// let store = MemoryStore::new().with_clock(clock.clone());
/// let report = conformance::check(&ManualHarness::new(store, clock)).await;
/// assert!(report.is_ok(), "{report}");
/// assert!(report.kept().any(|promise| promise == "a save never brings back a session that was ended (C1)"));
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a report says what is broken, and does not fail by itself"]
pub struct Report {
    findings: Vec<(&'static str, Result<(), Miss>)>,
}

impl Report {
    pub(super) fn new(findings: Vec<(&'static str, Result<(), Miss>)>) -> Self {
        Self { findings }
    }

    /// The promises that the store keeps.
    pub fn kept(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.findings.iter().filter(|(_, found)| found.is_ok()).map(|(promise, _)| *promise)
    }

    /// The promises that the store breaks, each with what was seen.
    pub fn broken(&self) -> impl Iterator<Item = (&'static str, &str)> + '_ {
        self.findings.iter().filter_map(|(promise, found)| match found {
            Err(Miss::Broken(seen)) => Some((*promise, seen.as_str())),
            _ => None,
        })
    }

    /// The promises about the list of a user's sessions, if the store says that it keeps none
    /// ([`StoreError::is_unsupported`](crate::store::StoreError::is_unsupported)): an application on it cannot list or end them.
    pub fn not_offered(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.findings.iter().filter(|(_, found)| matches!(found, Err(Miss::NotOffered))).map(|(promise, _)| *promise)
    }

    /// Whether nothing is broken. What is not offered is not.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.broken().next().is_none()
    }

    /// Fails a test with what is broken.
    ///
    /// # Panics
    ///
    /// When something is.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.is_ok(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kept, broken, missing) = (self.kept().count(), self.broken().count(), self.not_offered().count());
        write!(f, "{kept} promises kept, {broken} broken, {missing} not offered")?;
        for (promise, seen) in self.broken() {
            write!(f, "\n  broken: {promise}\n    {seen}")?;
        }
        for promise in self.not_offered() {
            write!(f, "\n  not offered: {promise}")?;
        }
        Ok(())
    }
}
