//! What the tests share: a client that calls the service without a socket and checks what holds for every reply, and a log that can be
//! read.
#![forbid(unsafe_code)]

mod client;
mod log;

pub use self::client::{Client, Reply, get, json};
pub use self::log::Log;
