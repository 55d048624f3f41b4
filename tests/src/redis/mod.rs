//! Redis for tests: servers, sentinels and clusters that run as processes on 127.0.0.1, and a proxy
//! that counts commands and injects faults.

mod cluster;
mod frame;
mod harness;
mod latency;
mod proxy;
mod sentinel;
mod server;
#[cfg(test)]
mod tests;

pub use self::cluster::RedisCluster;
pub use self::harness::{Aged, RedisHarness};
pub use self::latency::Latency;
pub use self::proxy::{Fault, Proxy};
pub use self::sentinel::RedisSentinel;
pub use self::server::RedisServer;
