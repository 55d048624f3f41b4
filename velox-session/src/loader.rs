//! How the user of a session is loaded.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::{Session, SessionUser};

/// Gives the user of a session, or says that it is gone. `E` is what the side that asks makes of a failure.
pub(crate) enum Loader<U, E> {
    /// The user as the session holds it.
    AsStored(fn(SessionUser) -> U),
    By(Arc<Load<U, E>>),
}

type Load<U, E> = dyn Fn(SessionUser) -> Pin<Box<dyn Future<Output = Result<Option<U>, E>> + Send>> + Send + Sync;

/// Who sent a request.
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

    /// The same users, for another side that asks.
    #[cfg(all(feature = "axum", feature = "rpc"))]
    pub(crate) fn map_err<F>(self, map: fn(E) -> F) -> Loader<U, F>
    where
        U: 'static,
        E: 'static,
        F: 'static,
    {
        match self {
            Self::AsStored(give) => Loader::AsStored(give),
            Self::By(load) => Loader::by(move |user| {
                let loading = load(user);
                async move { loading.await.map_err(map) }
            }),
        }
    }

    /// Who is logged in.
    pub(crate) async fn who(&self, session: &Session) -> Result<Who<U>, E> {
        let Some(user) = session.user() else { return Ok(Who::Nobody) };
        let user = match self {
            Self::AsStored(give) => Some(give(user)),
            Self::By(load) => load(user).await?,
        };
        Ok(user.map_or(Who::Gone, Who::Known))
    }
}

impl<U, E> Clone for Loader<U, E> {
    fn clone(&self) -> Self {
        match self {
            Self::AsStored(give) => Self::AsStored(*give),
            Self::By(load) => Self::By(Arc::clone(load)),
        }
    }
}

#[cfg(feature = "axum")]
pub(crate) type LayerLoader<U> = Loader<U, Box<dyn std::error::Error + Send + Sync>>;

/// Puts the loader of a layer into the extensions of a request, whatever user it gives.
#[cfg(feature = "axum")]
#[derive(Clone)]
pub(crate) struct LeaveLoader(Arc<dyn Fn(&mut http::Extensions) + Send + Sync>);

#[cfg(feature = "axum")]
impl LeaveLoader {
    pub(crate) fn as_stored() -> Self {
        Self::of(Loader::AsStored(std::convert::identity))
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
