//! Builds the service from the routers and the settings, and finds every mistake in them. Nothing
//! here depends on the type of the state.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::budget::Budget;
use crate::context::TrustedProxies;
use crate::export::{OpenApi, page};
use crate::procedure::InputSettings;
use crate::router::{Manifest, Mistakes, Table};
use crate::service::{AllowedHosts, AppService, Around, Core, Edge, FindPeer, Health, Observer, Pages, Subscriptions};
use crate::wire::rest::{Lookup, Routes};
use crate::wire::trpc::{Procedures, Trpc};
use crate::wire::{BodyLimit, Wires};

/// The settings of an application.
pub(super) struct Settings {
    pub(super) prefix: Cow<'static, str>,
    pub(super) derive_rest: bool,
    pub(super) body_limit: BodyLimit,
    pub(super) handler_timeout: Duration,
    pub(super) body_budget: usize,
    pub(super) inputs: InputSettings,
    pub(super) observers: Vec<Box<dyn Observer>>,
    pub(super) development: bool,
    pub(super) docs: Vec<(Cow<'static, str>, OpenApi)>,
    pub(super) health: Option<Health>,
    pub(super) trpc: Option<Trpc>,
    pub(super) layers: Vec<Around>,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) find_peer: Option<Box<FindPeer>>,
    pub(super) allowed_hosts: Option<Vec<String>>,
    pub(super) subscriptions: Subscriptions,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prefix: Cow::Borrowed("/api"),
            derive_rest: true,
            body_limit: BodyLimit(DEFAULT_BODY_LIMIT),
            handler_timeout: DEFAULT_HANDLER_TIMEOUT,
            body_budget: DEFAULT_BODY_BUDGET,
            inputs: InputSettings::default(),
            observers: Vec::new(),
            development: cfg!(debug_assertions),
            docs: Vec::new(),
            health: None,
            trpc: None,
            layers: Vec::new(),
            trusted_proxies: Vec::new(),
            find_peer: None,
            allowed_hosts: None,
            subscriptions: Subscriptions::new(),
        }
    }
}

/// Builds the service.
pub(super) fn build(table: Table, settings: Settings) -> Result<AppService, StartError> {
    let Settings {
        prefix,
        derive_rest,
        body_limit,
        handler_timeout,
        body_budget,
        inputs,
        observers,
        development,
        docs,
        health,
        trpc,
        layers,
        trusted_proxies,
        find_peer,
        allowed_hosts,
        subscriptions,
    } = settings;
    let mut mistakes = Mistakes::default();
    table.check_names(&mut mistakes);
    table.check_inputs(&mut mistakes);
    table.check_claims(&mut mistakes);
    table.set_inputs(&inputs);
    let (rest, mut manifest) = Routes::build(&table, &prefix, derive_rest, &mut mistakes);
    if let Some(trpc) = &trpc {
        manifest.set_trpc(trpc.has_superjson(), trpc.root_namespace());
    }
    let trpc = trpc.map(|settings| Procedures::build(&table, settings, &prefix, &manifest, &mut mistakes));
    let mut pages = Pages::default();
    for (path, document) in &docs {
        if let Err(mistake) = add_docs(&mut pages, path, document, &manifest, &rest, trpc.as_ref()) {
            mistakes.note(format!("docs `{path}`: {mistake}"));
        }
    }
    if let Some(health) = &health
        && let Err(mistake) = check_health(health, &rest, trpc.as_ref(), &pages)
    {
        mistakes.note(format!("health checks `{}`: {mistake}", health.path()));
    }
    check_budget(body_budget, body_limit, &table, &mut mistakes);
    if let Err(mistake) = subscriptions.check() {
        mistakes.note(format!("subscriptions: {mistake}"));
    }
    let budget = Arc::new(Budget::new(body_budget));
    let edge = Edge {
        proxies: proxies(&trusted_proxies, &mut mistakes),
        find_peer,
        hosts: hosts(allowed_hosts.as_deref(), development, &mut mistakes),
    };
    if mistakes.as_slice().is_empty() {
        let wires = Wires { rest, trpc };
        let core = Core {
            wires,
            pages,
            health,
            manifest,
            body_limit,
            handler_timeout,
            budget,
            observers,
            edge,
            subscriptions,
            development,
        };
        Ok(AppService::new(core, layers))
    } else {
        Err(StartError(mistakes))
    }
}

/// Returns the trusted proxies, or `None` if there are none or the list is invalid.
fn proxies(texts: &[String], mistakes: &mut Mistakes) -> Option<Arc<TrustedProxies>> {
    match TrustedProxies::parse(texts) {
        Ok(proxies) => (!texts.is_empty()).then(|| Arc::new(proxies)),
        Err(strays) => {
            strays.into_iter().for_each(|stray| mistakes.note(format!("trusted proxy {stray}")));
            None
        }
    }
}

/// Returns the hosts that the application answers for, or `None` for all hosts.
fn hosts(texts: Option<&[String]>, development: bool, mistakes: &mut Mistakes) -> Option<AllowedHosts> {
    match texts.map(AllowedHosts::parse) {
        Some(Ok(hosts)) => Some(hosts),
        Some(Err(strays)) => {
            strays.into_iter().for_each(|stray| mistakes.note(format!("allowed hosts: {stray}")));
            None
        }
        None => development.then(AllowedHosts::local),
    }
}

/// Adds a document and its page, unless one of their paths is already taken.
fn add_docs(
    pages: &mut Pages,
    path: &str,
    document: &OpenApi,
    manifest: &Manifest,
    routes: &Routes,
    trpc: Option<&Procedures>,
) -> Result<(), String> {
    page::check_path(path)?;
    document.check(manifest)?;
    for file in page::files(path, document, manifest) {
        let path = format!("{path}{}", file.suffix);
        check_free(&path, routes, trpc, pages)?;
        pages.add(path, file.content_type, file.text.into_owned().into());
    }
    Ok(())
}

/// Checks that the paths of the health checks are free.
fn check_health(health: &Health, routes: &Routes, trpc: Option<&Procedures>, pages: &Pages) -> Result<(), String> {
    page::check_path(health.path())?;
    health.paths().iter().try_for_each(|path| check_free(path, routes, trpc, pages))
}

/// Checks that nothing answers at this path yet.
fn check_free(path: &str, routes: &Routes, trpc: Option<&Procedures>, pages: &Pages) -> Result<(), String> {
    let taken_by = if trpc.is_some_and(|trpc| trpc.has(path)) {
        "tRPC answers there"
    } else if !matches!(routes.find(&Method::GET, path), Lookup::NotFound) {
        "a procedure has this route"
    } else if pages.has(path) {
        "another document has it"
    } else {
        return Ok(());
    };
    Err(format!("`{path}` is already in use, because {taken_by}: give one of them another path"))
}

/// Checks that the largest allowed body fits into half of the budget, which is what one network may
/// use.
fn check_budget(budget: usize, BodyLimit(limit): BodyLimit, table: &Table, mistakes: &mut Mistakes) {
    let limits = table.endpoints().iter().filter_map(|endpoint| endpoint.meta.body_limit);
    let largest = limits.fold(limit, usize::max);
    if budget / 2 < largest {
        mistakes.note(format!(
            "the body budget of {budget} bytes is too small: a body may have {largest} bytes, and one network may use half of the budget. \
             Raise `App::body_budget` or lower `body_limit`"
        ));
    }
}

/// The error of an application that cannot start. It lists every mistake in names, routes and
/// settings.
///
/// # Examples
///
/// ```
/// use velox_rpc::{App, Router, procedure};
///
/// let users = Router::new("users")
///     .procedure("listUsers", procedure().query(|_| Ok(1)))
///     .procedure("findUsers", procedure().query(|_| Ok(2)));
/// let error = App::new(()).router(users).into_service().unwrap_err();
/// assert!(error.mistakes()[0].contains("`users.findUsers`"));
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the application cannot start:{0}")]
pub struct StartError(Mistakes);

impl StartError {
    /// Returns the mistakes, each with its place and how to fix it.
    pub fn mistakes(&self) -> &[String] {
        self.0.as_slice()
    }
}

impl fmt::Debug for StartError {
    /// Writes the same text as `Display`, because a `main` that returns this error prints it with
    /// `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

pub(crate) const DEFAULT_HANDLER_TIMEOUT: Duration = Duration::from_secs(60);
const DEFAULT_BODY_LIMIT: usize = 1 << 20;
const DEFAULT_BODY_BUDGET: usize = 256 << 20;
