//! Tests procedures, the router and the service, mostly without a socket.

mod builder;
mod caller;
mod contract;
mod cors;
mod error_map;
mod guards;
mod health;
mod hosts;
mod late_bodies;
mod live;
mod mistakes;
mod mount;
mod observe;
mod proxies;
mod rest;
mod tower;
mod unattended;
