//! The manifest: an application's procedures as data, for route tables and exporters.

use std::fmt;
use std::sync::Arc;

use http::Method;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};

use crate::call::{Kind, ProcedureName};
use crate::procedure::{Demands, Endpoint, InputShape};
use crate::router::{Namespace, Success};

/// The procedures of an application as data.
///
/// Its [`Display`](fmt::Display) implementation prints the table of routes. Each row has the
/// method, the path, the procedure, the credentials that it requires or accepts, such as a session
/// cookie, and the guards.
///
/// # Examples
///
/// ```
/// use velox_rpc::{App, Router, procedure};
///
/// let health = Router::new("health").procedure("getHealth", procedure().query(|_| Ok("ok")));
/// let service = App::new(()).router(health).into_service()?;
/// assert_eq!(service.manifest().to_string().trim_end(), "GET  /api/health/getHealth  health.getHealth");
/// # Ok::<(), velox_rpc::StartError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    namespaces: Vec<Namespace>,
    entries: Vec<ManifestEntry>,
    has_superjson: bool,
    root: Option<String>,
}

/// The description of one procedure.
#[derive(Clone)]
pub struct ManifestEntry {
    endpoint: Endpoint,
    route: Option<ManifestRoute>,
}

/// The REST route of a procedure, as the wire chose it.
#[derive(Debug, Clone)]
pub(crate) struct ManifestRoute {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// `true` if the fields that are not in the path come from the body instead of the query.
    pub(crate) takes_body: bool,
    pub(crate) success: Success,
}

impl Manifest {
    pub(crate) fn of(namespaces: &[Namespace]) -> Self {
        Self { namespaces: namespaces.to_vec(), ..Self::default() }
    }

    pub(crate) fn push(&mut self, endpoint: &Endpoint, route: Option<ManifestRoute>) {
        self.entries.push(ManifestEntry { endpoint: endpoint.clone(), route });
    }

    /// Records whether tRPC clients use superjson as their transformer, and which namespace is at
    /// the root for them.
    pub(crate) fn set_trpc(&mut self, has_superjson: bool, root: Option<&str>) {
        self.has_superjson = has_superjson;
        self.root = root.map(str::to_owned);
    }

    pub(crate) fn trpc_root(&self) -> Option<&str> {
        self.root.as_deref()
    }

    pub(crate) fn has_superjson(&self) -> bool {
        self.has_superjson
    }

    /// Returns the procedures in the order in which they were added.
    pub fn entries(&self) -> &[ManifestEntry] {
        &self.entries
    }

    /// Returns the description of a namespace, from the first router that has one.
    pub fn description_of(&self, namespace: &str) -> Option<&str> {
        let mut all = self.namespaces.iter().filter(|other| other.name == namespace);
        all.find_map(|namespace| namespace.description.as_deref())
    }
}

impl ManifestEntry {
    /// Returns the name of the procedure.
    pub fn name(&self) -> &ProcedureName {
        &self.endpoint.name
    }

    /// Returns the REST method and path, with the prefix and with parameters as `:id`, or `None`
    /// without a REST route.
    pub fn route(&self) -> Option<(&Method, &str)> {
        self.route.as_ref().map(|route| (&route.method, route.path.as_str()))
    }

    pub(crate) fn rest(&self) -> Option<&ManifestRoute> {
        self.route.as_ref()
    }

    /// Returns the names of the guards, in order.
    pub fn guards(&self) -> &[String] {
        &self.endpoint.meta.guards
    }

    /// Returns the credentials and the refusals that the steps of the procedure declare.
    pub fn demands(&self) -> &Demands {
        &self.endpoint.meta.demands
    }

    /// Returns the description of the procedure.
    pub fn description(&self) -> Option<&str> {
        self.endpoint.meta.description.as_deref()
    }

    /// Returns the note that says what to use instead, if the procedure is deprecated.
    pub fn deprecated(&self) -> Option<&str> {
        self.endpoint.meta.deprecated.as_deref()
    }

    /// Returns the JSON Schema of the input, or `None` if the procedure takes none.
    pub fn input_schema(&self) -> Option<Schema> {
        self.endpoint.meta.input.as_ref().map(|input| input.schema())
    }

    /// Returns the JSON Schema of the input, with its definitions in this generator.
    pub fn input_schema_in(&self, generator: &mut SchemaGenerator) -> Option<Schema> {
        self.endpoint.meta.input.as_ref().map(|input| input.schema_in(generator))
    }

    /// Returns the wire name of the input's field with this name or alias.
    pub(crate) fn input_field<'a>(&'a self, name: &'a str) -> &'a str {
        let field = self.endpoint.meta.input.as_ref().and_then(|input| input.field(name));
        field.map_or(name, |field| &field.name)
    }

    /// Returns whether the procedure can be called without input.
    pub(crate) fn is_input_optional(&self) -> bool {
        let is_subscription = self.name().kind() == Kind::Subscription;
        let is_optional =
            |input: &Arc<InputShape>| input.accepts_null() || (is_subscription && input.begins_with_nothing());
        self.endpoint.meta.input.as_ref().is_none_or(is_optional)
    }

    /// Returns the settings for a generator of input schemas: JSON Schema 2020-12, for
    /// deserialization.
    pub fn input_settings() -> SchemaSettings {
        SchemaSettings::draft2020_12().for_deserialize()
    }

    /// Returns the JSON Schema of the output, with its definitions in this generator.
    pub fn output_schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.endpoint.meta.output)(generator)
    }

    /// Returns whether the output is `()`.
    pub(crate) fn gives_nothing(&self) -> bool {
        self.endpoint.meta.gives_nothing
    }

    /// Returns whether this is a subscription whose events have ids.
    pub(crate) fn is_tracked(&self) -> bool {
        self.endpoint.meta.is_tracked
    }

    /// Returns the settings for a generator of output schemas: JSON Schema 2020-12, for
    /// serialization.
    pub fn output_settings() -> SchemaSettings {
        SchemaSettings::draft2020_12().for_serialize()
    }
}

impl fmt::Debug for ManifestEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManifestEntry").field("name", self.name()).field("route", &self.route()).finish_non_exhaustive()
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; 4]> = self.entries.iter().map(row).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2)];
        for [method, path, name, notes] in &rows {
            let line = format!("{method:0$}  {path:1$}  {name:2$}  {notes}", widths[0], widths[1], widths[2]);
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn row(entry: &ManifestEntry) -> [String; 4] {
    let (method, path) = match entry.route() {
        Some((method, path)) => (method.to_string(), path.to_owned()),
        None => ("-".to_owned(), "-".to_owned()),
    };
    let mut notes = Vec::new();
    for (said, credentials) in [("requires", entry.demands().required()), ("accepts", entry.demands().accepted())] {
        if !credentials.is_empty() {
            let names: Vec<_> = credentials.iter().map(ToString::to_string).collect();
            notes.push(format!("{said} {}", names.join(", ")));
        }
    }
    if !entry.guards().is_empty() {
        notes.push(format!("guards: {}", entry.guards().join(", ")));
    }
    if let Some(note) = entry.deprecated() {
        notes.push(format!("deprecated: {note}"));
    }
    [method, path, entry.name().to_string(), notes.join("; ")]
}
