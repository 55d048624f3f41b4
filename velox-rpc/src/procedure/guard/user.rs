//! Guards that check the user. They come after the middleware that finds the user.

use std::future::{Future, ready};

use http::StatusCode;

use super::{Guard, Refusal};
use crate::context::{HasUser, IsAuthenticated, Roles};
use crate::error::Result;
use crate::procedure::Demands;

/// Makes a guard that lets in users with a role, like VeloxTS's `hasRole(role)`. Others receive 403
/// `Required role: admin` from the guard `hasRole:admin`.
///
/// A middleware before the guard must find the user, for example `session.required()`. The user's
/// type implements [`Roles`]. After `session.optional()`, a visitor who is not logged in has no
/// role.
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
/// /// Takes the place of `session.required()`.
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
pub fn has_role(role: impl RoleName) -> HasRole {
    let role = role.into();
    HasRole { name: format!("hasRole:{role}"), refusal: Refusal::new(format!("Required role: {role}")), role }
}

/// The name of a role, as a string.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the name of a role",
    label = "a role is a string",
    note = "for one of several roles, write `any_of((has_role(\"admin\"), has_role(\"editor\")))`"
)]
pub trait RoleName: Into<String> {}

#[diagnostic::do_not_recommend]
impl<T: Into<String>> RoleName for T {}

/// The guard that [`has_role`] makes.
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

/// Makes a guard that lets in users who are logged in, like VeloxTS's `authenticated`. Others
/// receive 401 `Authentication required`.
///
/// Use it after `session.optional()`. After `session.required()` you do not need it. The user's
/// type implements [`IsAuthenticated`]; an `Option` does so already.
///
/// # Examples
///
/// ```
/// use velox_rpc::procedure::{any_of, authenticated, guard};
/// use velox_rpc::{Ctx, Result, middleware, procedure};
///
/// /// Takes the place of `session.optional()`.
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

/// The guard that [`authenticated`] makes.
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
