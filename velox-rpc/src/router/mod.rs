//! Routers: procedures under a namespace, and the table that an application makes of all of them.

mod manifest;
mod success;
mod table;

use std::fmt;

pub(crate) use self::manifest::ManifestRoute;
pub use self::manifest::{Manifest, ManifestEntry};
pub(crate) use self::success::Success;
pub(crate) use self::table::{Mistakes, Table};
use crate::procedure::Procedure;

/// Procedures under one namespace: what `#[router]` makes of an `impl` block.
///
/// # Examples
///
/// ```
/// use velox_rpc::{App, Router, procedure};
///
/// let health = Router::new("health")
///     .procedure("getHealth", procedure().query(|_| Ok("ok")));
/// let app = App::new(()).router(health);
/// # let _ = app;
/// ```
#[must_use = "a router answers only in an `App`"]
pub struct Router<S> {
    pub(crate) namespace: String,
    pub(crate) procedures: Vec<(String, Procedure<S>)>,
}

impl<S> Router<S> {
    /// A router without procedures. The namespace is part of every path: `auth` makes `/api/auth/…`.
    pub fn new(namespace: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), procedures: Vec::new() }
    }

    /// Adds a procedure under its wire name, as `getProfile`.
    pub fn procedure(mut self, name: impl Into<String>, procedure: impl Into<Procedure<S>>) -> Self {
        self.procedures.push((name.into(), procedure.into()));
        self
    }
}

impl<S> fmt::Debug for Router<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.procedures.iter().map(|(name, _)| name).collect();
        f.debug_struct("Router").field("namespace", &self.namespace).field("procedures", &names).finish()
    }
}

/// What an [`App`](crate::App) takes as a router: a [`Router`], or a type whose `impl` block is a `#[router]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a router for an application with the state `{S}`",
    label = "not a router of this application",
    note = "put `#[router(\"name\", state = {S})]` above the `impl` block of `{Self}`"
)]
pub trait IntoRouter<S> {
    /// The router.
    fn into_router(self) -> Router<S>;
}

impl<S> IntoRouter<S> for Router<S> {
    fn into_router(self) -> Router<S> {
        self
    }
}
