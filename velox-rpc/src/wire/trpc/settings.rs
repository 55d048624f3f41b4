//! The settings of the tRPC wire.

use std::borrow::Cow;

/// Where and how an application speaks tRPC: what [`App::trpc`](crate::App::trpc) takes. A path alone is one with the default settings.
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
}

impl Trpc {
    /// Speaks tRPC below this path, such as `/trpc`. The prefix of the REST routes does not apply.
    pub fn at(path: impl Into<Cow<'static, str>>) -> Self {
        Self { path: path.into(), max_batch_size: DEFAULT_BATCH, method_override: false, superjson: false }
    }

    /// Sets how many calls a batch may have, 100 unless it is set. A larger one is answered 400. Zero is [no batches](Self::without_batches).
    ///
    /// Set `maxItems` of the client's `httpBatchLink` to the same number or less, so that it splits its batches.
    pub fn max_batch_size(mut self, calls: usize) -> Self {
        self.max_batch_size = calls;
        self
    }

    /// Answers batches with 400: every call is a request of its own.
    pub fn without_batches(mut self) -> Self {
        self.max_batch_size = 0;
        self
    }

    /// Lets queries be sent by POST, as a client does with `methodOverride: 'POST'`: for inputs that are too long for a URL. Off unless it
    /// is set. A mutation is never run by GET.
    pub fn method_override(mut self, allowed: bool) -> Self {
        self.method_override = allowed;
        self
    }

    /// Speaks superjson: for clients whose links have `transformer: superjson`. Off unless it is set, and then all clients need it.
    ///
    /// What a value is to the front end follows from its Rust type, or rather from its JSON Schema:
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
    /// All else is what it is without superjson: a map with texts for keys is an object. [`TypeScript::app_router`] says the same types. To
    /// have a field of 64 bits as a `number`, give it the schema of one: `#[schemars(with = "f64")]`.
    ///
    /// A key of a `Map` that is beyond 2^53 comes as a `bigint`.
    ///
    /// A client may send all that superjson knows: an input is read by what the client says of it, so that `Map`s also become lists of pairs,
    /// `URL`s strings, and typed arrays lists. A `RegExp`, an `Error`, a symbol, and instances of classes are refused with an issue, as is
    /// what `dedupe: true` leaves out.
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
}

impl From<&'static str> for Trpc {
    fn from(path: &'static str) -> Self {
        Self::at(path)
    }
}

const DEFAULT_BATCH: usize = 100;
