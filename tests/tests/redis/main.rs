//! Tests sessions in Redis. Each test starts its own server.

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
