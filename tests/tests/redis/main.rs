//! Sessions in Redis. Each test starts a server of its own.

mod acl;
mod conformance;
mod dropped;
mod faults;
mod garbage;
mod layouts;
mod lists;
mod replicas;
mod round_trips;
mod sentinel;
