//! The application as its visitors have it.

mod accounts;
mod changes;
