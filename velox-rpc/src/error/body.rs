//! The reason why a server stopped reading a request body. The server reports it, and the wires
//! answer it.

/// The request body did not arrive in time. A server returns this as the body's error, and the
/// client receives a 408.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request body did not arrive in time")]
pub struct BodyTimeout;
