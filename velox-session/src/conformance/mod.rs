//! A suite of checks for session stores. Use the `conformance` feature to test your own store.
//!
//! A store is little code, but it is easy to get wrong, and its mistakes show only when two
//! requests meet. [`check`] tests what each method of [`SessionStore`](crate::SessionStore)
//! promises, both alone and under concurrency. The [`Report`] names the promises that the store
//! breaks.
//!
//! The suite uses keys and users that nobody else has, and the records that it leaves behind
//! expire. It sets the time by hand, so give it a store for tests. It does not panic, even if the
//! store does. It waits for a call that never returns, so give the store a deadline.
//!
//! # Examples
//!
//! This test checks a store that uses a [`Clock`](crate::clock::Clock):
//!
//! ```
//! use velox_session::MemoryStore;
//! use velox_session::clock::ManualClock;
//! use velox_session::conformance::{self, ManualHarness};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let clock = ManualClock::at(1_700_000_000_000);
//! let store = MemoryStore::new().with_clock(clock.clone());
//! conformance::check(&ManualHarness::new(store, clock)).await.assert();
//! # }
//! ```

mod create;
mod destroy;
mod end;
mod harness;
mod kit;
mod life;
mod limit;
mod list;
mod load;
mod meanwhile;
mod race;
mod report;
#[cfg(test)]
mod tests;
mod threads;
mod write;

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

pub use self::harness::{Harness, ManualHarness};
use self::kit::{Checking, Kit, Miss};
#[cfg(test)]
pub(crate) use self::kit::{key, record};
pub use self::report::Report;
pub use self::threads::Task;

/// Runs all checks on a store, and reports which promises it keeps.
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
/// assert_eq!(report.broken().count(), 0);
/// # }
/// ```
pub async fn check(harness: &dyn Harness) -> Report {
    let kit = Kit::new(harness);
    let mut findings = Vec::new();
    for checks in [
        write::checks,
        destroy::checks,
        create::checks,
        life::checks,
        load::checks,
        list::checks,
        end::checks,
        limit::checks,
        race::checks,
        meanwhile::checks,
    ] {
        for (promise, check) in checks(&kit) {
            findings.push((promise, unwound(check).await));
        }
    }
    Report::new(findings)
}

/// Runs a check. A panic of the store is a broken promise.
async fn unwound(mut check: Checking<'_>) -> Result<(), Miss> {
    poll_fn(|context| {
        // The check is not polled again after a panic.
        let polled = catch_unwind(AssertUnwindSafe(|| check.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(Miss::Broken("the store panicked".to_owned()))))
    })
    .await
}
