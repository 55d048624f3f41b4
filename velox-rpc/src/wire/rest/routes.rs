//! Builds the REST routes of an application, and finds the route of each request. The build notes
//! every mistake.

use std::ops::Index;

use http::{HeaderValue, Method};

use super::input::{InputPlan, Source};
use super::naming;
use super::path::Path;
use crate::call::Kind;
use crate::procedure::Endpoint;
use crate::router::{Manifest, ManifestRoute, Mistakes, Success, Table};

pub(crate) struct Routes {
    routes: Vec<Route>,
    methods: Vec<MethodRoutes>,
}

/// The routes of one method. Each method has its own matcher, so that a literal segment of one
/// method does not hide a parameter of another.
struct MethodRoutes {
    method: Method,
    matcher: matchit::Router<usize>,
}

/// One route, with what a request to it needs.
pub(crate) struct Route {
    pub(super) success: Success,
    /// The path with the prefix, and with parameters written as `:id`.
    path: String,
    pub(crate) input: InputPlan,
    pub(crate) endpoint: Endpoint,
}

/// The result of looking up the method and the path of a request.
pub(crate) enum Lookup {
    /// The index of the route and the values of its path parameters, in order and not yet decoded.
    Route(usize, Vec<String>),
    NotFound,
    /// Routes with this path exist, but for other methods. The header value lists them.
    MethodNotAllowed(HeaderValue),
}

impl Route {
    /// Returns the path with the prefix, and with parameters written as `:id`.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

impl Index<usize> for Routes {
    type Output = Route;

    fn index(&self, index: usize) -> &Route {
        &self.routes[index]
    }
}

impl Routes {
    /// Builds the routes of all procedures; without `derive`, only those that procedures set
    /// themselves. It notes each mistake and continues with the next procedure.
    pub(crate) fn build(table: &Table, prefix: &str, derive: bool, mistakes: &mut Mistakes) -> (Self, Manifest) {
        let mut routes = Self { routes: Vec::new(), methods: Vec::new() };
        let mut manifest = Manifest::of(table.namespaces());
        let prefix = checked_prefix(prefix, mistakes);
        for endpoint in table.endpoints() {
            let Some((method, path)) = naming::route(endpoint, derive) else {
                manifest.push(endpoint, None);
                continue;
            };
            let success = Success::new(&method, naming::creates(endpoint.name.name()));
            if let Err(mistake) = routes.add(endpoint, &method, prefix, &path, success) {
                mistakes.note(format!("procedure `{}`, route `{method} {path}`: {mistake}", endpoint.name));
            }
            let takes_body = Source::of(&method) == Source::Body;
            let path = format!("{prefix}{path}");
            manifest.push(endpoint, Some(ManifestRoute { method, path, takes_body, success }));
        }
        (routes, manifest)
    }

    /// Finds the route of a request. A HEAD request uses the route for GET.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Lookup {
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        let found =
            self.methods.iter().find(|routes| routes.method == *wanted).and_then(|routes| routes.matcher.at(path).ok());
        match found {
            Some(found) => {
                let parameters = found.params.iter().map(|(_, text)| text.to_owned()).collect();
                Lookup::Route(*found.value, parameters)
            }
            None => self.find_other(path),
        }
    }

    /// Distinguishes an unknown path from a path that has routes for other methods only.
    #[cold]
    fn find_other(&self, path: &str) -> Lookup {
        let mut allow = Vec::new();
        for MethodRoutes { method, .. } in self.methods.iter().filter(|routes| routes.matcher.at(path).is_ok()) {
            allow.push(method.as_str());
            if *method == Method::GET {
                allow.push("HEAD");
            }
        }
        if allow.is_empty() {
            return Lookup::NotFound;
        }
        Lookup::MethodNotAllowed(HeaderValue::from_str(&allow.join(", ")).expect("method names are visible ASCII"))
    }

    fn add(
        &mut self,
        endpoint: &Endpoint,
        method: &Method,
        prefix: &str,
        path: &str,
        success: Success,
    ) -> Result<(), String> {
        check_method(method, endpoint.name.kind())?;
        let shown = format!("{prefix}{path}");
        let path = Path::parse(path)?;
        let input = InputPlan::new(method, path.parameters(), endpoint.meta.input.as_ref())?;
        let pattern = format!("{prefix}{}", path.pattern());
        let pattern = if pattern.is_empty() { "/" } else { &pattern };

        let index = self.routes.len();
        let here = self.matcher(method).insert(pattern, index);
        if let Err(error) = here {
            return Err(self.taken(method, pattern, &error));
        }
        self.routes.push(Route { success, path: shown, input, endpoint: endpoint.clone() });
        Ok(())
    }

    fn matcher(&mut self, method: &Method) -> &mut matchit::Router<usize> {
        let index = self.methods.iter().position(|routes| routes.method == *method).unwrap_or_else(|| {
            self.methods.push(MethodRoutes { method: method.clone(), matcher: matchit::Router::new() });
            self.methods.len() - 1
        });
        &mut self.methods[index].matcher
    }

    /// Explains why a route cannot be added, and names the procedure that already has it.
    fn taken(&mut self, method: &Method, pattern: &str, error: &matchit::InsertError) -> String {
        match self.matcher(method).at(pattern).map(|found| *found.value) {
            Ok(index) => format!(
                "`{}` has this route already: give one of them another with `.rest(method, path)`, or none with `.no_rest()`",
                self.routes[index].endpoint.name
            ),
            Err(_) => format!("it conflicts with another route: {error}"),
        }
    }
}

/// Returns the prefix, or an empty one if it is malformed. The mistake is noted here once.
fn checked_prefix<'a>(prefix: &'a str, mistakes: &mut Mistakes) -> &'a str {
    let mistake = match Path::parse(prefix) {
        _ if prefix.is_empty() => return prefix,
        Ok(path) if !path.parameters().is_empty() => "it has a parameter".to_owned(),
        Ok(_) if prefix == "/" => "for no prefix, use an empty string".to_owned(),
        Ok(_) => return prefix,
        Err(mistake) => mistake,
    };
    mistakes.note(format!("prefix `{prefix}`: {mistake}"));
    ""
}

/// Checks that the method suits the kind of procedure. In particular, GET never runs a mutation.
fn check_method(method: &Method, kind: Kind) -> Result<(), String> {
    match (method, kind) {
        (&Method::GET, Kind::Mutation) => {
            Err("a mutation cannot use GET: make it a query, or choose another method".to_owned())
        }
        (&Method::GET, _) => Ok(()),
        (_, Kind::Subscription) => Err("a subscription must use GET: leave the method out, or write GET".to_owned()),
        (&Method::POST | &Method::PUT | &Method::PATCH | &Method::DELETE, _) => Ok(()),
        _ => Err("the method must be GET, POST, PUT, PATCH or DELETE (HEAD comes with GET)".to_owned()),
    }
}
