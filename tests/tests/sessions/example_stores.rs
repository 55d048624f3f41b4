//! Runs the conformance suite on the example stores. It names the promises that the store of the
//! seed page breaks. The file store keeps all promises.

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
    "data that looks like the store's own fields is data",
    "a new record never replaces one",
    "a save that expects an earlier version changes nothing",
    "a save that expects a later version changes nothing",
    "a save never creates a record",
    "a save never brings back a session that was ended",
    "a conflict leaves the life as it was",
    "a save that is refused hands back the record that is there",
    "a save that is refused hands back nothing where nothing is",
    "versions are kept exactly, up to 2^53",
    "a session that was ended is gone, for every call",
    "a session of another version than named goes on as it was",
    "a session under a new id is there as it was kept, and the old one is gone",
    "a session of another version than named gets no new id, and goes on as it was",
    "a new id that is refused hands back the record that is there",
    "a session under a new id never replaces one",
    "a session is saved or gets a new id by its version, never both",
    "a life is kept to the millisecond",
    "a session that has expired is gone, for every call",
    "a session that has expired stays gone, whatever was asked of it",
    "a touch moves the expiry and nothing else",
    "the shortest life is kept, and ends",
    "a load renews a life once an interval",
    "a load without an interval renews a life each time",
    "a session lives as long as it is read",
    "a load never makes a life longer than the absolute time-out",
    "a load renews a record by its own lifetime, where it has one",
    "a look at many tells of each whether it is there, and renews none",
    "of saves at once none is lost",
    "of saves at once that expect one version one is kept",
    "of sessions that begin at once under one id one begins",
    "a session is saved or ended by its version, never both",
    "a session that is ended while others save it stays ended",
];
