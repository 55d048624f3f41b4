//! Guards that ask who sent the call. They stand after the middleware that finds it out.

use std::future::{Future, ready};

use http::StatusCode;

use super::{Guard, Refusal};
use crate::context::{HasUser, IsAuthenticated, Roles};
use crate::error::Result;
use crate::procedure::Demands;

/// Lets in users with a role: VeloxTS's `hasRole(role)`. Others get 403 `Required role: admin`, from the guard `hasRole:admin`.
///
/// The user is what a middleware before it found, such as `session.required()`; its type says which roles it has by [`Roles`].
/// Behind `session.optional()`, who is not logged in has no role.
///
/// # Examples
///
/// ```
/// use velox_rpc::context::Roles;
/// use velox_rpc::procedure::has_role;
/// use velox_rpc::{Call, Ctx, Error, Result, middleware, procedure};
///
/// struct Account { roles: Vec<String> }
///
/// impl Roles for Account {
///     fn has_role(&self, role: &str) -> bool {
///         self.roles.iter().any(|own| own == role)
///     }
/// }
///
/// /// Stands for `session.required()`.
/// #[middleware]
/// async fn user(ctx: &impl Ctx) -> Result<Account> {
///     match ctx.request().header("x-role") {
///         Some(role) => Ok(Account { roles: vec![role.to_owned()] }),
///         None => Err(Error::unauthorized("Authentication required")),
///     }
/// }
///
/// let accounts = procedure::<()>()
///     .use_(user)
///     .guard(has_role("admin"))
///     .query(|Call { ctx, .. }| Ok(ctx.user.roles));
/// # let _ = accounts;
/// ```
pub fn has_role(role: impl Into<String>) -> HasRole {
    let role = role.into();
    HasRole { name: format!("hasRole:{role}"), refusal: Refusal::new(format!("Required role: {role}")), role }
}

/// The guard of [`has_role`].
#[derive(Debug, Clone)]
pub struct HasRole {
    name: String,
    role: String,
    refusal: Refusal,
}

impl<C> Guard<C> for HasRole
where
    C: HasUser<User: Roles>,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, ctx: &C) -> impl Future<Output = Result<()>> + Send {
        ready(self.refusal.unless(ctx.user().has_role(&self.role), &self.name))
    }

    fn describe(&self, demands: &mut Demands) {
        self.refusal.describe(demands);
    }
}

/// Lets in who is logged in: VeloxTS's `authenticated`. Others get 401 `Authentication required`.
///
/// It is for what stands behind `session.optional()`; `session.required()` lets in nobody else by itself. Whether somebody is logged in
/// the user's type says ([`IsAuthenticated`]): an `Option` does.
///
/// # Examples
///
/// ```
/// use velox_rpc::procedure::{any_of, authenticated, guard};
/// use velox_rpc::{Ctx, Result, middleware, procedure};
///
/// /// Stands for `session.optional()`.
/// #[middleware]
/// async fn user(ctx: &impl Ctx) -> Result<Option<String>> {
///     Ok(ctx.request().header("x-user").map(str::to_owned))
/// }
///
/// let api_key = guard("apiKey", |request| request.header("x-api-key") == Some("key-123"));
/// let stats = procedure::<()>()
///     .use_(user)
///     .guard(any_of((api_key, authenticated())))
///     .query(|_| Ok(42));
/// # let _ = stats;
/// ```
pub fn authenticated() -> Authenticated {
    Authenticated { refusal: Refusal::new("Authentication required").status(StatusCode::UNAUTHORIZED) }
}

/// The guard of [`authenticated`].
#[derive(Debug, Clone)]
pub struct Authenticated {
    refusal: Refusal,
}

worded! { HasRole Authenticated }

impl<C> Guard<C> for Authenticated
where
    C: HasUser<User: IsAuthenticated>,
{
    fn name(&self) -> &str {
        "authenticated"
    }

    fn check(&self, ctx: &C) -> impl Future<Output = Result<()>> + Send {
        ready(self.refusal.unless(ctx.user().is_authenticated(), "authenticated"))
    }

    fn describe(&self, demands: &mut Demands) {
        self.refusal.describe(demands);
    }
}
