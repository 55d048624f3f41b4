//! Compares the requests of a few browsers to two servers that share a store with a model of
//! sessions. The store calls happen in thousands of random orders. Every acknowledged write is
//! saved, every other write gets a conflict, every update returns what it saved, and nothing that
//! was ended ever returns.
//!
//! `VELOX_CASES` sets the number of orders, and `VELOX_SEED` selects them.

mod case;
mod closed;
mod deeds;
mod ground;
mod opened;
mod oracle;
mod script;
mod stepped;
mod stored;
mod world;

use std::cell::Cell;
use std::io::Write;

use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use velox_session::clock::ManualClock;
use velox_tests::number;
use velox_tests::redis::RedisServer;

use crate::model::case::Case;
use crate::model::ground::Ground;
use crate::model::world::{START, Tally, World};

#[test]
fn sessions_in_memory_match_the_model_in_every_order() {
    let runtime = runtime();
    run("memory", 1_000, |case| {
        let clock = ManualClock::at(START);
        runtime.block_on(World::new(Ground::memory(&clock), clock).run(case))
    });
}

/// Two servers on one Redis.
#[test]
fn sessions_in_redis_match_the_model_in_every_order() {
    let runtime = runtime();
    let server = runtime.block_on(RedisServer::start());
    let (store, connection) = runtime.block_on(Ground::connect(&server));
    run("redis", 1_000, |case| {
        let clock = ManualClock::at(START);
        runtime.block_on(async {
            let ground = Ground::redis(&store, &connection, &clock).await;
            World::new(ground, clock).run(case).await
        })
    });
}

fn run(name: &str, unless_told: u32, one: impl Fn(Case) -> Tally) {
    let cases = number("VELOX_CASES").map_or(unless_told, |cases| u32::try_from(cases).expect("a few"));
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        rng_seed: RngSeed::Fixed(number("VELOX_SEED").unwrap_or(1)),
        ..Config::default()
    };
    let total = Cell::new(Tally::default());
    let result = TestRunner::new(config).run(&case::cases(), |case| {
        total.set(total.get() + one(case));
        Ok(())
    });
    let tally = total.get();
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => panic!("{reason}\n{case:#?}"),
        Err(error) => panic!("{error}"),
    }
    // A run in which no two requests meet shows nothing.
    let met = [tally.merged, tally.lost, tally.refused, tally.messages, tally.expired, tally.ended_elsewhere];
    let updates = [tally.updates, tally.begun_at_once, tally.updates_later, tally.updates_refused, tally.outdated];
    assert!(met.iter().chain(&updates).all(|times| *times > 0), "{tally:?}");
    writeln!(std::io::stderr(), "{name}: {cases} orders, {tally:?}").expect("standard error");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}
