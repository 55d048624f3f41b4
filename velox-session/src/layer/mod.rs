//! Sessions for any tower service: an axum router, or a whole velox application.
//!
//! [`SessionLayer`] opens the session of a request, adds [`Session`](crate::Session) to the
//! extensions of the request, and saves it before the response headers are sent. Procedures under a
//! layer use the session that the layer has opened. This module uses the manager and nothing of
//! velox-rpc.

#[cfg(feature = "axum")]
mod extract;
mod service;

pub use crate::rejection::Rejection;
#[cfg(feature = "axum")]
pub use extract::User;
pub(crate) use service::opened_by_layer;
pub use service::{SessionLayer, SessionService};
