//! All procedures of an application by their paths, as tRPC has them.

use std::collections::HashMap;

use http::request::Parts;
use http::{Method, StatusCode};

use super::batch::Batch;
use super::{Trpc, reply};
use crate::call::Kind;
use crate::context::{ReplyHead, RequestId, Serial};
use crate::error::{Code, Error, Result};
use crate::procedure::Endpoint;
use crate::router::{Mistakes, Table};
use crate::wire::{Answer, Calls, Subject};

/// All procedures, by paths such as `auth.login`.
pub(crate) struct Procedures {
    pub(super) settings: Trpc,
    /// For observers: they tell batches from each other by their procedures, of which a client can make up many.
    route: String,
    endpoints: Vec<Endpoint>,
    by_path: HashMap<String, usize>,
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
        Self { route: format!("{}/:paths", settings.path), settings, endpoints, by_path }
    }

    /// Whether a path is below that of this wire.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.below(path).is_some()
    }

    fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&*self.settings.path)?.strip_prefix('/')
    }

    /// Finds the calls of a request, or refuses it in the words of tRPC.
    pub(crate) fn claim(&self, parts: &Parts) -> Result<Box<Batch>, Box<(Answer, ReplyHead)>> {
        if parts.method == Method::HEAD {
            let answer = Answer { status: StatusCode::NO_CONTENT, json: Vec::new(), failed: false, is_fault: false };
            return Err(Box::new((answer, ReplyHead::default())));
        }
        let rest = self.below(parts.uri.path()).unwrap_or_default();
        Batch::read(parts, rest, self).map(Box::new).map_err(|error| {
            let mut head = ReplyHead::default();
            let answer = reply::refusal(&error, &mut head.headers, || RequestId::own(Serial::next()));
            Box::new((answer, head))
        })
    }

    pub(super) fn find(&self, path: &str) -> Result<usize> {
        self.by_path.get(path).copied().ok_or_else(|| {
            Error::new(Code::NotFound, format!("No procedure found on path \"{path}\"")).with_name("Not Found")
        })
    }

    pub(super) fn kind(&self, index: usize) -> Kind {
        self.endpoints[index].name.kind()
    }

    pub(super) fn endpoint(&self, index: usize) -> &Endpoint {
        &self.endpoints[index]
    }

    pub(crate) fn calls(&self, batch: &Batch) -> Calls<'_> {
        match self.only(batch) {
            Some(endpoint) => Calls::One(endpoint),
            None => Calls::Each((0..batch.calls.len()).map(|call| self.call(batch, call)).collect()),
        }
    }

    /// The procedure of one call, if that is known.
    pub(crate) fn call(&self, batch: &Batch, call: usize) -> Option<&Endpoint> {
        let index = batch.calls[call].procedure.as_ref().ok()?;
        Some(self.endpoint(*index))
    }

    /// The procedure of a request with one call.
    fn only(&self, batch: &Batch) -> Option<&Endpoint> {
        if batch.calls.len() == 1 { self.call(batch, 0) } else { None }
    }

    pub(crate) fn subject(&self, batch: &Batch) -> Subject<'_> {
        Subject { route: &self.route, procedure: self.only(batch).map(|endpoint| &*endpoint.name) }
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
