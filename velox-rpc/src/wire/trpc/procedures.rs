//! All procedures of an application by their paths, as tRPC has them.

use std::collections::HashMap;

use super::Trpc;
use super::superjson::Superjson;
use crate::call::Kind;
use crate::error::{Error, Result};
use crate::procedure::Endpoint;
use crate::router::{Mistakes, Table};

/// All procedures, by paths such as `auth.login`.
pub(crate) struct Procedures {
    pub(super) settings: Trpc,
    /// For observers: they tell batches from each other by their procedures, of which a client can make up many.
    pub(super) route: String,
    endpoints: Vec<Endpoint>,
    by_path: HashMap<String, usize>,
    /// None where JSON is sent as it is.
    pub(super) superjson: Option<Superjson>,
}

impl Procedures {
    /// What is wrong with the settings is noted. `rest_prefix` is where the REST routes are.
    pub(crate) fn build(table: &Table, settings: Trpc, rest_prefix: &str, mistakes: &mut Mistakes) -> Self {
        if let Err(mistake) = check(&settings, rest_prefix) {
            mistakes.note(format!("tRPC at `{}`: {mistake}", settings.path));
        }
        let endpoints = table.endpoints().to_vec();
        let by_path =
            endpoints.iter().enumerate().map(|(index, endpoint)| (endpoint.name.to_string(), index)).collect();
        let superjson = settings.superjson.then(|| Superjson::of(&endpoints));
        Self { route: format!("{}/:paths", settings.path), settings, endpoints, by_path, superjson }
    }

    /// Whether a path is below that of this wire.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.below(path).is_some()
    }

    /// What follows the path of this wire; `None` for a path that is not below it.
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

fn check(settings: &Trpc, rest_prefix: &str) -> Result<(), &'static str> {
    let path = &*settings.path;
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    };
    if !path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_segment)) {
        return Err("write a path such as `/trpc`: it begins with `/`, does not end with one, and has no parameters");
    }
    let below =
        |path: &str, other: &str| path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if below(rest_prefix, path) {
        return Err("the REST routes are below it: give one of them another path");
    }
    Ok(())
}
