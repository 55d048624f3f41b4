//! Redis for tests: servers, sentinels and clusters as processes of their own on 127.0.0.1, and a proxy before them that counts and breaks.

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
