//! What the tests share: a client that calls the service, without a socket or over one, and checks what holds for every reply, a browser that keeps
//! cookies, a session store that counts, fails and waits as told, a log that can be read, a program that runs as a process,
//! programs of node, a front end in TypeScript, and Redis with what can go wrong with it.
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
