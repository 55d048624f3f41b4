//! A full-stack application to start from. People sign up, log in, and edit a shared list, which
//! updates live in every window.
//!
//! `app` puts it together. `state` is the state that all handlers share. `auth` and `items` are the
//! routers, and `accounts` and `list` store their data. `front_end` serves the build of `web`.
//!
//! The crate is a library with a small binary, so that tests can create the application directly.

#![forbid(unsafe_code)]

pub mod accounts;
pub mod app;
pub mod auth;
pub mod front_end;
pub mod items;
pub mod list;
pub mod state;
