//! The user of a call. Guards get it from the context, and need not know which middleware found it.

use std::sync::Arc;

use super::Ctx;

/// A context with a user. The middleware of a session makes one, and every middleware after it
/// passes it on.
///
/// The guards [`has_role`](crate::procedure::has_role) and
/// [`authenticated`](crate::procedure::authenticated) need it. `#[middleware]` passes the user on,
/// and provides one if the middleware itself is called `user`. For a context that you write by
/// hand, implement it in a few lines.
///
/// # Examples
///
/// This context passes on the user of the inner one:
///
/// ```
/// use std::ops::Deref;
/// use velox_rpc::context::HasUser;
/// use velox_rpc::{Context, Ctx};
///
/// struct WithTenant<C> { tenant: String, inner: C }
///
/// impl<C> Deref for WithTenant<C> {
///     type Target = C;
///     fn deref(&self) -> &C { &self.inner }
/// }
///
/// impl<C: Ctx> Ctx for WithTenant<C> {
///     type State = C::State;
///     fn base(&self) -> &Context<C::State> { self.inner.base() }
/// }
///
/// impl<C: HasUser> HasUser for WithTenant<C> {
///     type User = C::User;
///     fn user(&self) -> &C::User { self.inner.user() }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "no middleware before this guard provides a user",
    label = "this context has no user",
    note = "`has_role` and `authenticated` need a user: put `.use_(session.required())` before them in the chain"
)]
pub trait HasUser: Ctx {
    /// The type of `ctx.user`. It is an `Option` if login is optional.
    type User: Send + Sync + 'static;

    /// Returns the user.
    fn user(&self) -> &Self::User;
}

/// A user with roles, for the guard [`has_role`](crate::procedure::has_role).
///
/// # Examples
///
/// ```
/// use velox_rpc::context::Roles;
///
/// struct Account { roles: Vec<String> }
///
/// impl Roles for Account {
///     fn has_role(&self, role: &str) -> bool {
///         self.roles.iter().any(|own| own == role)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`has_role` cannot check a user of type `{Self}`",
    label = "`{Self}` does not implement `Roles`",
    note = "the default `SessionUser` of a session has no roles: write `.user_type::<Account>()`, or `.user_loader(…)` after `.build()?`, to make `ctx.user` your own type",
    note = "for your own type, write `impl Roles for Account {{ fn has_role(&self, role: &str) -> bool {{ … }} }}`"
)]
pub trait Roles {
    /// Returns whether the user has this role.
    fn has_role(&self, role: &str) -> bool;
}

/// `None` has no role.
impl<U: Roles> Roles for Option<U> {
    fn has_role(&self, role: &str) -> bool {
        self.as_ref().is_some_and(|user| user.has_role(role))
    }
}

impl<U: Roles + ?Sized> Roles for Arc<U> {
    fn has_role(&self, role: &str) -> bool {
        (**self).has_role(role)
    }
}

/// A user who may or may not be logged in, for the guard
/// [`authenticated`](crate::procedure::authenticated).
///
/// An `Option` is logged in if it is `Some`. Implement the trait for your own type:
///
/// # Examples
///
/// ```
/// use velox_rpc::context::IsAuthenticated;
///
/// enum Visitor { Guest, Known(String) }
///
/// impl IsAuthenticated for Visitor {
///     fn is_authenticated(&self) -> bool {
///         matches!(self, Self::Known(_))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`authenticated` cannot check a user of type `{Self}`",
    label = "`{Self}` does not implement `IsAuthenticated`",
    note = "for your own type, write `impl IsAuthenticated for {Self} {{ fn is_authenticated(&self) -> bool {{ … }} }}`; after `session.required()` you do not need this guard"
)]
pub trait IsAuthenticated {
    /// Returns whether the user is logged in.
    fn is_authenticated(&self) -> bool;
}

impl<U> IsAuthenticated for Option<U> {
    fn is_authenticated(&self) -> bool {
        self.is_some()
    }
}

impl<U: IsAuthenticated + ?Sized> IsAuthenticated for Arc<U> {
    fn is_authenticated(&self) -> bool {
        (**self).is_authenticated()
    }
}
