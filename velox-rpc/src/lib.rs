#![doc = include_str!("docs/overview.md")]
#![forbid(unsafe_code)]

// The code that `#[schema]` generates names the crate.
#[cfg(test)]
extern crate self as velox_rpc;

mod app;
mod budget;
pub mod call;
pub mod caller;
pub mod context;
#[cfg(feature = "cors")]
pub mod cors;
pub mod error;
pub mod export;
mod json_schema;
mod networks;
pub mod procedure;
pub mod router;
mod running;
#[cfg(feature = "server")]
pub mod server;
pub mod service;
mod unwind;
mod validate;
mod wire;

/// The `http` crate, whose types appear in the API: `Method`, `StatusCode`, `HeaderName`,
/// `HeaderValue`.
pub use http;

pub use crate::app::{App, StartError};
pub use crate::call::Call;
pub use crate::context::{Context, Ctx};
#[cfg(feature = "cors")]
pub use crate::cors::cors;
pub use crate::error::{Error, Result};
pub use crate::procedure::{Middleware, Mutation, Next, ProcedureBuilder, Query, Subscription, procedure};
pub use crate::router::Router;
#[cfg(feature = "server")]
pub use crate::server::{ServeError, Server};
pub use crate::wire::trpc::Trpc;
#[doc = include_str!("docs/middleware.md")]
pub use velox_rpc_macros::middleware;
#[doc = include_str!("docs/router.md")]
pub use velox_rpc_macros::router;
#[doc = include_str!("docs/schema.md")]
pub use velox_rpc_macros::schema;

#[doc(hidden)]
pub mod __private;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
