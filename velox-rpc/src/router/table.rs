//! All procedures of an application, and the mistakes found while they were collected.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::{Namespace, Router};
use crate::call::ProcedureName;
use crate::context::SharedState;
use crate::procedure::{Claim, Endpoint, InputSettings};

/// All procedures of an application, in the order in which they were added.
#[derive(Default)]
pub(crate) struct Table {
    namespaces: Vec<Namespace>,
    endpoints: Vec<Endpoint>,
}

impl Table {
    /// Adds the procedures of a router, bound to the state.
    pub(crate) fn add<S: 'static>(&mut self, router: Router<S>, state: &SharedState<S>) {
        let (namespace, procedures) = router.into_parts();
        self.endpoints.extend(procedures.map(|(name, procedure)| {
            let kind = procedure.meta().kind;
            procedure.bind(ProcedureName::new(namespace.name.clone(), name, kind), Arc::clone(state))
        }));
        self.namespaces.push(namespace);
    }

    /// Returns the namespaces of the routers. Several routers may share one.
    pub(crate) fn namespaces(&self) -> &[Namespace] {
        &self.namespaces
    }

    pub(crate) fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Passes the application's settings to all inputs.
    pub(crate) fn set_inputs(&self, settings: &InputSettings) {
        self.endpoints.iter().filter_map(|endpoint| endpoint.meta.input.as_ref()).for_each(|input| input.set(settings));
    }

    /// Notes every field that serde can never read.
    pub(crate) fn check_inputs(&self, mistakes: &mut Mistakes) {
        for endpoint in &self.endpoints {
            if let Some(field) = endpoint.meta.input.as_ref().and_then(|input| input.unreadable_field()) {
                let part = if field.is_empty() {
                    "a value in the input".to_owned()
                } else {
                    format!("the input's field `{field}`")
                };
                mistakes.note(format!(
                    "procedure `{}`: serde cannot read {part}. Inside a flattened type and inside an enum with `tag` or \
                     `untagged`, it supports neither 128-bit integers nor maps with numbers as keys: make it a string. Two types in one object \
                     cannot both have a field of one name: rename it",
                    endpoint.name
                ));
            }
        }
    }

    /// Notes everything that two steps claim.
    pub(crate) fn check_claims(&self, mistakes: &mut Mistakes) {
        let mut owners: Vec<(&Claim, &ProcedureName)> = Vec::new();
        for endpoint in &self.endpoints {
            for claim in endpoint.meta.demands.claims() {
                let others: Vec<_> = owners.iter().filter(|(known, _)| *known == claim).collect();
                if others.iter().any(|(known, _)| known.owner == claim.owner) {
                    continue;
                }
                if let Some((_, first)) = others.first() {
                    mistakes.note(format!(
                        "{} belongs to two middlewares that were built apart, in `{first}` and in `{}`: build it once, and give each \
                         router a clone",
                        claim.what, endpoint.name
                    ));
                }
                owners.push((claim, &endpoint.name));
            }
        }
    }

    /// Notes every name that cannot be part of a path, every name that is used twice, and every
    /// procedure with the name of a namespace.
    pub(crate) fn check_names(&self, mistakes: &mut Mistakes) {
        let mut seen = HashMap::new();
        for endpoint in &self.endpoints {
            let name = &endpoint.name;
            for part in name.namespace().split('.').chain([name.name()]) {
                if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
                    mistakes.note(format!(
                        "procedure `{name}`: `{part}` cannot be part of a path: use letters, digits, `_` and `-`"
                    ));
                }
            }
            *seen.entry(name.to_string()).or_insert(0_usize) += 1;
        }
        let mut repeated: Vec<_> = seen.into_iter().filter(|(_, count)| *count > 1).collect();
        repeated.sort();
        for (name, count) in repeated {
            mistakes.note(format!("procedure `{name}` is defined {count} times: rename all but one"));
        }
        let names: Vec<_> = self.endpoints.iter().map(|endpoint| endpoint.name.to_string()).collect();
        for name in names.iter().filter(|name| names.iter().any(|other| inside(other, name).is_some())) {
            mistakes.note(format!("procedure `{name}` has the name of a namespace: rename one of them"));
        }
    }
}

/// Returns the part of a name that is inside a namespace: in `viewer`, `viewer.bookings.list` is
/// `bookings.list`.
pub(crate) fn inside<'n>(name: &'n str, namespace: &str) -> Option<&'n str> {
    name.strip_prefix(namespace)?.strip_prefix('.')
}

/// Returns the path of a procedure in a client's tree of namespaces: its name, without the
/// namespace `root`, whose members are at the root.
pub(crate) fn client_path(name: &ProcedureName, root: Option<&str>) -> String {
    let name = name.to_string();
    match root.and_then(|root| inside(&name, root)) {
        Some(path) => path.to_owned(),
        None => name,
    }
}

/// The mistakes in an application's procedures, routes and settings, so that you can fix all of
/// them at once.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Mistakes(Vec<String>);

impl Mistakes {
    pub(crate) fn note(&mut self, mistake: String) {
        self.0.push(mistake);
    }

    pub(crate) fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|mistake| write!(f, "\n  - {mistake}"))
    }
}
