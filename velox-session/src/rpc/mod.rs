//! The binding to velox-rpc: sessions as middlewares of a procedure.
//!
//! [`required()`](SessionMiddleware::required) gives `ctx.user: U`, [`optional()`](SessionMiddleware::optional) gives
//! `ctx.user: Option<U>`, and [`middleware()`](SessionMiddleware::middleware) gives `ctx.session` alone. Without any of them there is no such
//! field, and a handler that names it does not compile.
//!
//! Uses velox-rpc only through the exchange's slots, which end with it; and the core through its public names, but for a
//! manager's address and what keeps a reply out of caches.

mod context;
pub(crate) mod exchange;
pub(crate) mod middleware;
mod outward;

use std::fmt;
use std::future::Future;

use serde::de::DeserializeOwned;

use crate::config::{ConfigError, SessionBuilder};
use crate::loader::{Loader, stored};
use crate::{Manager, Session, SessionLayer, SessionUser};

pub use self::context::{SessionContext, UserContext};
pub use self::middleware::{OptionalSession, PlainSession, RequiredSession};

/// Sessions, ready to be put into procedures. Clones are the same sessions.
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
}

impl SessionBuilder {
    /// Checks the settings, and makes the middlewares. `ctx.user` is a [`SessionUser`], unless a
    /// [`user_loader`](SessionMiddleware::user_loader) gives something else.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the settings, at once.
    pub fn build(self) -> Result<SessionMiddleware, ConfigError> {
        Ok(SessionMiddleware { manager: self.build_manager()?, loader: Loader::Stored(Session::user) })
    }
}

impl<U> SessionMiddleware<U> {
    /// Loads the user of each request by what the session holds: `ctx.user` becomes what the loader gives. `None` says
    /// that the user is gone.
    ///
    /// Where a session is required, that ends it. Where it is optional, the call is a visitor's: `ctx.user` is `None`, and `ctx.session`
    /// is empty and of nobody. The session itself stays until the call writes to it. Then it ends as by a logout, and what is written
    /// begins a new one, so that nothing of the user who is gone gets into it.
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
        Fut: Future<Output = velox_rpc::Result<Option<V>>> + Send + 'static,
        V: Send + Sync + 'static,
    {
        SessionMiddleware { manager: self.manager, loader: Loader::by(load) }
    }

    /// Reads the user back from the session as the type that was given to [`login`](crate::Session::login): `ctx.user` becomes that. No
    /// database is asked.
    ///
    /// A session that holds a user of another type, for instance one that an earlier version of the application has logged in, is treated as
    /// one whose user is gone: see [`user_loader`](Self::user_loader). The log has a warning.
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
    pub fn user_type<V: DeserializeOwned>(self) -> SessionMiddleware<V> {
        SessionMiddleware { manager: self.manager, loader: Loader::Stored(stored) }
    }

    /// Lets in who is logged in, and nobody else: `ctx.user: U`, `ctx.session`.
    ///
    /// Others get 401 `Authentication required`, code `SESSION_UNAUTHORIZED`; who is logged in as a user that is gone, 401 `User not
    /// found`, code `USER_NOT_FOUND`.
    pub fn required(&self) -> RequiredSession<U> {
        RequiredSession::new(self.manager.clone(), self.loader.clone())
    }

    /// Lets everybody in: `ctx.user: Option<U>`, `ctx.session`. Who is logged in as a user that is gone is a visitor: see
    /// [`user_loader`](Self::user_loader).
    pub fn optional(&self) -> OptionalSession<U> {
        OptionalSession::new(self.manager.clone(), self.loader.clone())
    }

    /// Lets everybody in and loads no user: `ctx.session`.
    pub fn middleware(&self) -> PlainSession {
        PlainSession::new(self.manager.clone())
    }

    /// Returns the layer that opens and saves these sessions around a whole application, or around an axum router in which the
    /// application is one service of many. The procedures use the session that the layer has opened.
    ///
    /// With the feature `axum`, the [`User`](crate::layer::User) extractors beside the procedures load the same users. There an error of the
    /// loader is a 500, whatever it is for procedures.
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
        let layer = layer.with_loader(self.loader.clone().map_err(|error| {
            let message = error.to_string();
            error.into_source().unwrap_or_else(|| message.into())
        }));
        layer
    }

    /// What opens and saves these sessions, for use outside of procedures.
    pub fn manager(&self) -> &Manager {
        &self.manager
    }
}

impl<U> Clone for SessionMiddleware<U> {
    fn clone(&self) -> Self {
        Self { manager: self.manager.clone(), loader: self.loader.clone() }
    }
}

impl<U> fmt::Debug for SessionMiddleware<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SessionMiddleware").field(&self.manager).finish()
    }
}
