//! Helpers that the tests share:
//!
//! - a client that calls a service, with or without a socket, and checks the rules for all replies,
//! - a browser that keeps cookies,
//! - a session store that counts calls, fails and waits on demand,
//! - a log that tests can read,
//! - programs of this workspace and of node, run as processes,
//! - a TypeScript front end,
//! - Redis, and a proxy that injects faults.
#![forbid(unsafe_code)]

mod browser;
mod client;
mod front_end;
mod log;
mod node;
mod probe;
mod program;
mod raw;
pub mod redis;
mod sessions_app;
mod site;
mod socket;

pub use self::browser::{Browser, Cookie, forged};
pub use self::client::{Client, Reply, get, json};
pub use self::front_end::FrontEnd;
pub use self::log::{Log, listen};
pub use self::node::node;
pub use self::probe::{Gate, Kind, Probe};
pub use self::program::{Program, exchange};
pub use self::raw::{Raw, statuses};
pub use self::sessions_app::{Account, Accounts, SECRET, SessionsApp, Turnstile};
pub use self::site::Site;

/// Returns the number in an environment variable, such as the seed of random values.
///
/// # Panics
///
/// The variable is not a number.
pub fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// The example of the macros' README compiles. It needs velox-rpc, which the macros cannot use.
#[cfg(doctest)]
#[doc = include_str!("../../velox-rpc-macros/README.md")]
mod macros_readme {}
