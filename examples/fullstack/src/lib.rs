//! A full-stack application to begin with: people sign up and log in, and keep a list together that changes live in every window.
//!
//! `app` puts it together; `state` is what all handlers reach; `auth` and `items` are its routers; `accounts` and `list` are what they keep;
//! `front_end` serves what `web` was built into.
//!
//! A library beside its binary, so that tests have the application as a value.

#![forbid(unsafe_code)]

pub mod accounts;
pub mod app;
pub mod auth;
pub mod front_end;
pub mod items;
pub mod list;
pub mod state;
