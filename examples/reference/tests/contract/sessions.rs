//! "Sessions": the main ones, in memory and in Redis.

pub mod cookie;
mod expiry;
mod flash;
mod lazy;
mod login;
mod overlap;
mod writes;
