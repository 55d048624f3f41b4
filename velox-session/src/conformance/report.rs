//! The result of the suite.

use std::fmt;

use super::kit::Miss;

/// The promises that a store keeps and those that it breaks.
///
/// Each promise is a short sentence that never changes.
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
/// assert!(report.kept().any(|promise| promise == "a save never revives an ended session"));
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a report lists the broken promises and does not fail by itself"]
pub struct Report {
    findings: Vec<(&'static str, Result<(), Miss>)>,
}

impl Report {
    pub(super) fn new(findings: Vec<(&'static str, Result<(), Miss>)>) -> Self {
        Self { findings }
    }

    /// Returns the promises that the store keeps.
    pub fn kept(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.findings.iter().filter(|(_, found)| found.is_ok()).map(|(promise, _)| *promise)
    }

    /// Returns the promises that the store breaks, each with what the check observed.
    pub fn broken(&self) -> impl Iterator<Item = (&'static str, &str)> + '_ {
        self.findings.iter().filter_map(|(promise, found)| match found {
            Err(Miss::Broken(seen)) => Some((*promise, seen.as_str())),
            _ => None,
        })
    }

    /// Returns the promises that the store does not make, because it keeps no list of a user's
    /// sessions ([`StoreError::is_unsupported`](crate::store::StoreError::is_unsupported)). With
    /// such a store, an application cannot list or end the sessions of a user, or limit their
    /// number.
    pub fn not_offered(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.findings.iter().filter(|(_, found)| matches!(found, Err(Miss::NotOffered))).map(|(promise, _)| *promise)
    }

    /// Returns whether the store breaks no promise. A promise that it does not make is not broken.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.broken().next().is_none()
    }

    /// Panics with the report if the store breaks a promise. Use it in a test.
    ///
    /// # Panics
    ///
    /// Panics if [`is_ok`](Self::is_ok) returns `false`.
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
