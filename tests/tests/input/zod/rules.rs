//! The rules, and the procedures that check inputs by them.

use http::{Method, Request};
use velox_rpc::error::ErrorMap;
use velox_rpc::procedure::{Input, Output};
use velox_rpc::service::{AppService, Body};
use velox_rpc::{App, Call, Router, procedure};

/// Some rules. Each has a procedure of the same name that returns its input.
pub(crate) struct Rules {
    router: Router<()>,
    names: Vec<&'static str>,
    method: Method,
}

impl Rules {
    /// Rules for JSON bodies.
    pub(crate) fn of_bodies() -> Rules {
        Rules { router: Router::new("zod"), names: Vec::new(), method: Method::POST }
    }

    /// Rules for queries, whose strings are converted.
    pub(crate) fn of_queries() -> Rules {
        Rules { method: Method::GET, ..Rules::of_bodies() }
    }

    pub(crate) fn rule<T: Input + Output>(mut self, name: &'static str) -> Rules {
        let path = format!("/zod/{name}");
        let start = procedure().input::<T>().rest(self.method.clone(), path);
        self.router = match self.method {
            Method::GET => self.router.procedure(name, start.query(|Call { input, .. }| Ok(input))),
            _ => self.router.procedure(name, start.mutation(|Call { input, .. }| Ok(input))),
        };
        self.names.push(name);
        self
    }

    pub(crate) fn names(&self) -> &[&'static str] {
        &self.names
    }

    pub(crate) fn is_query(&self) -> bool {
        self.method == Method::GET
    }

    pub(crate) fn into_service(self, texts: ErrorMap) -> AppService {
        App::new(()).router(self.router).error_map(texts).into_service().expect("good routes")
    }
}

/// The request that sends an input to the procedure of a rule, as a query or as a body.
pub(crate) fn request(rule: &str, input: &str, is_query: bool) -> Request<Body> {
    let request = if is_query {
        Request::get(format!("/api/zod/{rule}?{input}")).body(Body::empty())
    } else {
        let request = Request::post(format!("/api/zod/{rule}")).header("content-type", "application/json");
        request.body(Body::from(input.to_owned()))
    };
    request.expect("a request")
}
