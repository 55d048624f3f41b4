//! Finds the procedures of an application by their tRPC paths.

use std::collections::HashMap;

use super::Trpc;
use super::superjson::Superjson;
use crate::call::Kind;
use crate::error::{Error, Result};
use crate::procedure::Endpoint;
use crate::router::{Manifest, Mistakes, Table, client_path, inside};

/// All procedures, by paths such as `auth.login`, or `login` in the namespace at the root.
pub(crate) struct Procedures {
    pub(super) settings: Trpc,
    /// The route that observers see. It does not name the procedures of a batch, since a client can
    /// send any number of combinations.
    pub(super) route: String,
    endpoints: Vec<Endpoint>,
    by_path: HashMap<String, usize>,
    /// `None` if the application sends plain JSON.
    pub(super) superjson: Option<Superjson>,
}

impl Procedures {
    /// Builds the table, and notes each mistake in the settings and each REST route that tRPC would
    /// hide. `rest_prefix` is the prefix of the REST routes.
    pub(crate) fn build(
        table: &Table,
        settings: Trpc,
        rest_prefix: &str,
        manifest: &Manifest,
        mistakes: &mut Mistakes,
    ) -> Self {
        let endpoints = table.endpoints().to_vec();
        let path = |endpoint: &Endpoint| client_path(&endpoint.name, settings.root_namespace());
        let by_path = endpoints.iter().enumerate().map(|(index, endpoint)| (path(endpoint), index)).collect();
        let superjson = settings.superjson.then(|| Superjson::of(&endpoints));
        let this = Self { route: format!("{}/:paths", settings.path), settings, endpoints, by_path, superjson };
        this.check(rest_prefix, manifest, mistakes);
        this
    }

    fn check(&self, rest_prefix: &str, manifest: &Manifest, mistakes: &mut Mistakes) {
        let path = &self.settings.path;
        if let Some((root, Some(mistake))) = self.settings.root_namespace().map(|root| (root, self.check_root(root))) {
            mistakes.note(format!("tRPC at `{path}`: `root(\"{root}\")`: {mistake}"));
        }
        if !is_path(path) {
            mistakes.note(format!(
                "tRPC at `{path}`: write a path such as `/trpc`: it must start with `/`, must not end with `/`, and must have no parameters"
            ));
        } else if self.has(&format!("{rest_prefix}/")) && manifest.entries().iter().any(|entry| entry.route().is_some())
        {
            mistakes.note(format!("tRPC at `{path}`: the REST routes are below it: give one of them another path"));
        } else {
            for entry in manifest.entries() {
                if let Some((method, route)) = entry.route()
                    && self.has(route)
                {
                    mistakes.note(format!(
                        "procedure `{}`, route `{method} {route}`: tRPC answers all paths below `{path}`: give one of them another path",
                        entry.name()
                    ));
                }
            }
        }
    }

    /// Returns what is wrong with the namespace at the root. A client could not tell one of its
    /// procedures from another procedure or namespace with the same path.
    fn check_root(&self, root: &str) -> Option<String> {
        let names =
            self.endpoints.iter().map(|endpoint| (endpoint.name.to_string(), client_path(&endpoint.name, Some(root))));
        let (others, at_root): (Vec<_>, Vec<_>) = names.partition(|(name, path)| name == path);
        if at_root.is_empty() {
            return Some("no procedure has this namespace".to_owned());
        }
        at_root.iter().find_map(|(name, path)| {
            let clashes = |other: &str| other == path || inside(other, path).is_some() || inside(path, other).is_some();
            let (other, _) = others.iter().find(|(other, _)| clashes(other))?;
            Some(format!("`{name}` would be at `{path}`, where `{other}` is: rename one of them"))
        })
    }

    /// Returns whether a path is below the path of this wire.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.below(path).is_some()
    }

    /// Returns the part of `path` below the path of this wire, or `None` if it is not below it.
    pub(super) fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&*self.settings.path)?.strip_prefix('/')
    }

    pub(super) fn find(&self, path: &str) -> Result<usize> {
        self.by_path
            .get(path)
            .copied()
            .ok_or_else(|| Error::not_found(format!("No procedure found on path \"{path}\"")).with_name("Not Found"))
    }

    pub(super) fn kind(&self, index: usize) -> Kind {
        self.endpoints[index].name.kind()
    }

    pub(in crate::wire) fn endpoint(&self, index: usize) -> &Endpoint {
        &self.endpoints[index]
    }
}

fn is_path(path: &str) -> bool {
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    };
    path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_segment))
}
