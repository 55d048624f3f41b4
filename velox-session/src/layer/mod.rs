//! Sessions for any service of tower: an axum router, or a velox application as a whole.
//!
//! [`SessionLayer`] opens the session of a request, puts [`Session`](crate::Session) into the extensions of the request, and saves it before
//! the head of the response leaves. Procedures under a layer use the session that it has opened. Uses the manager, and nothing of velox-rpc.

#[cfg(feature = "axum")]
mod extract;
mod service;

use std::fmt;

use http::Extensions;
use tower_layer::Layer;

use crate::Manager;
use crate::manager::OpenSession;

pub use crate::rejection::Rejection;
#[cfg(feature = "axum")]
pub use extract::User;
pub use service::SessionService;

/// Opens and saves the session of each request: made by [`Manager::layer`]. Clones are the same sessions.
///
/// A handler finds its [`Session`](crate::Session) in the extensions of the request. With the feature `axum` it is an extractor.
///
/// - A request that is no `GET`, `HEAD` or `OPTIONS` and that a browser sent from another site gets 403 `CROSS_SITE_REQUEST`, before its
///   session is opened. See [`trusted_origins`](crate::SessionBuilder::trusted_origins): behind a proxy that changes the `Host` header, name the
///   application's own origin there, too.
/// - A request without the session cookie causes no store call, and a visitor to whom nothing was written gets no cookie.
/// - What a request wrote is saved before the head of its response leaves. If it cannot be, the response is 503, 409 or 413 in place of the
///   handler's, and has no session cookie.
/// - A response with a server error (5xx) drops what its request wrote, but not a login, a logout or a new id. A panic, a service's own error
///   and a client that goes away drop everything.
/// - A `HEAD` request changes nothing.
/// - A store that does not answer is waited for no longer than [`patience`](crate::SessionBuilder::patience) says. For that, a tokio runtime has
///   to run the service, with its timer.
///
/// The body of a response that is sent while the handler's work goes on, such as a stream of events, is too late for the session: every
/// method answers [`SessionError::Ended`](crate::SessionError::Ended).
///
/// # Body
///
/// A request that the layer answers itself has an error in JSON for a body. So the body type of the service must be made from a `String`, as
/// `axum::body::Body` and [`velox_rpc::service::Body`](https://docs.rs/velox-rpc) are. Put layers that change the body type, such as
/// compression, around this one.
///
/// # Examples
///
/// ```
/// use axum::extract::Extension;
/// use axum::{Router, routing::post};
/// use velox_session::{MemoryStore, Session, SessionError, session_middleware};
///
/// async fn count(Extension(session): Extension<Session>) -> String {
///     match session.update("count", |count: Option<u64>| count.unwrap_or(0) + 1).await {
///         Ok(count) => count.to_string(),
///         Err(error) => error.to_string(),
///     }
/// }
///
/// # fn main() -> Result<(), velox_session::ConfigError> {
/// let sessions =
///     session_middleware("a development secret of 32 bytes or more").store(MemoryStore::new()).build_manager()?;
/// let app: Router = Router::new().route("/count", post(count)).layer(sessions.layer());
/// # let _ = app;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SessionLayer {
    manager: Manager,
    #[cfg(feature = "axum")]
    loader: extract::LeaveLoader,
}

impl SessionLayer {
    /// Returns the layer that opens and saves the sessions of a manager.
    #[must_use]
    pub fn new(manager: Manager) -> Self {
        Self {
            manager,
            #[cfg(feature = "axum")]
            loader: extract::LeaveLoader::as_stored(),
        }
    }
}

impl Manager {
    /// Returns the layer that opens and saves these sessions around a service of tower, such as an axum router.
    ///
    /// # Examples
    ///
    /// See [`SessionLayer`].
    #[must_use]
    pub fn layer(&self) -> SessionLayer {
        SessionLayer::new(self.clone())
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> SessionService<S> {
        SessionService::new(self.clone(), inner)
    }
}

/// The sessions that layers have opened for a request, in its extensions: an application may have several kinds, each with a manager.
#[derive(Clone, Default)]
struct OpenedByLayers(Vec<(Manager, OpenSession)>);

/// The session that a layer of this manager has opened for a request, and saves at its end.
pub(crate) fn opened_by_layer(extensions: &Extensions, manager: &Manager) -> Option<OpenSession> {
    let OpenedByLayers(opened) = extensions.get()?;
    opened.iter().find(|(other, _)| other.address() == manager.address()).map(|(_, open)| open.clone())
}

impl fmt::Debug for SessionLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SessionLayer").field(&self.manager).finish()
    }
}
