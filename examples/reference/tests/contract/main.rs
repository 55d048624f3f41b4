//! Tests the reference app over a socket, against every line of its contract. Each test is named
//! after its line.
//!
//! Each test has its own process of the app, with sessions in memory. The tests of sessions also
//! run on Redis.

mod csrf;
mod errors;
mod input;
mod matrix;

mod openapi;
mod order;
mod rate_limit;
mod redis_layout;
mod responses;
mod routes;
mod sessions;
mod settings;
mod short_session;
mod two_processes;
mod validation;
mod world;
