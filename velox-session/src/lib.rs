//! Server-side sessions behind a signed cookie.
//!
//! A visitor's session data is kept on the server, in a [`SessionStore`], as a [`Record`]. The
//! browser holds only a random id, in a signed cookie. This crate loads the session of a request,
//! lets your code read and change it, and saves it once at the end of the request.
//!
//! The crate guarantees the following:
//!
//! * A visitor gets a cookie, and is kept in the store, only once something is written to the
//!   session. A request without the session cookie causes no store call.
//! * The signature of the cookie is checked before the id is parsed, looked up or logged.
//! * A login gives the session a new id and destroys the old one before the response is sent.
//! * A save that is in flight does not bring back a session that another request ended or rotated
//!   meanwhile.
//! * A mutation that a browser sends to a procedure from another site is refused before its session
//!   is loaded.
//! * Ids and secrets have no `Display` and no `Serialize`, and their `Debug` hides them.
//!
//! **Start with the [guides](guide)**, which cover velox-rpc, too.
//!
//! # Features
//!
//! - `rpc` (on by default): sessions for the procedures of velox-rpc, rate limits, CSRF tokens.
//! - `axum`: extractors for axum handlers, `Session` and `User<U>`.
//! - `tower`: [`SessionLayer`] for any tower service. `rpc` and `axum` turn it on.
//! - `redis`, `redis-tls`: a store in Redis or Valkey, the second with TLS.
//! - `conformance`: a test suite for your own store.
//!
//! # Examples
//!
//! The core works with any HTTP library, through the types of the crate `http`:
//!
//! ```
//! use std::time::Duration;
//!
//! use http::HeaderMap;
//! use velox_session::{MemoryStore, SessionUser, session_middleware};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let manager = session_middleware("a development secret of 32 bytes or more")
//!     .store(MemoryStore::new())
//!     .max_age(Duration::from_secs(86_400))
//!     .build_manager()?;
//!
//! let request = HeaderMap::new();
//! let open = manager.open(&request).await?;
//!
//! let call = open.call();
//! call.session().login(SessionUser::new("u1", "ada@example.com")).await?;
//! call.commit();
//!
//! let mut response = HeaderMap::new();
//! manager.close(&open).await?.apply(&mut response);
//! assert!(response["set-cookie"].to_str()?.starts_with("__Host-session="));
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(
    not(feature = "rpc"),
    allow(dead_code, unused_imports, reason = "only the feature `rpc` uses some parts of the core")
)]

mod caching;
pub mod clock;
pub mod config;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod cookie;
#[cfg(feature = "rpc")]
pub mod csrf;
#[cfg(feature = "tower")]
mod deadline;
mod error;
mod event;
#[cfg(feature = "rpc")]
pub mod guide;
mod headers;
mod id;
mod key;
#[cfg(feature = "tower")]
pub mod layer;
#[cfg(any(feature = "axum", feature = "rpc"))]
mod loader;
pub mod manager;
mod origin;
mod policy;
#[cfg(feature = "rpc")]
pub mod rate;
mod record;
#[cfg(feature = "tower")]
mod rejection;
#[cfg(feature = "rpc")]
pub mod rpc;
pub mod secret;
pub mod session;
pub mod store;
mod user;

pub use config::{ConfigError, SessionBuilder, session_middleware};
pub use cookie::SameSite;
#[cfg(feature = "rpc")]
pub use csrf::{Csrf, csrf};
pub use event::Counters;
pub use id::SessionId;
pub use key::StoreKey;
#[cfg(feature = "tower")]
pub use layer::SessionLayer;
pub use manager::{Manager, Session};
pub use record::{Record, RecordError};
/// Re-exports the crate that defines the clients and connections that
/// [`RedisStore`](store::RedisStore) takes.
#[cfg(feature = "redis")]
pub use redis;
#[cfg(feature = "rpc")]
pub use rpc::SessionMiddleware;
pub use secret::Secret;
pub use session::{Key, SessionError};
pub use store::{MemoryStore, SessionStore};
pub use user::{Authenticatable, SessionUser};

/// The example of the README compiles.
#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../README.md")]
mod readme {}
