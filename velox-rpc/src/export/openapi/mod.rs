//! Makes an OpenAPI 3.1 document of the REST routes.
//!
//! `operation` describes one route. It uses `input`, `errors` and `security` for the parts of a
//! route. `paths` collects the operations.

mod errors;
mod formats;
mod input;
mod named;
mod operation;
mod ordered;
mod paths;
mod security;

use std::borrow::Cow;

use http::Method;
use serde_json::{Map, Value, json};

use self::named::{Bodies, Headers};
use self::operation::Operation;
use self::paths::Paths;
use self::security::Schemes;
use crate::call::Kind;
use crate::export::schemas::{Naming, Schemas, prose, reached};
use crate::router::{Manifest, ManifestEntry};

/// Configures an OpenAPI document: its title, its servers and so on. [`document`](Self::document)
/// adds the routes of a manifest.
///
/// [`App::docs`](crate::App::docs) serves the document, together with a page on which people can
/// read it and try the procedures.
///
/// # Examples
///
/// ```
/// use velox_rpc::export::OpenApi;
/// use velox_rpc::{App, Router, procedure};
///
/// let health = Router::new("health")
///     .procedure("getHealth", procedure().query(|_| Ok("ok")).describe("Whether it runs."));
/// let service = App::new(()).router(health).into_service()?;
///
/// let document = OpenApi::new("Shop", "1.0.0").document(service.manifest());
/// let operation = &document["paths"]["/api/health/getHealth"]["get"];
/// assert_eq!(operation["operationId"], "health_getHealth");
/// assert_eq!(operation["description"], "Whether it runs.");
/// # Ok::<(), velox_rpc::StartError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a document is served only by `App::docs`"]
pub struct OpenApi {
    title: Cow<'static, str>,
    version: Cow<'static, str>,
    description: Option<Cow<'static, str>>,
    servers: Vec<Cow<'static, str>>,
    current_user: Option<Cow<'static, str>>,
}

impl OpenApi {
    /// Makes a document with this title, for this version of the application.
    pub fn new(title: impl Into<Cow<'static, str>>, version: impl Into<Cow<'static, str>>) -> Self {
        let (title, version) = (title.into(), version.into());
        Self { title, version, description: None, servers: Vec::new(), current_user: None }
    }

    /// Sets the description of the application. Most tools that show OpenAPI documents render it as
    /// CommonMark.
    pub fn description(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Adds a server at which clients reach the application: a URL, or a path that a proxy puts in
    /// front of the routes.
    ///
    /// By default, a document that [`App::docs`](crate::App::docs) serves names the application
    /// that serves it, by a relative URL. This works behind any proxy and in any router that the
    /// application is mounted in.
    ///
    /// The page at `/docs` calls the first of these servers that has the same origin as the page.
    /// If no server has, it calls the application that serves the page.
    pub fn server(mut self, url: impl Into<Cow<'static, str>>) -> Self {
        self.servers.push(url.into());
        self
    }

    /// Sets the query that returns the current user, such as `auth.getProfile`. The page at `/docs`
    /// calls it when it opens and after each call by a method other than GET, and shows what it
    /// returns. If the query fails, the page says that nobody is logged in.
    ///
    /// The query needs a REST route by GET without path parameters, and must not require an input.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::export::OpenApi;
    /// use velox_rpc::{App, Router, procedure};
    ///
    /// let auth = Router::new("auth").procedure("getProfile", procedure().query(|_| Ok("Ada")));
    /// let service = App::new(())
    ///     .router(auth)
    ///     .docs("/docs", OpenApi::new("Shop", "1.0.0").current_user("auth.getProfile"))
    ///     .into_service()?;
    /// # let _ = service;
    /// # Ok::<(), velox_rpc::StartError>(())
    /// ```
    pub fn current_user(mut self, procedure: impl Into<Cow<'static, str>>) -> Self {
        self.current_user = Some(procedure.into());
        self
    }

    /// Checks that `current_user` names a suitable query in this manifest.
    pub(crate) fn check(&self, manifest: &Manifest) -> Result<(), String> {
        let Some(name) = &self.current_user else { return Ok(()) };
        let entry = manifest.entries().iter().find(|entry| entry.name().to_string() == *name);
        let is_plain = |entry: &&ManifestEntry| {
            let route = entry.rest().filter(|route| route.method == Method::GET && !route.path.contains(':'));
            route.is_some() && entry.name().kind() == Kind::Query && entry.is_input_optional()
        };
        match entry {
            None => Err(format!("`current_user` names `{name}`, but no procedure has this name")),
            Some(entry) if !is_plain(&entry) => Err(format!(
                "the page cannot call `{name}` for the current user: name a query that has a GET route and needs no input"
            )),
            Some(_) => Ok(()),
        }
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// Returns the document for clients that reach the application at `/`. The same manifest always
    /// gives the same document.
    ///
    /// - Every route is an operation. Its `operationId` is `<namespace>_<procedure>`, its tag is
    ///   `<namespace>`, and `x-velox-procedure` is the name of the procedure.
    /// - Named types become components. If a type has different schemas for reading and for
    ///   writing, the name of the schema for reading ends with `Input`. If the path gives a part of
    ///   a named input, the schema of the body contains the rest, and its name ends with `Body`.
    /// - A success has the status that the server sends, unless the handler sets another one by
    ///   [`Reply`](crate::context::Reply). All failures have the same envelope. The document names
    ///   the failures that guards and middlewares [describe](crate::Middleware::describe), and
    ///   those that [`fails_with`](crate::ProcedureBuilder::fails_with) adds.
    /// - If a middleware or guard [describes](crate::Middleware::describe) a cookie or header, the
    ///   procedures that use it have a security scheme for it. If the cookie or header is optional,
    ///   so is the scheme. Procedures without any say `security: []`.
    /// - If a procedure has no doc comment, its `summary` is its name in words: `listUsers` becomes
    ///   "List users".
    #[must_use]
    pub fn document(&self, manifest: &Manifest) -> Value {
        let mut document = self.ordered(manifest, "/");
        ordered::strip(&mut document);
        document
    }

    /// Returns the document as text. `root` is the URL of the application, which is used if no
    /// server is set. Paths and properties are in the order in which they were written.
    pub(crate) fn text(&self, manifest: &Manifest, root: &str) -> String {
        ordered::text(&self.ordered(manifest, root))
    }

    /// Returns the document with the order of its paths and properties as extra members.
    fn ordered(&self, manifest: &Manifest, root: &str) -> Value {
        let entries = manifest.entries();
        let schemas = Schemas::gather(entries, &NAMING);
        let (schemes, headers) = (Schemes::of(entries), Headers::of(entries));
        let mut bodies = Bodies::new(&schemas.definitions);
        let mut paths = Paths::default();
        let mut tags: Vec<&str> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let Some(route) = entry.rest() else { continue };
            let tag = entry.name().namespace();
            if !tags.contains(&tag) {
                tags.push(tag);
            }
            let (input, output) = (schemas.inputs[index].as_ref(), &schemas.outputs[index]);
            let operation =
                Operation { entry, route, input, output, schemas: &schemas, schemes: &schemes, headers: &headers };
            paths.add(route, |parameters, id| operation.describe(parameters, id, &mut bodies), entry.name());
        }

        let mut document = Map::new();
        document.insert("openapi".to_owned(), "3.1.0".into());
        document.insert("info".to_owned(), self.info());
        let root = [Cow::Borrowed(root)];
        let servers = if self.servers.is_empty() { &root[..] } else { &self.servers };
        document.insert("servers".to_owned(), servers.iter().map(|url| json!({"url": url})).collect());
        let tag = |name: &&str| match manifest.description_of(name).map(prose) {
            Some(description) => json!({"name": name, "description": description}),
            None => json!({"name": name}),
        };
        if let Some(procedure) = &self.current_user {
            document.insert("x-velox-current-user".to_owned(), procedure.as_ref().into());
        }
        document.insert("tags".to_owned(), tags.iter().map(tag).collect());
        document.insert("paths".to_owned(), paths.into_value());
        let bodies = bodies.into_named();
        let components = components(&document["paths"], schemas, bodies, &schemes, &headers);
        document.insert("components".to_owned(), components);
        let mut document = Value::Object(document);
        formats::register(&mut document);
        document
    }

    fn info(&self) -> Value {
        let mut info = json!({"title": self.title, "version": self.version});
        if let Some(description) = &self.description {
            info["description"] = description.as_ref().into();
        }
        info
    }
}

/// Returns the components that the paths refer to, and no others.
fn components(
    paths: &Value,
    schemas: Schemas,
    bodies: Map<String, Value>,
    schemes: &Schemes,
    headers: &Headers,
) -> Value {
    let mut definitions = schemas.definitions;
    definitions.extend(bodies);
    definitions.sort_keys();
    definitions.insert(errors::NAME.to_owned(), errors::envelope());
    let reached = reached(paths, &definitions);
    definitions.retain(|name, _| reached.contains(name));
    let mut components = Map::new();
    components.insert("schemas".to_owned(), Value::Object(definitions));
    if !schemes.is_empty() {
        components.insert("securitySchemes".to_owned(), schemes.to_value());
    }
    if !headers.is_empty() {
        components.insert("headers".to_owned(), headers.to_value());
    }
    Value::Object(components)
}

const NAMING: Naming = Naming {
    is_allowed: |letter| letter.is_ascii_alphanumeric() || ['.', '_', '-'].contains(&letter),
    taken: &[&[errors::NAME]],
};
