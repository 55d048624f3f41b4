//! "Sessions": the main ones, in memory and in Redis.

mod cookie;
mod expiry;
mod flash;
mod lazy;
mod login;
mod overlap;
mod writes;
