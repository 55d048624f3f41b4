//! The contexts that the session middlewares create.

use std::fmt;
use std::ops::Deref;

use velox_rpc::context::{HasUser, IsAuthenticated};
use velox_rpc::{Context, Ctx};

use crate::{Session, SessionUser};

/// A context with a session, `ctx.session`. It derefs to the inner context.
pub struct SessionContext<C> {
    /// The session of this request.
    pub session: Session,
    inner: C,
}

/// A context with a session and its user, `ctx.session` and `ctx.user`. It derefs to the inner
/// context.
///
/// `U` is the user type if a session is required, and an `Option` of it if a session is optional.
pub struct UserContext<C, U> {
    /// The user who is logged in.
    pub user: U,
    /// The session of this request.
    pub session: Session,
    inner: C,
}

impl<C> SessionContext<C> {
    pub(super) fn new(session: Session, inner: C) -> Self {
        Self { session, inner }
    }
}

impl<C, U> UserContext<C, U> {
    pub(super) fn new(user: U, session: Session, inner: C) -> Self {
        Self { user, session, inner }
    }
}

impl<C> Deref for SessionContext<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.inner
    }
}

impl<C, U> Deref for UserContext<C, U> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.inner
    }
}

impl<C: Ctx> Ctx for SessionContext<C> {
    type State = C::State;

    fn base(&self) -> &Context<C::State> {
        self.inner.base()
    }
}

impl<C: Ctx, U: Send + Sync + 'static> Ctx for UserContext<C, U> {
    type State = C::State;

    fn base(&self) -> &Context<C::State> {
        self.inner.base()
    }
}

impl<C: HasUser> HasUser for SessionContext<C> {
    type User = C::User;

    fn user(&self) -> &C::User {
        self.inner.user()
    }
}

impl<C: Ctx, U: Send + Sync + 'static> HasUser for UserContext<C, U> {
    type User = U;

    fn user(&self) -> &U {
        &self.user
    }
}

/// A `SessionUser` exists only for a session with a logged-in user.
impl IsAuthenticated for SessionUser {
    fn is_authenticated(&self) -> bool {
        true
    }
}

impl<C> fmt::Debug for SessionContext<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionContext").field("session", &self.session).finish_non_exhaustive()
    }
}

impl<C, U> fmt::Debug for UserContext<C, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserContext").field("session", &self.session).finish_non_exhaustive()
    }
}
