//! Exporters: documents made of the manifest. Each is a pure function of it, so that a document cannot drift from the router.
//!
//! May use the router and the vocabulary; whatever serves or prints a document lies outward of it.

mod openapi;
pub(crate) mod page;
mod schemas;
mod typescript;

pub use self::openapi::OpenApi;
pub use self::typescript::{AppRouter, TypeScript, TypedProcedure, WideIntegers};
