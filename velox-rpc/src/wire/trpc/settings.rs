//! The public settings of the tRPC wire.

use std::borrow::Cow;

/// Configures tRPC for an application; pass it to [`App::trpc`](crate::App::trpc). To use the
/// default settings, pass the path alone.
///
/// # Examples
///
/// ```
/// use velox_rpc::{App, Trpc};
///
/// let app = App::new(()).trpc(Trpc::at("/trpc").max_batch_size(20));
/// # let _ = app;
/// ```
#[derive(Debug, Clone)]
#[must_use = "settings do nothing until an application has them"]
pub struct Trpc {
    pub(super) path: Cow<'static, str>,
    pub(super) max_batch_size: usize,
    pub(super) method_override: bool,
    pub(super) superjson: bool,
    pub(super) root: Option<Cow<'static, str>>,
}

impl Trpc {
    /// Serves tRPC below this path, such as `/trpc`. The prefix of the REST routes does not apply
    /// to it.
    pub fn at(path: impl Into<Cow<'static, str>>) -> Self {
        Self { path: path.into(), max_batch_size: DEFAULT_BATCH, method_override: false, superjson: false, root: None }
    }

    /// Sets the maximum number of calls in a batch. The default is 100. The server answers a larger
    /// batch with 400. Zero has the same effect as [`without_batches`](Self::without_batches).
    ///
    /// Set `maxItems` of the client's `httpBatchLink` to the same number or less, so that the
    /// client splits large batches.
    pub fn max_batch_size(mut self, calls: usize) -> Self {
        self.max_batch_size = calls;
        self
    }

    /// Disables batching: the server answers every batch with 400. Clients then send each call in
    /// its own request.
    pub fn without_batches(mut self) -> Self {
        self.max_batch_size = 0;
        self
    }

    /// Allows or forbids queries by POST, which a client sends with `methodOverride: 'POST'` if an
    /// input is too long for a URL. They are forbidden by default. A GET request never runs a
    /// mutation, with either setting.
    pub fn method_override(mut self, allowed: bool) -> Self {
        self.method_override = allowed;
        self
    }

    /// Encodes inputs and outputs with superjson, for clients whose links have `transformer:
    /// superjson`. It is off by default. If you turn it on, every client needs the transformer.
    ///
    /// velox chooses the TypeScript type of a value by the JSON Schema of its Rust type:
    ///
    /// | Rust | JSON Schema | TypeScript |
    /// | --- | --- | --- |
    /// | `chrono::DateTime<Utc>`, `jiff::Timestamp` | `format: date-time` | `Date` |
    /// | `i64`, `u64`, `i128`, `u128`, `isize`, `usize` | `format: int64` and so on | `bigint` |
    /// | `HashSet<T>`, `BTreeSet<T>` | `uniqueItems` | `Set<T>` |
    /// | `HashMap<u32, T>`, `BTreeMap<i64, T>`: keys are integers | `patternProperties` | `Map<number, T>` |
    /// | [`Float`](crate::procedure::Float) | | `number`, also `NaN` and `Infinity` |
    /// | `()` as an output | | `undefined` |
    ///
    /// Every other type is the same as without superjson: a map with string keys, for example, is
    /// an object. [`TypeScript::app_router`] writes the same types. To send a 64-bit integer as a
    /// `number`, give its field the schema of one: `#[schemars(with = "f64")]`.
    ///
    /// A `Map` key above 2^53 arrives as a `bigint`.
    ///
    /// In inputs, velox follows the annotations of the client. If the input type is a list, a `Map`
    /// becomes a list of pairs. A `URL` becomes a string and a typed array becomes a list. velox
    /// refuses a `RegExp`, an `Error`, a symbol, an instance of a class and a value of a custom
    /// transformer, each with an issue. It also refuses the `null` that `dedupe: true` sends in
    /// place of a repeated object.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::BTreeSet;
    ///
    /// use http_body_util::BodyExt;
    /// use velox_rpc::export::TypeScript;
    /// use velox_rpc::http::Request;
    /// use velox_rpc::{App, Router, Trpc, procedure};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), velox_rpc::StartError> {
    /// let tags = procedure().query(|_| Ok(BTreeSet::from(["new", "red"])));
    /// let app = App::new(()).router(Router::new("shop").procedure("tags", tags)).trpc(Trpc::at("/trpc").superjson());
    /// let app = app.into_service()?;
    ///
    /// let reply = app.call(Request::get("/trpc/shop.tags").body(String::new()).unwrap()).await;
    /// let body = reply.into_body().collect().await.unwrap().to_bytes();
    /// assert_eq!(body, r#"{"result":{"data":{"json":["new","red"],"meta":{"values":["set"],"v":1}}}}"#);
    ///
    /// let types = TypeScript::of(app.manifest()).app_router().to_string();
    /// assert!(types.contains("tags: QueryOf<void, Set<string>>;"));
    /// # Ok(()) }
    /// ```
    ///
    /// [`TypeScript::app_router`]: crate::export::TypeScript::app_router
    pub fn superjson(mut self) -> Self {
        self.superjson = true;
        self
    }

    pub(crate) fn has_superjson(&self) -> bool {
        self.superjson
    }

    /// Puts the procedures of this namespace at the root of the router, for clients that call
    /// `client.health.query()`. Without it, every path begins with a namespace, as in
    /// `client.app.health.query()`. REST routes stay below the namespace.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::export::TypeScript;
    /// use velox_rpc::http::Request;
    /// use velox_rpc::{App, Router, Trpc, procedure};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), velox_rpc::StartError> {
    /// let root = Router::new("app").procedure("health", procedure().query(|_| Ok("ok")));
    /// let posts = Router::new("posts").procedure("count", procedure().query(|_| Ok(7)));
    /// let app = App::new(()).router(root).router(posts).trpc(Trpc::at("/trpc").root("app")).into_service()?;
    ///
    /// let reply = app.call(Request::get("/trpc/health,posts.count?batch=1").body(String::new()).unwrap()).await;
    /// assert_eq!(reply.status(), 200);
    ///
    /// let types = TypeScript::of(app.manifest()).app_router().to_string();
    /// assert!(types.contains("\n  health: QueryOf<void, string>;\n  posts: {\n"));
    /// # Ok(()) }
    /// ```
    pub fn root(mut self, namespace: impl Into<Cow<'static, str>>) -> Self {
        self.root = Some(namespace.into());
        self
    }

    pub(crate) fn root_namespace(&self) -> Option<&str> {
        self.root.as_deref()
    }
}

impl From<&'static str> for Trpc {
    fn from(path: &'static str) -> Self {
        Self::at(path)
    }
}

const DEFAULT_BATCH: usize = 100;
