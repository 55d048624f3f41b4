//! Runs the conformance suite on the example stores. It names the promises that the store of
//! VeloxTS's page "Session Authentication" breaks. The file store keeps all promises.

use std::fs;

use velox_session::clock::ManualClock;
use velox_session::conformance::{self, ManualHarness};

use self::file_store::FileStore;
use self::four_lines::FourLines;

#[expect(unreachable_pub, reason = "it is a module of a program as well")]
#[path = "../../../examples/src/bin/own_store/file_store.rs"]
mod file_store;
#[expect(unreachable_pub, reason = "it is a module of a program as well")]
#[path = "../../../examples/src/bin/naive_store/four_lines.rs"]
mod four_lines;

fn clock() -> ManualClock {
    ManualClock::at(1_700_000_000_000)
}

#[tokio::test]
async fn the_file_store_keeps_every_promise() {
    let folder = std::env::temp_dir().join(format!("velox-conformance-{}", std::process::id()));
    let clock = clock();
    let store = FileStore::open(folder.clone(), clock.clone()).expect("a folder");
    let report = conformance::check(&ManualHarness::new(store, clock).in_threads()).await;
    fs::remove_dir_all(folder).expect("it was made");
    report.assert();
}

#[tokio::test]
async fn the_store_of_the_seed_page_breaks_these_promises() {
    let clock = clock();
    let report = conformance::check(&ManualHarness::new(FourLines::new(clock.clone()), clock)).await;
    let broken: Vec<_> = report.broken().map(|(promise, _)| promise).collect();
    assert_eq!(broken, BROKEN, "{report}");
}

const BROKEN: [&str; 33] = [
    "data that looks like the store's own fields is kept",
    "a new record never replaces another",
    "a save that expects an earlier version changes nothing",
    "a save that expects a later version changes nothing",
    "a save never creates a record",
    "a save never revives an ended session",
    "a conflict does not change the lifetime",
    "a refused save returns the stored record",
    "a refused save returns no record if none is stored",
    "versions up to 2^53 are exact",
    "an ended session is gone for every call",
    "a session of another version than named is unchanged",
    "a session with a new id is stored unchanged, and the old one is gone",
    "a session of another version than named gets no new id and is unchanged",
    "a refused new id returns the stored record",
    "a session with a new id never replaces another session",
    "for one version, a session is either saved or gets a new id",
    "a lifetime is exact to the millisecond",
    "an expired session is gone for every call",
    "an expired session stays gone after any call",
    "a touch moves the expiry and nothing else",
    "the shortest lifetime is kept and ends",
    "a load renews a lifetime once an interval",
    "a load without an interval always renews the lifetime",
    "a session stays alive while it is read",
    "a load never exceeds the absolute timeout",
    "a load renews a record with its own lifetime, if it has one",
    "checking many sessions reports each one and renews none",
    "no concurrent save is lost",
    "only one of several concurrent saves of a version succeeds",
    "only one of several sessions with one id begins",
    "for one version, a session is either saved or ended",
    "a session that ends during saves stays ended",
];
