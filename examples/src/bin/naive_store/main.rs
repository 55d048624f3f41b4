//! Shows what is wrong with the store of VeloxTS's page "Session Authentication".
//! `cargo run --bin naive_store` runs the conformance suite on its four lines and prints the
//! promises that they break.

#![forbid(unsafe_code)]

mod four_lines;

use velox_session::clock::ManualClock;
use velox_session::conformance::{self, ManualHarness};

use crate::four_lines::FourLines;

#[tokio::main]
async fn main() {
    let clock = ManualClock::at(1_700_000_000_000);
    let report = conformance::check(&ManualHarness::new(FourLines::new(clock.clone()), clock)).await;
    println!("{report}");
}
