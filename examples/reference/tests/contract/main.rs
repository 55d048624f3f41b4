//! The reference app over a socket, against every line of its contract; each test is named by its line.
//!
//! Each test has a process of the app for itself, with sessions in memory; those of sessions run on Redis as well.

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
