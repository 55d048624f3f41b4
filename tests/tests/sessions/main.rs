//! Tests sessions in memory, with procedures and with the layer.

mod acknowledged;
mod cookies;
mod cross_site;
mod csrf;
mod example_stores;
mod layer;
mod live_sessions;
mod lives;
mod model;
mod rate_limit;
mod revocation;
mod secrecy;
mod two_servers;
mod users;
