//! Why a server gave up the body of a request. The server says it, and the wires answer it.

/// The request body did not arrive in time: a server yields it as the body's error, and the caller gets a 408.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request body did not arrive in time")]
pub struct BodyTimeout;

/// Too many request bodies are being read at the moment: a server yields it as the body's error, and the caller gets a 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many request bodies are being read at the moment")]
pub struct BodyOverload;
