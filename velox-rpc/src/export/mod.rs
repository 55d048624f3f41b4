//! Exporters make documents from the manifest. Each exporter is a pure function of the manifest, so
//! a document always matches the router.
//!
//! This module may use the router and the modules that the router uses. The code that serves or
//! prints a document lies outward of it.

mod openapi;
pub(crate) mod page;
mod schemas;
mod typescript;

pub use self::openapi::OpenApi;
pub use self::typescript::{AppRouter, TypeScript, TypedProcedure, WideIntegers};
