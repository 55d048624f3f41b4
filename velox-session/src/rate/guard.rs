//! The guard: counts a call, says so in the reply's head, and refuses what is too much.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderName, HeaderValue, StatusCode};
use velox_rpc::context::{HasUser, Request};
use velox_rpc::error::Code;
use velox_rpc::procedure::{Demands, Guard};
use velox_rpc::{Context, Ctx, Error, Result};

use super::{Hit, MemoryRates, RateKey, RateStore};
use crate::clock::{Clock, SystemClock, milliseconds};
use crate::config::PATIENCE;
use crate::deadline::within;
use crate::event::{Chain, Limit};

/// Lets each caller through so many times in a window of time, which begins with the first call. The name tells limits apart that share
/// a store.
///
/// Callers are told apart by their [address](Request::client_ip) unless [`by`](RateLimit::by) or [`by_user`](RateLimit::by_user) says otherwise:
/// an IPv4 address, or the half of an IPv6 address that belongs to one network. Behind a proxy every connection has the proxy's address:
/// name the proxy by [`App::trusted_proxies`](velox_rpc::App::trusted_proxies).
///
/// A request without an address is answered 500, and the log says what to do about it. The direct caller
/// ([`App::caller`](velox_rpc::App::caller)) has no address and is not limited.
///
/// Every reply carries `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset`, in Unix seconds. Above the limit the caller gets 429
/// `Too many requests, please try again later`, code `RATE_LIMIT_EXCEEDED`, with `Retry-After` in seconds.
///
/// Clones count together. For all procedures of a router, see [`Router::guard`](velox_rpc::Router::guard).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use velox_rpc::{App, Router, procedure};
/// use velox_session::rate::rate_limit;
///
/// let limit = rate_limit("search", 100, Duration::from_secs(60));
/// let search = procedure::<()>().guard(limit).query(|_| Ok("found"));
/// let app = App::new(())
///     .trusted_proxies(["10.0.0.0/8"]) // the load balancer
///     .router(Router::new("search").procedure("find", search));
/// # let _ = app;
/// ```
pub fn rate_limit(name: impl Into<String>, limit: u64, window: Duration) -> RateLimit<ByRequest> {
    RateLimit {
        settings: Settings {
            name: format!("rateLimit:{}", name.into()),
            limit,
            window,
            store: Arc::new(MemoryRates::new()),
            clock: Arc::new(SystemClock),
            passes_unavailable: false,
            trouble: Arc::new(Limit::new(1)),
        },
        caller: ByRequest(Way::Address),
    }
}

/// The guard of [`rate_limit`].
#[derive(Clone)]
pub struct RateLimit<K> {
    settings: Settings,
    caller: K,
}

/// Tells callers apart by the head of their request.
#[derive(Clone)]
pub struct ByRequest(Way);

#[derive(Clone)]
enum Way {
    /// The client's address.
    Address,
    /// A closure of the application's own. All for whom it gives nothing count as one.
    Closure(Arc<Caller>),
}

/// Who has sent a request.
type Caller = dyn Fn(&Request) -> Option<String> + Send + Sync;

/// Tells callers apart by who is logged in.
pub struct ByUser<U, F> {
    caller: F,
    user: PhantomData<fn(&U)>,
}

#[derive(Clone)]
struct Settings {
    /// The guard's.
    name: String,
    limit: u64,
    window: Duration,
    store: Arc<dyn RateStore>,
    clock: Arc<dyn Clock>,
    passes_unavailable: bool,
    /// Calls that were not counted.
    trouble: Arc<Limit>,
}

impl<K> RateLimit<K> {
    /// Tells callers apart by a closure over the head of the request. All for whom it gives nothing count as one.
    ///
    /// # Security
    ///
    /// What a caller can change at will, such as most headers, tells nobody apart who does not want it. For addresses behind a proxy there
    /// is [`App::trusted_proxies`](velox_rpc::App::trusted_proxies), and no closure is needed.
    ///
    /// # Examples
    ///
    /// A guard before it has checked the key:
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use velox_rpc::procedure;
    /// use velox_rpc::procedure::guard;
    /// use velox_session::rate::rate_limit;
    ///
    /// let known = guard("apiKey", |request| request.header("x-api-key") == Some("of a customer"));
    /// let by_key = rate_limit("search", 100, Duration::from_secs(60))
    ///     .by(|request| request.header("x-api-key").map(str::to_owned));
    /// let search = procedure::<()>().guard(known).guard(by_key).query(|_| Ok("found"));
    /// # let _ = search;
    /// ```
    pub fn by(self, caller: impl Fn(&Request) -> Option<String> + Send + Sync + 'static) -> RateLimit<ByRequest> {
        RateLimit { settings: self.settings, caller: ByRequest(Way::Closure(Arc::new(caller))) }
    }

    /// Tells callers apart by who is logged in. It stands after the middleware that finds it out, such as `session.required()`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use velox_rpc::procedure;
    /// use velox_session::rate::rate_limit;
    /// use velox_session::{MemoryStore, SessionUser, session_middleware};
    ///
    /// # fn main() -> Result<(), velox_session::ConfigError> {
    /// # let session = session_middleware("a development secret of 32 bytes or more").store(MemoryStore::new()).build()?;
    /// let limit = rate_limit("export", 3, Duration::from_secs(3600)).by_user(|user: &SessionUser| user.id.clone());
    /// let export = procedure::<()>().use_(session.required()).guard(limit).query(|_| Ok("all of it"));
    /// # let _ = export;
    /// # Ok(())
    /// # }
    /// ```
    pub fn by_user<U, F>(self, caller: F) -> RateLimit<ByUser<U, F>>
    where
        F: Fn(&U) -> String + Send + Sync + 'static,
    {
        RateLimit { settings: self.settings, caller: ByUser { caller, user: PhantomData } }
    }

    /// Keeps the counts elsewhere than in a [`MemoryRates`] of its own.
    #[must_use]
    pub fn store(mut self, store: impl RateStore) -> Self {
        self.settings.store = Arc::new(store);
        self
    }

    /// Lets calls pass that cannot be counted, in place of 503 `RATE_LIMIT_UNAVAILABLE`.
    ///
    /// # Security
    ///
    /// While the store is down nothing is limited: not for a limit on logins.
    #[must_use]
    pub fn allow_when_unavailable(mut self) -> Self {
        self.settings.passes_unavailable = true;
        self
    }

    /// Another clock, for tests.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }
}

impl<C: Ctx> Guard<C> for RateLimit<ByRequest> {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn check(&self, ctx: &C) -> impl Future<Output = Result<()>> + Send {
        let caller = self.caller.0.caller(ctx.request());
        self.settings.check(caller, ctx.base())
    }

    fn describe(&self, demands: &mut Demands) {
        describe(demands);
    }
}

impl<C, U, F> Guard<C> for RateLimit<ByUser<U, F>>
where
    C: HasUser<User = U>,
    U: 'static,
    F: Fn(&U) -> String + Send + Sync + 'static,
{
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn check(&self, ctx: &C) -> impl Future<Output = Result<()>> + Send {
        let caller = (self.caller.caller)(ctx.user());
        self.settings.check(Ok(Some(caller)), ctx.base())
    }

    fn describe(&self, demands: &mut Demands) {
        describe(demands);
    }
}

impl Way {
    /// For whom a request counts; for nobody where it is `None`.
    fn caller(&self, request: &Request) -> Result<Option<String>> {
        match self {
            Self::Closure(caller) => Ok(Some(caller(request).unwrap_or_default())),
            Self::Address => match request.client_network() {
                Some(network) => Ok(Some(network.to_string())),
                None if request.is_direct() => Ok(None),
                // Counted as one, they would shut each other out.
                None => Err(Error::internal(NO_ADDRESS)),
            },
        }
    }
}

impl Settings {
    /// `caller` is `Ok(None)` where nobody is to be limited.
    async fn check<S: Send + Sync>(&self, caller: Result<Option<String>>, ctx: &Context<S>) -> Result<()> {
        let Some(caller) = caller? else { return Ok(()) };
        let key = RateKey::new(&self.name, &caller);
        match within(PATIENCE, pin!(self.store.hit(&key, self.window))).await.0 {
            Some(Ok(hit)) => self.judge(hit, ctx),
            failed => self.unavailable(failed.and_then(Result::err)),
        }
    }

    /// What is to be said of a call that was counted.
    fn judge<S>(&self, hit: Hit, ctx: &Context<S>) -> Result<()> {
        let reset = self.clock.now().saturating_add(milliseconds(hit.left)).div_ceil(1000);
        ctx.reply().edit_headers(|headers| {
            headers.insert(LIMIT, HeaderValue::from(self.limit));
            headers.insert(REMAINING, HeaderValue::from(self.limit.saturating_sub(hit.count)));
            headers.insert(RESET, HeaderValue::from(reset));
            if hit.count > self.limit {
                headers.insert(RETRY_AFTER, HeaderValue::from(milliseconds(hit.left).div_ceil(1000).max(1)));
            }
        });
        if hit.count <= self.limit { Ok(()) } else { Err(exceeded()) }
    }

    #[cold]
    fn unavailable(&self, error: Option<crate::store::StoreError>) -> Result<()> {
        if self.passes_unavailable {
            if let Some(suppressed) = self.trouble.count(self.clock.now()) {
                let error = error.map_or_else(|| TIMED_OUT.to_owned(), |error| Chain(&error).to_string());
                tracing::warn!(limit = self.name, error, suppressed, "calls are not counted");
            }
            return Ok(());
        }
        let refusal = Error::unavailable("The rate limit could not be checked").with_tag("RATE_LIMIT_UNAVAILABLE");
        Err(match error {
            Some(error) => refusal.with_source(error),
            None => refusal.with_source(TIMED_OUT),
        })
    }
}

fn describe(demands: &mut Demands) {
    demands.refuse(StatusCode::TOO_MANY_REQUESTS, EXCEEDED);
}

fn exceeded() -> Error {
    Error::new(Code::TooManyRequests, EXCEEDED).with_name("AuthError").with_tag("RATE_LIMIT_EXCEEDED")
}

impl<U, F: Clone> Clone for ByUser<U, F> {
    fn clone(&self) -> Self {
        Self { caller: self.caller.clone(), user: PhantomData }
    }
}

impl<K> fmt::Debug for RateLimit<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("name", &self.settings.name)
            .field("limit", &self.settings.limit)
            .field("window", &self.settings.window)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ByRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByRequest(..)")
    }
}

impl<U, F> fmt::Debug for ByUser<U, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByUser(..)")
    }
}

const EXCEEDED: &str = "Too many requests, please try again later";

const NO_ADDRESS: &str = "the rate limit finds no address of the client: serve the application with velox's `Server`, put a `Peer` into the \
    extensions of each request, name the proxy behind a Unix socket by `App::trusted_proxies`, or tell callers apart by `.by(…)`";

const TIMED_OUT: &str = "the store did not answer in time";

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
