//! The three session middlewares: required, optional, and without a user.

use std::fmt;

use velox_rpc::call::Kind;
use velox_rpc::context::RequestScope;
use velox_rpc::procedure::{Credential, Demands, Outcome};
use velox_rpc::{Ctx, Error, Middleware, Next, Result};

use super::outward::{is_ended, tell};
use super::request::{SessionCall, open};
use super::{SessionContext, SessionMiddleware, UserContext};
use crate::Manager;
use crate::loader::Who;
use crate::rejection::Reason;

/// A middleware that lets only logged-in users in.
/// [`SessionMiddleware::required`] creates it.
pub struct RequiredSession<U>(SessionMiddleware<U>);

/// A middleware that lets everybody in, with the user if somebody is logged in.
/// [`SessionMiddleware::optional`] creates it.
pub struct OptionalSession<U>(SessionMiddleware<U>);

/// A middleware that lets everybody in, with the session.
/// [`SessionMiddleware::middleware`] creates it.
#[derive(Debug)]
pub struct PlainSession(Manager);

impl<U> SessionMiddleware<U> {
    /// Returns a middleware that lets only logged-in users in. It adds `ctx.user: U` and
    /// `ctx.session`.
    ///
    /// Everybody else gets 401 `Authentication required` with the code `SESSION_UNAUTHORIZED`. If
    /// the logged-in user no longer exists, the reply is 401 `User not found` with the code
    /// `USER_NOT_FOUND`.
    pub fn required(&self) -> RequiredSession<U> {
        RequiredSession(self.clone())
    }

    /// Returns a middleware that lets everybody in. It adds `ctx.user: Option<U>` and
    /// `ctx.session`. A user who no longer exists counts as an anonymous visitor: see
    /// [`user_loader`](Self::user_loader).
    pub fn optional(&self) -> OptionalSession<U> {
        OptionalSession(self.clone())
    }

    /// Returns a middleware that lets everybody in and loads no user. It adds `ctx.session`.
    pub fn middleware(&self) -> PlainSession {
        PlainSession(self.manager.clone())
    }

    /// Opens the session, begins the call, and loads the user.
    async fn begin(&self, scope: &RequestScope, kind: Kind) -> Result<(SessionCall, Who<U>)> {
        let open = open(&self.manager, scope, kind).await?;
        let call = SessionCall::begin(&open, &self.manager, scope, kind)?;
        let who = self.loader.who(&call.session()).await?;
        Ok((call, who))
    }
}

impl<C, U> Middleware<C> for RequiredSession<U>
where
    C: Ctx,
    U: Send + Sync + 'static,
{
    type Context = UserContext<C, U>;

    async fn call(&self, ctx: C, next: Next<Self::Context>) -> Result<Outcome> {
        let (call, user) = self.0.begin(ctx.scope(), ctx.base().procedure().kind()).await?;
        let result = match user {
            Who::Known(user) => next.run(UserContext::new(user, call.session(), ctx)).await,
            Who::Gone => {
                // The account was deleted, so the session ends and the browser forgets it.
                call.session().logout().await?;
                Err(gone())
            }
            Who::Nobody => Err(nobody()),
        };
        call.end(result.map_err(|error| if is_ended(&error) { nobody() } else { error }), Some(nobody)).await
    }

    fn describe(&self, demands: &mut Demands) {
        claim(&self.0.manager, demands);
        demands.require(cookie(&self.0.manager));
        for Reason { status, message, .. } in [Reason::UNAUTHORIZED, Reason::USER_NOT_FOUND] {
            demands.refuse(status, message);
        }
        describe_failures(demands);
    }
}

impl<C, U> Middleware<C> for OptionalSession<U>
where
    C: Ctx,
    U: Send + Sync + 'static,
{
    type Context = UserContext<C, Option<U>>;

    async fn call(&self, ctx: C, next: Next<Self::Context>) -> Result<Outcome> {
        let (call, user) = self.0.begin(ctx.scope(), ctx.base().procedure().kind()).await?;
        let session = call.session();
        let (user, session) = match user {
            Who::Known(user) => (Some(user), session),
            // The session must not show a user who no longer exists.
            Who::Gone => {
                session.hide();
                (None, session)
            }
            Who::Nobody => (None, session),
        };
        let result = next.run(UserContext::new(user, session, ctx)).await;
        call.end(result, None).await
    }

    fn describe(&self, demands: &mut Demands) {
        describe_open(&self.0.manager, demands);
    }
}

impl<C: Ctx> Middleware<C> for PlainSession {
    type Context = SessionContext<C>;

    async fn call(&self, ctx: C, next: Next<Self::Context>) -> Result<Outcome> {
        let (scope, kind) = (ctx.scope(), ctx.base().procedure().kind());
        let open = open(&self.0, scope, kind).await?;
        let call = SessionCall::begin(&open, &self.0, scope, kind)?;
        let result = next.run(SessionContext::new(call.session(), ctx)).await;
        call.end(result, None).await
    }

    fn describe(&self, demands: &mut Demands) {
        describe_open(&self.0, demands);
    }
}

/// Declares the demands of a middleware that lets everybody in.
fn describe_open(manager: &Manager, demands: &mut Demands) {
    claim(manager, demands);
    demands.accept(cookie(manager));
    describe_failures(demands);
}

/// Declares how a call can fail because of its session, with or without a user.
fn describe_failures(demands: &mut Demands) {
    for Reason { status, message, .. } in [Reason::CHANGED, Reason::NOT_LOADED, Reason::NOT_SAVED] {
        demands.refuse(status, message);
    }
    demands.of_mutations().refuse(Reason::CROSS_SITE.status, Reason::CROSS_SITE.message);
}

/// Returns the credential that identifies a session.
pub(crate) fn cookie(manager: &Manager) -> Credential {
    Credential::Cookie(manager.cookie().0.to_owned().into())
}

/// Claims the cookie for the manager: two managers with one cookie would open a session twice in a
/// batch, and replace each other's cookie.
pub(crate) fn claim(manager: &Manager, demands: &mut Demands) {
    let (name, scope) = manager.cookie();
    demands.claim(format!("the cookie `{name}{scope}`"), manager.address());
}

fn nobody() -> Error {
    tell(Reason::UNAUTHORIZED)
}

fn gone() -> Error {
    tell(Reason::USER_NOT_FOUND)
}

impl<U> fmt::Debug for RequiredSession<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequiredSession").field(&self.0.manager).finish()
    }
}

impl<U> fmt::Debug for OptionalSession<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OptionalSession").field(&self.0.manager).finish()
    }
}
