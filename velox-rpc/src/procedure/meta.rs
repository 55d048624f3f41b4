//! What is known of a procedure without running it: the manifest is made of it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use schemars::{Schema, SchemaGenerator};

use super::{Demands, InputShape};
use crate::call::Kind;

/// What is known of a procedure without running it.
#[derive(Clone)]
pub(crate) struct Meta {
    pub(crate) kind: Kind,
    /// Namespace and wire name that the procedure says it is served under: how a caller finds it among the application's.
    pub(crate) served_as: Option<(Cow<'static, str>, Cow<'static, str>)>,
    pub(crate) rest: RestRoute,
    pub(crate) parents: Vec<Parent>,
    pub(crate) guards: Vec<String>,
    pub(crate) demands: Demands,
    pub(crate) description: Option<Cow<'static, str>>,
    pub(crate) deprecated: Option<Cow<'static, str>>,
    pub(crate) input: Option<Arc<InputShape>>,
    pub(crate) output: fn(&mut SchemaGenerator) -> Schema,
    /// Whether its output is `()`: TypeScript's `void`.
    pub(crate) gives_nothing: bool,
    /// Of a subscription: whether its events have ids.
    pub(crate) is_tracked: bool,
    pub(crate) body_limit: Option<usize>,
    pub(crate) handler_timeout: Option<Duration>,
    /// Whether a step stands before the one that asks for the input, and may refuse the call without its body.
    pub(crate) steps_before_input: bool,
    pub(crate) any_host: bool,
}

/// How REST reaches a procedure.
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
    /// By the naming convention where name and input fit it, else by `/<namespace>/<name>`.
    #[default]
    Derived,
    /// By this method and path: what `.rest(…)` sets.
    At {
        /// The method.
        method: Method,
        /// The path below the prefix, with parameters as `:id`.
        path: Cow<'static, str>,
    },
    /// Not at all: what `.no_rest()` sets.
    None,
}

impl RestRoute {
    /// Whether its requests have a body that is read, where that is known.
    pub(super) fn reads_body(&self) -> Option<bool> {
        match self {
            Self::At { method, .. } => Some(reads_body(method)),
            Self::Derived | Self::None => None,
        }
    }
}

/// Whether the body of a request is read: GET and DELETE have their input in path and query.
pub(crate) fn reads_body(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::DELETE)
}

/// A resource that the procedure's own stands below: `/posts/:postId` before `/comments`.
///
/// The parameter is the singular of the resource with `Id` behind it, unless it is named.
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
    /// The resource, as `posts`.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The path parameter, as `postId`.
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

/// The singular of a plural English noun, by the rules that VeloxTS goes by.
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
