//! Loads the user of a session.

#[cfg(feature = "axum")]
use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::{Session, SessionUser};

/// Loads the user of a session, or finds that the user no longer exists. `E` is the error type of
/// the middleware or layer that uses it.
pub(crate) struct Loader<U, E>(Arc<Load<U, E>>);

type Load<U, E> = dyn Fn(&Session, SessionUser) -> Loading<U, E> + Send + Sync;
type Loading<U, E> = Pin<Box<dyn Future<Output = Result<Who<U>, E>> + Send>>;

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
        Self(Arc::new(move |_, user| {
            let loading = load(user);
            Box::pin(async move { Ok(loading.await?.map_or(Who::Gone, Who::Known)) })
        }))
    }

    /// Returns a loader that reads the user from the session. If it finds none, the account may
    /// still exist, so the session stays.
    pub(crate) fn reading(read: fn(&Session) -> Option<U>) -> Self
    where
        U: 'static,
    {
        Self(Arc::new(move |session, _| {
            let session = session.clone();
            Box::pin(async move { Ok(read(&session).map_or(Who::Nobody, Who::Known)) })
        }))
    }

    /// Returns a loader of the same users with another error type.
    #[cfg(all(feature = "axum", feature = "rpc"))]
    pub(crate) fn map_err<F>(self, map: fn(E) -> F) -> Loader<U, F>
    where
        U: 'static,
        E: 'static,
        F: 'static,
    {
        Loader(Arc::new(move |session, user| {
            let loading = (self.0)(session, user);
            Box::pin(async move { loading.await.map_err(map) })
        }))
    }

    /// Returns who is logged in.
    pub(crate) async fn who(&self, session: &Session) -> Result<Who<U>, E> {
        let Some(user) = session.user() else { return Ok(Who::Nobody) };
        (self.0)(session, user).await
    }
}

impl<U, E> Clone for Loader<U, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(feature = "axum")]
pub(crate) type LayerLoader<U> = Loader<U, Box<dyn std::error::Error + Send + Sync>>;

/// The loader of a layer, for any type of user.
#[cfg(feature = "axum")]
#[derive(Clone)]
pub(crate) struct AnyLoader(Arc<dyn Any + Send + Sync>);

#[cfg(feature = "axum")]
impl AnyLoader {
    pub(crate) fn new<U: 'static>(loader: LayerLoader<U>) -> Self {
        Self(Arc::new(loader))
    }

    /// Returns the loader if it loads users of this type.
    pub(crate) fn of<U: 'static>(&self) -> Option<&LayerLoader<U>> {
        self.0.downcast_ref()
    }
}
