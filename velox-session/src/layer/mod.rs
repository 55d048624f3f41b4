//! Sessions for any service of tower: an axum router, or a velox application as a whole.
//!
//! [`SessionLayer`] opens the session of a request, puts [`Session`](crate::Session) into the extensions of the request, and saves it before
//! the head of the response leaves. Procedures under a layer use the session that it has opened. Uses the manager, and nothing of velox-rpc.

#[cfg(feature = "axum")]
mod extract;
mod service;

pub use crate::rejection::Rejection;
#[cfg(feature = "axum")]
pub use extract::User;
pub(crate) use service::opened_by_layer;
pub use service::{SessionLayer, SessionService};
