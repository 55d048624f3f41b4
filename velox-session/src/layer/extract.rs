//! The axum extractors: the session and its user.

use std::any::type_name;
use std::error::Error;
use std::future::Future;

use axum_core::body::Body;
use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::service::SessionLayer;
use crate::loader::{AnyLoader, LayerLoader, Loader, Who};
use crate::rejection::{Reason, Rejection};
use crate::{Session, SessionError, SessionUser};

/// Extracts the logged-in user.
///
/// `U` is [`SessionUser`], or the type that the layer's [`user_loader`](SessionLayer::user_loader)
/// returns. If nobody is logged in, the request is answered with 401 `Authentication required` and
/// the code `SESSION_UNAUTHORIZED`. If the loader returns `None`, because the user no longer
/// exists, it is answered with 401 `User not found` and the code `USER_NOT_FOUND`, and the session
/// ends.
///
/// Use `Option<User<U>>` to let everybody in. It is `None` in both cases. If the user no longer
/// exists, [`Session`] looks like that of an anonymous visitor: it is empty until it is written to.
///
/// # Examples
///
/// ```
/// use axum::{Router, routing::get};
/// use velox_session::layer::User;
/// use velox_session::{MemoryStore, SessionUser, session_middleware};
///
/// async fn profile(User(user): User<SessionUser>) -> String {
///     user.email
/// }
///
/// async fn home(user: Option<User<SessionUser>>) -> String {
///     user.map_or_else(|| "Hello".to_owned(), |User(user)| format!("Hello, {}", user.email))
/// }
///
/// # fn main() -> Result<(), velox_session::ConfigError> {
/// let sessions =
///     session_middleware("a development secret of 32 bytes or more").store(MemoryStore::new()).build_manager()?;
/// let app: Router = Router::new().route("/profile", get(profile)).route("/", get(home)).layer(sessions.layer());
/// # let _ = app;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct User<U = SessionUser>(pub U);

impl SessionLayer {
    /// Sets how [`User`] extractors load the user, given the user in the session. `None` means that
    /// the user no longer exists. An error is answered with 500, and only the log contains its
    /// cause.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use std::convert::Infallible;
    /// use std::sync::Arc;
    ///
    /// use axum::{Router, routing::get};
    /// use velox_session::layer::User;
    /// use velox_session::{MemoryStore, SessionUser, session_middleware};
    ///
    /// #[derive(Clone)]
    /// struct Account { name: String }
    ///
    /// async fn profile(User(account): User<Account>) -> String {
    ///     account.name
    /// }
    ///
    /// # fn main() -> Result<(), velox_session::ConfigError> {
    /// let accounts: Arc<HashMap<String, Account>> = Arc::default();
    /// let sessions = session_middleware("a development secret of 32 bytes or more")
    ///     .store(MemoryStore::new())
    ///     .build_manager()?
    ///     .layer()
    ///     .user_loader(move |user: SessionUser| {
    ///         let accounts = Arc::clone(&accounts);
    ///         async move { Ok::<_, Infallible>(accounts.get(&user.id).cloned()) }
    ///     });
    /// let app: Router = Router::new().route("/profile", get(profile)).layer(sessions);
    /// # let _ = app;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn user_loader<U, E, F, Fut>(self, load: F) -> Self
    where
        F: Fn(SessionUser) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<U>, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
        U: 'static,
    {
        let loader = Loader::by(move |user| {
            let loading = load(user);
            async move { loading.await.map_err(Into::into) }
        });
        self.with_loader::<U>(loader)
    }

    /// Makes [`User`] extractors read the user from the session as the type that was passed to
    /// [`login`](Session::login).
    ///
    /// If the session holds a user of another type, for example because an earlier version of the
    /// application logged the user in, nobody counts as logged in: `User` is 401, `Option<User>` is
    /// `None`, and the log has a warning. The session stays, and the next login replaces the user.
    /// [`Session::is_logged_in`] is still `true`, so decide by `Option<User>` where it matters.
    /// Give new fields a default (`#[serde(default)]`), so that users stay logged in.
    ///
    /// # Examples
    ///
    /// ```
    /// use serde::Deserialize;
    /// use velox_session::layer::User;
    /// use velox_session::{MemoryStore, session_middleware};
    ///
    /// #[derive(Deserialize)]
    /// struct Account { roles: Vec<String> }
    ///
    /// async fn roles(User(account): User<Account>) -> String {
    ///     account.roles.join(", ")
    /// }
    ///
    /// # fn main() -> Result<(), velox_session::ConfigError> {
    /// let sessions = session_middleware("a development secret of 32 bytes or more")
    ///     .store(MemoryStore::new())
    ///     .build_manager()?
    ///     .layer()
    ///     .user_type::<Account>();
    /// # let _ = (sessions, roles);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn user_type<U: DeserializeOwned + 'static>(self) -> Self {
        self.with_loader::<U>(Loader::reading(Session::stored_user))
    }

    pub(crate) fn with_loader<U: 'static>(mut self, loader: LayerLoader<U>) -> Self {
        (self.loader, self.has_own_loader) = (AnyLoader::new(loader), true);
        self
    }
}

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = Rejection;

    /// Extracts the session that the innermost [`SessionLayer`] has opened. Without a layer the
    /// request is answered with 500, and the log says what is missing.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        session(parts)
    }
}

impl<S: Sync, U: Send + 'static> FromRequestParts<S> for User<U> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let session = session(parts)?;
        match who(parts, &session).await? {
            Who::Known(user) => Ok(Self(user)),
            Who::Gone => {
                // The account was deleted, so the session ends and the browser forgets it.
                session.logout().await?;
                Err(Rejection::user_not_found())
            }
            Who::Nobody => Err(Rejection::unauthorized()),
        }
    }
}

impl<S: Sync, U: Send + 'static> OptionalFromRequestParts<S> for User<U> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        let session = session(parts)?;
        match who(parts, &session).await? {
            Who::Known(user) => Ok(Some(Self(user))),
            Who::Gone => {
                // The handles of this request, including one that an earlier argument has
                // extracted, must not show who was logged in.
                session.hide();
                Ok(None)
            }
            Who::Nobody => Ok(None),
        }
    }
}

fn session(parts: &Parts) -> Result<Session, Rejection> {
    let session = parts.extensions.get::<Session>().cloned();
    session.ok_or_else(|| Rejection::of(Reason::INTERNAL, Misuse::NoLayer))
}

async fn who<U: 'static>(parts: &Parts, session: &Session) -> Result<Who<U>, Rejection> {
    let loader = parts.extensions.get::<AnyLoader>().cloned();
    let Some(loader) = loader.as_ref().and_then(AnyLoader::of::<U>) else {
        return Err(Rejection::of(Reason::INTERNAL, Misuse::OtherUser(type_name::<U>())));
    };
    loader.who(session).await.map_err(|error| Rejection::of(Reason::INTERNAL, error))
}

/// A mistake in the setup of the application.
#[derive(Debug, thiserror::Error)]
enum Misuse {
    #[error(
        "no layer has opened the session: add `.layer(manager.layer())` to the router after its routes and after the \
         middleware that uses the session"
    )]
    NoLayer,
    #[error("the layer does not load users of type `{0}`: see `SessionLayer::user_loader`")]
    OtherUser(&'static str),
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.reply::<Body>()
    }
}

impl IntoResponse for SessionError {
    /// Uses the same status as a procedure: 400, 409 or 413 for errors that the caller or another
    /// request caused, 503 if the store failed, and 500 for all others, which are logged.
    fn into_response(self) -> Response {
        Rejection::from(self).into_response()
    }
}
