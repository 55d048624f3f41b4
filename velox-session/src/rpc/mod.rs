//! Sessions as middlewares of velox-rpc procedures.
//!
//! [`required()`](SessionMiddleware::required) adds `ctx.user: U`,
//! [`optional()`](SessionMiddleware::optional) adds `ctx.user: Option<U>`, and
//! [`middleware()`](SessionMiddleware::middleware) adds only `ctx.session`. Without one of them the
//! field does not exist, and a handler that uses it does not compile.
//!
//! This module uses velox-rpc only through the slots of a request, which end with it. It uses
//! the core through its public items, plus the address of a manager and the functions that keep a
//! reply out of caches.

mod context;
pub(crate) mod middleware;
mod outward;
pub(crate) mod request;

use std::fmt;
use std::future::Future;

use serde::de::DeserializeOwned;

use crate::config::{ConfigError, SessionBuilder};
use crate::loader::Loader;
use crate::{Manager, Session, SessionLayer, SessionUser};

pub use self::context::{SessionContext, UserContext};
pub use self::middleware::{OptionalSession, PlainSession, RequiredSession};

/// Creates the session middlewares of procedures. Clones share the same sessions.
///
/// # Examples
///
/// ```
/// use velox_rpc::{Call, Mutation, Query, procedure, router};
/// use velox_session::{MemoryStore, SessionMiddleware, SessionUser, session_middleware};
///
/// struct Auth {
///     session: SessionMiddleware,
/// }
///
/// #[router("auth")]
/// impl Auth {
///     fn logout(&self) -> Mutation<(), ()> {
///         procedure()
///             .use_(self.session.required())
///             .mutation(async |Call { ctx, .. }| Ok(ctx.session.logout().await?))
///     }
///
///     fn get_profile(&self) -> Query<(), SessionUser> {
///         procedure().use_(self.session.required()).query(|Call { ctx, .. }| Ok(ctx.user))
///     }
///
///     fn home_page(&self) -> Query<(), Option<SessionUser>> {
///         procedure().use_(self.session.optional()).query(|Call { ctx, .. }| Ok(ctx.user))
///     }
/// }
///
/// # fn main() -> Result<(), velox_session::ConfigError> {
/// let session = session_middleware("a development secret of 32 bytes or more")
///     .store(MemoryStore::new())
///     .build()?;
/// let auth = Auth { session };
/// # let _ = auth;
/// # Ok(())
/// # }
/// ```
pub struct SessionMiddleware<U = SessionUser> {
    manager: Manager,
    loader: Loader<U, velox_rpc::Error>,
    /// Set by `user_loader` and `user_type`.
    has_own_loader: bool,
}

impl SessionBuilder {
    /// Checks the settings and builds the [`SessionMiddleware`]. `ctx.user` is a [`SessionUser`]
    /// unless you set a [`user_loader`](SessionMiddleware::user_loader).
    ///
    /// # Errors
    ///
    /// Returns one error that lists every invalid or contradictory setting.
    pub fn build(self) -> Result<SessionMiddleware, ConfigError> {
        let (manager, loader) = (self.build_manager()?, Loader::reading(Session::user));
        Ok(SessionMiddleware { manager, loader, has_own_loader: false })
    }
}

impl<U> SessionMiddleware<U> {
    /// Sets the loader of the user of a request. It gets the user in the session, and returns
    /// `ctx.user`, or `None` if the user no longer exists.
    ///
    /// In that case, a required session ends. If it is optional, the call sees an anonymous
    /// visitor: `ctx.user` is `None` and `ctx.session` is empty. The stored session stays until the
    /// call writes to it. Then the stored session ends as with a logout, and the write begins a new
    /// one, so that no data of the deleted user gets into it.
    ///
    /// A loader returns the same as a handler, a [`velox_rpc::Result`]. `?` turns an error of any
    /// other type, such as a database's, into one: `Ok(db.find_user(&user.id).await?)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use std::sync::Arc;
    /// use velox_session::{MemoryStore, SessionUser, session_middleware};
    ///
    /// #[derive(Clone)]
    /// struct Account { name: String }
    ///
    /// # fn main() -> Result<(), velox_session::ConfigError> {
    /// let accounts: Arc<HashMap<String, Account>> = Arc::default();
    /// let session = session_middleware("a development secret of 32 bytes or more")
    ///     .store(MemoryStore::new())
    ///     .build()?
    ///     .user_loader(move |user: SessionUser| {
    ///         let accounts = Arc::clone(&accounts);
    ///         async move { Ok(accounts.get(&user.id).cloned()) }
    ///     });
    /// # let _ = session;
    /// # Ok(())
    /// # }
    /// ```
    pub fn user_loader<V, F, Fut>(self, load: F) -> SessionMiddleware<V>
    where
        F: Fn(SessionUser) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: LoadedUser<User = V>> + Send + 'static, // an `async` block or closure
        V: Send + Sync + 'static,
    {
        let loader = Loader::by(move |user| {
            let loading = load(user);
            async move { loading.await.into_result() }
        });
        SessionMiddleware { manager: self.manager, loader, has_own_loader: true }
    }

    /// Reads the user from the session as the type that was passed to
    /// [`login`](crate::Session::login), and makes it `ctx.user`. This needs no database.
    ///
    /// If the session holds a user of another type, for example because an earlier version of the
    /// application logged the user in, nobody counts as logged in: `required()` answers 401,
    /// `optional()` gives `None`, and the log has a warning. The session stays, and the next login
    /// replaces the user. `ctx.session.is_logged_in()` is still `true`. Give new fields a default
    /// (`#[serde(default)]`), so that users stay logged in.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::borrow::Cow;
    ///
    /// use serde::{Deserialize, Serialize};
    /// use velox_rpc::{Call, procedure};
    /// use velox_session::{Authenticatable, MemoryStore, session_middleware};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Account { id: String, roles: Vec<String> }
    ///
    /// impl Authenticatable for Account {
    ///     fn id(&self) -> Cow<'_, str> { Cow::Borrowed(&self.id) }
    /// }
    ///
    /// # fn main() -> Result<(), velox_session::ConfigError> {
    /// let session = session_middleware("a development secret of 32 bytes or more")
    ///     .store(MemoryStore::new())
    ///     .build()?
    ///     .user_type::<Account>();
    ///
    /// let roles = procedure::<()>().use_(session.required()).query(|Call { ctx, .. }| Ok(ctx.user.roles));
    /// # let _ = roles;
    /// # Ok(())
    /// # }
    /// ```
    pub fn user_type<V: DeserializeOwned + 'static>(self) -> SessionMiddleware<V> {
        SessionMiddleware { manager: self.manager, loader: Loader::reading(Session::stored_user), has_own_loader: true }
    }

    /// Returns a layer that opens and saves these sessions around a whole application, or around an
    /// axum router that contains the application as one of several services. Procedures use the
    /// session that the layer has opened.
    ///
    /// With the feature `axum`, [`User`](crate::layer::User) extractors outside procedures load the
    /// same users. There, every error of the loader becomes a 500, even if a procedure would answer
    /// with another status.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::{App, Router, procedure};
    /// use velox_session::{MemoryStore, session_middleware};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let session = session_middleware("a development secret of 32 bytes or more").store(MemoryStore::new()).build()?;
    /// let layer = session.layer();
    /// let profile = procedure::<()>().use_(session.required()).query(|call| Ok(call.ctx.user));
    /// let app = App::new(()).router(Router::new("auth").procedure("getProfile", profile)).into_service()?;
    ///
    /// let site: axum::Router = axum::Router::new().fallback_service(app).layer(layer);
    /// # let _ = site;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn layer(&self) -> SessionLayer
    where
        U: 'static,
    {
        let layer = self.manager.layer();
        #[cfg(feature = "axum")]
        let layer = match self.has_own_loader {
            true => layer.with_loader(self.loader.clone().map_err(|error| {
                let message = error.to_string();
                error.into_source().unwrap_or_else(|| message.into())
            })),
            false => layer,
        };
        layer
    }

    /// Returns the manager of these sessions, for use outside procedures.
    pub fn manager(&self) -> &Manager {
        &self.manager
    }
}

/// The result of a [`user_loader`](SessionMiddleware::user_loader): a [`velox_rpc::Result`] of
/// `Some` user, or of `None` if the user no longer exists.
#[diagnostic::on_unimplemented(
    message = "a user loader returns a `velox_rpc::Result<Option<User>>`, and this one returns `{Self}`",
    label = "the loader returns `{Self}`",
    note = "`?` turns an error of any type into velox's: write `Ok(db.find_user(&user.id).await?)`",
    note = "a user who no longer exists is `Ok(None)`, and one who does is `Ok(Some(user))`"
)]
pub trait LoadedUser {
    /// The type of `ctx.user`.
    type User;

    /// Returns the user, or the error of the call.
    ///
    /// # Errors
    ///
    /// Returns the error of the loader.
    fn into_result(self) -> velox_rpc::Result<Option<Self::User>>;
}

// This must stay the only implementation. With a second one, the compiler could not infer the error
// type of a loader that ends in `Ok(…)`.
impl<U> LoadedUser for velox_rpc::Result<Option<U>> {
    type User = U;

    fn into_result(self) -> Self {
        self
    }
}

impl<U> Clone for SessionMiddleware<U> {
    fn clone(&self) -> Self {
        Self { manager: self.manager.clone(), loader: self.loader.clone(), has_own_loader: self.has_own_loader }
    }
}

impl<U> fmt::Debug for SessionMiddleware<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SessionMiddleware").field(&self.manager).finish()
    }
}
