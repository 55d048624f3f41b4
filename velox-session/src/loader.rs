//! Loads the user of a session.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::{Session, SessionUser};

/// Loads the user of a session, or finds that the user no longer exists. `E` is the error type of
/// the middleware or layer that uses it.
pub(crate) enum Loader<U, E> {
    /// Reads the user from the session.
    Stored(fn(&Session) -> Option<U>),
    By(Arc<Load<U, E>>),
}

type Load<U, E> = dyn Fn(SessionUser) -> Pin<Box<dyn Future<Output = Result<Option<U>, E>> + Send>> + Send + Sync;

/// The sender of a request.
pub(crate) enum Who<U> {
    Known(U),
    /// Logged in as a user whom the loader no longer knows.
    Gone,
    Nobody,
}

impl<U, E> Loader<U, E> {
    pub(crate) fn by<F, Fut>(load: F) -> Self
    where
        F: Fn(SessionUser) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<U>, E>> + Send + 'static,
    {
        Self::By(Arc::new(move |user| Box::pin(load(user))))
    }

    /// Returns a loader of the same users with another error type.
    #[cfg(all(feature = "axum", feature = "rpc"))]
    pub(crate) fn map_err<F>(self, map: fn(E) -> F) -> Loader<U, F>
    where
        U: 'static,
        E: 'static,
        F: 'static,
    {
        match self {
            Self::Stored(read) => Loader::Stored(read),
            Self::By(load) => Loader::by(move |user| {
                let loading = load(user);
                async move { loading.await.map_err(map) }
            }),
        }
    }

    /// Returns who is logged in.
    pub(crate) async fn who(&self, session: &Session) -> Result<Who<U>, E> {
        let Some(user) = session.user() else { return Ok(Who::Nobody) };
        let user = match self {
            Self::Stored(read) => read(session),
            Self::By(load) => load(user).await?,
        };
        Ok(user.map_or(Who::Gone, Who::Known))
    }
}

/// Returns the user as the type that was logged in. If the session holds another type, it counts as
/// a user who no longer exists.
pub(crate) fn stored<U: DeserializeOwned>(session: &Session) -> Option<U> {
    let user = session.user_as();
    user.inspect_err(|error| tracing::warn!(%error, "a session holds another type of user")).ok().flatten()
}

impl<U, E> Clone for Loader<U, E> {
    fn clone(&self) -> Self {
        match self {
            Self::Stored(read) => Self::Stored(*read),
            Self::By(load) => Self::By(Arc::clone(load)),
        }
    }
}

#[cfg(feature = "axum")]
pub(crate) type LayerLoader<U> = Loader<U, Box<dyn std::error::Error + Send + Sync>>;

/// Adds the loader of a layer to the extensions of a request, whatever its type of user.
#[cfg(feature = "axum")]
#[derive(Clone)]
pub(crate) struct LeaveLoader(Arc<dyn Fn(&mut http::Extensions) + Send + Sync>);

#[cfg(feature = "axum")]
impl LeaveLoader {
    pub(crate) fn as_stored() -> Self {
        Self::of(Loader::Stored(Session::user))
    }

    pub(crate) fn of<U: 'static>(loader: LayerLoader<U>) -> Self {
        Self(Arc::new(move |extensions| {
            extensions.insert(loader.clone());
        }))
    }

    pub(crate) fn leave(&self, extensions: &mut http::Extensions) {
        (self.0)(extensions);
    }
}
