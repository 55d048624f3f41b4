//! The tRPC wire: the HTTP protocol of tRPC 11, as `@trpc/client` speaks it (<https://trpc.io/docs/rpc>).
//!
//! [`procedures`] knows every procedure by its path and claims requests, [`batch`] reads what one asks for, [`input`] makes the inputs of
//! its calls, [`reply`] the envelopes of their results.

mod batch;
mod input;
mod procedures;
mod reply;
mod settings;

pub(crate) use self::batch::Batch;
pub(crate) use self::procedures::Procedures;
pub(crate) use self::reply::refusal;
pub use self::settings::Trpc;
