//! The description of a procedure, from which the manifest is made.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use schemars::{Schema, SchemaGenerator};

use super::{Demands, InputShape};
use crate::call::Kind;

/// Everything that is known about a procedure without running it.
#[derive(Clone)]
pub(crate) struct Meta {
    pub(crate) kind: Kind,
    /// The namespace and the name under which a router serves the procedure. A caller finds the
    /// procedure in the application by these.
    pub(crate) served_as: Option<(Cow<'static, str>, Cow<'static, str>)>,
    pub(crate) rest: RestRoute,
    pub(crate) parents: Vec<Parent>,
    pub(crate) guards: Vec<String>,
    pub(crate) demands: Demands,
    pub(crate) description: Option<Cow<'static, str>>,
    pub(crate) deprecated: Option<Cow<'static, str>>,
    pub(crate) input: Option<Arc<InputShape>>,
    pub(crate) output: fn(&mut SchemaGenerator) -> Schema,
    /// `true` if the output is `()`, which is TypeScript's `void`.
    pub(crate) gives_nothing: bool,
    /// `true` if this is a subscription whose events have ids.
    pub(crate) is_tracked: bool,
    pub(crate) body_limit: Option<usize>,
    pub(crate) handler_timeout: Option<Duration>,
    /// `true` if a step runs before the one that asks for the input, so that it may refuse the call
    /// without the body.
    pub(crate) steps_before_input: bool,
    pub(crate) any_host: bool,
}

/// The REST route of a procedure.
///
/// # Examples
///
/// ```
/// use http::Method;
/// use velox_rpc::procedure::RestRoute;
///
/// let route = RestRoute::At { method: Method::GET, path: "/auth/profile".into() };
/// assert_ne!(route, RestRoute::Derived);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RestRoute {
    /// The route of the naming convention if the name and the input fit it, and otherwise
    /// `/<namespace>/<name>`.
    #[default]
    Derived,
    /// The method and path that `.rest(…)` sets.
    At {
        /// The HTTP method.
        method: Method,
        /// The path below the prefix, with parameters as `:id`.
        path: Cow<'static, str>,
    },
    /// No route: `.no_rest()` sets this.
    None,
}

impl RestRoute {
    /// Returns whether requests have a body that is read, or `None` if this is not known yet.
    pub(super) fn reads_body(&self) -> Option<bool> {
        match self {
            Self::At { method, .. } => Some(reads_body(method)),
            Self::Derived | Self::None => None,
        }
    }
}

/// Returns whether the body of a request is read. GET and DELETE have their input in the path and
/// the query.
pub(crate) fn reads_body(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::DELETE)
}

/// A parent resource, under which the procedure's own resource is nested: `/posts/:postId` before
/// `/comments`.
///
/// Unless you name it, the parameter is the singular of the resource followed by `Id`.
///
/// # Examples
///
/// ```
/// use velox_rpc::procedure::Parent;
///
/// assert_eq!(Parent::from("posts").parameter(), "postId");
/// assert_eq!(Parent::from("categories").parameter(), "categoryId");
/// assert_eq!(Parent::from(("organizations", "orgId")).parameter(), "orgId");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    resource: Cow<'static, str>,
    parameter: Cow<'static, str>,
}

impl Parent {
    /// Returns the name of the resource, for example `posts`.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Returns the name of the path parameter, for example `postId`.
    pub fn parameter(&self) -> &str {
        &self.parameter
    }
}

impl From<&'static str> for Parent {
    fn from(resource: &'static str) -> Self {
        Self { resource: Cow::Borrowed(resource), parameter: Cow::Owned(format!("{}Id", singular(resource))) }
    }
}

impl From<(&'static str, &'static str)> for Parent {
    fn from((resource, parameter): (&'static str, &'static str)) -> Self {
        Self { resource: Cow::Borrowed(resource), parameter: Cow::Borrowed(parameter) }
    }
}

/// Returns the singular of a plural English noun, by the rules of VeloxTS.
fn singular(plural: &str) -> Cow<'_, str> {
    if let Some(stem) = plural.strip_suffix("ies") {
        Cow::Owned(format!("{stem}y"))
    } else if ["ses", "xes", "zes", "ches", "shes"].iter().any(|suffix| plural.ends_with(suffix)) {
        Cow::Borrowed(&plural[..plural.len() - 2])
    } else {
        Cow::Borrowed(plural.strip_suffix('s').filter(|stem| !stem.ends_with('s')).unwrap_or(plural))
    }
}

#[cfg(test)]
mod tests {
    use super::singular;

    #[test]
    fn singulars() {
        let pairs = [
            ("posts", "post"),
            ("projects", "project"),
            ("categories", "category"),
            ("boxes", "box"),
            ("branches", "branch"),
            ("addresses", "address"),
            ("staff", "staff"),
            ("glass", "glass"),
        ];
        for (plural, expected) in pairs {
            assert_eq!(singular(plural), expected);
        }
    }
}
