//! The guard that counts calls, sets the rate-limit headers, and refuses calls above the limit.

use std::borrow::Cow;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderName, HeaderValue, StatusCode};
use velox_rpc::context::{HasUser, Reply, Request};
use velox_rpc::error::ErrorKind;
use velox_rpc::procedure::{Demands, Guard};
use velox_rpc::{Ctx, Error, Result};

use super::{Hit, MemoryRates, RateKey, RateStore};
use crate::clock::{Clock, SystemClock, milliseconds};
use crate::config::PATIENCE;
use crate::deadline::within;
use crate::event::{Chain, Event};
use crate::store::StoreError;

/// Returns a guard that allows each caller `limit` calls in a window of time. The window starts
/// with the first call. The name distinguishes limits that share a store.
///
/// By default, callers are distinguished by their [address](Request::client_ip): an IPv4 address,
/// or the network half of an IPv6 address. [`by`](RateLimit::by) and
/// [`by_user`](RateLimit::by_user) change that. Behind a proxy every connection has the address of
/// the proxy, so name the proxy with [`App::trusted_proxies`](velox_rpc::App::trusted_proxies).
///
/// A request without an address is answered with 500, and the log says how to fix this. The direct
/// caller ([`App::caller`](velox_rpc::App::caller)) has no address and is not limited.
///
/// Every reply has the headers `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset`
/// (in Unix seconds). Above the limit, the caller gets 429
/// `Too many requests, please try again later` with the code `RATE_LIMIT_EXCEEDED` and the header
/// `Retry-After` in seconds.
///
/// Clones share their counts. To limit all procedures of a router, use
/// [`Router::guard`](velox_rpc::Router::guard).
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
pub fn rate_limit(name: impl Into<String>, limit: u64, window: Duration) -> RateLimit {
    RateLimit {
        name: format!("rateLimit:{}", name.into()),
        limit,
        window,
        caller: Arc::new(by_address),
        store: Arc::new(MemoryRates::new()),
        clock: Arc::new(SystemClock),
        message: Cow::Borrowed(EXCEEDED),
        passes_unavailable: false,
        trouble: Arc::new(Event::new(1)),
    }
}

/// A rate-limit guard. [`rate_limit`] creates it.
#[derive(Clone)]
pub struct RateLimit {
    name: String,
    limit: u64,
    window: Duration,
    caller: Arc<Caller>,
    store: Arc<dyn RateStore>,
    clock: Arc<dyn Clock>,
    message: Cow<'static, str>,
    passes_unavailable: bool,
    /// Limits how often the log reports calls that were not counted.
    trouble: Arc<Event>,
}

/// Returns the caller of a request, or `None` if the request is not counted.
type Caller = dyn Fn(&Request) -> Result<Option<String>> + Send + Sync;

/// A rate-limit guard that distinguishes callers by their user. [`RateLimit::by_user`] creates it.
pub struct UserRateLimit<U> {
    limit: RateLimit,
    caller: Arc<dyn Fn(&U) -> String + Send + Sync>,
}

impl RateLimit {
    /// Distinguishes callers by a closure over the request headers. All requests for which it
    /// returns `None` count as one caller.
    ///
    /// # Security
    ///
    /// Do not key on a header that clients can set: they can evade the limit. For addresses behind
    /// a proxy, use [`App::trusted_proxies`](velox_rpc::App::trusted_proxies); you do not need a
    /// closure for them.
    ///
    /// # Examples
    ///
    /// The guard before the limit checks the API key:
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
    #[must_use]
    pub fn by(self, caller: impl Fn(&Request) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { caller: Arc::new(move |request| Ok(Some(caller(request).unwrap_or_default()))), ..self }
    }

    /// Distinguishes callers by the logged-in user. Set everything else before you call this. Add
    /// the guard after the middleware that loads the user, such as `session.required()`.
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
    pub fn by_user<U>(self, caller: impl Fn(&U) -> String + Send + Sync + 'static) -> UserRateLimit<U> {
        UserRateLimit { limit: self, caller: Arc::new(caller) }
    }

    /// Counts a call for a caller that the handler names, such as the e-mail address of a login, and
    /// refuses it above the limit. It does what the guard does, with the same headers, error and
    /// store. Call it at the beginning of the handler. A guard with the same limit counts its callers
    /// apart.
    ///
    /// The direct caller ([`App::caller`](velox_rpc::App::caller)) is counted, too.
    ///
    /// # Security
    ///
    /// Put a guard by address before it, as in the example. Otherwise one machine can name callers
    /// until the store has no room for more, and the counts are forgotten.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use velox_rpc::{App, Call, Mutation, procedure, router, schema};
    /// use velox_session::rate::{RateLimit, rate_limit};
    ///
    /// struct AppState {
    ///     logins: RateLimit,
    /// }
    ///
    /// #[schema]
    /// struct Login {
    ///     #[schema(trim, lowercase)]
    ///     email: String,
    ///     password: String,
    /// }
    ///
    /// # struct Auth;
    /// #[router("auth", state = AppState)]
    /// impl Auth {
    ///     fn login(&self) -> Mutation<Login, ()> {
    ///         let by_address = rate_limit("loginByAddress", 50, Duration::from_secs(900));
    ///         procedure().guard(by_address).input::<Login>().mutation(async |Call { input, ctx }| {
    ///             ctx.logins.check_caller(&ctx, &input.email).await?;
    ///             Ok(()) // after the password is checked
    ///         })
    ///     }
    /// }
    ///
    /// let logins = rate_limit("login", 5, Duration::from_secs(900));
    /// let app = App::new(AppState { logins }).router(Auth);
    /// # let _ = app;
    /// ```
    ///
    /// # Errors
    ///
    /// Returns 429 with the code `RATE_LIMIT_EXCEEDED` above the limit. Returns 503 with the code
    /// `RATE_LIMIT_UNAVAILABLE` if the call cannot be counted, unless the limit
    /// [allows such calls](Self::allow_when_unavailable).
    pub async fn check_caller(&self, ctx: &impl Ctx, caller: &str) -> Result<()> {
        self.count(&RateKey::new(&format!("{}:handler", self.name), caller), ctx).await
    }

    /// Counts a call under a key, and refuses it above the limit.
    async fn count(&self, key: &RateKey, ctx: &impl Ctx) -> Result<()> {
        match within(PATIENCE, pin!(self.store.hit(key, self.window))).await.0 {
            Some(Ok(hit)) => self.judge(hit, ctx.reply()),
            failed => self.unavailable(failed.and_then(Result::err).unwrap_or_else(|| StoreError::new(TIMED_OUT))),
        }
    }

    /// Sets the store for the counts. By default each limit has its own [`MemoryRates`].
    #[must_use]
    pub fn store(mut self, store: impl RateStore) -> Self {
        self.store = Arc::new(store);
        self
    }

    /// Sets the message of refusals.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use velox_session::rate::rate_limit;
    ///
    /// let limit = rate_limit("login", 5, Duration::from_secs(900)).message("Too many attempts, try again in 15 minutes");
    /// # let _ = limit;
    /// ```
    #[must_use]
    pub fn message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = message.into();
        self
    }

    /// Lets calls pass if they cannot be counted. By default they are answered with 503 and the
    /// code `RATE_LIMIT_UNAVAILABLE`.
    ///
    /// # Security
    ///
    /// While the store is down nothing is limited. Do not use this for a limit on logins.
    #[must_use]
    pub fn allow_when_unavailable(mut self) -> Self {
        self.passes_unavailable = true;
        self
    }

    /// Sets the clock. Use it in tests.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the rate-limit headers for a counted call, and refuses the call if it is above the
    /// limit.
    fn judge(&self, hit: Hit, reply: Reply<'_>) -> Result<()> {
        let reset = self.clock.now().saturating_add(milliseconds(hit.left)).div_ceil(1000);
        reply.edit_headers(|headers| {
            headers.insert(LIMIT, HeaderValue::from(self.limit));
            headers.insert(REMAINING, HeaderValue::from(self.limit.saturating_sub(hit.count)));
            headers.insert(RESET, HeaderValue::from(reset));
            if hit.count > self.limit {
                headers.insert(RETRY_AFTER, HeaderValue::from(milliseconds(hit.left).div_ceil(1000).max(1)));
            }
        });
        if hit.count <= self.limit { Ok(()) } else { Err(self.exceeded()) }
    }

    #[cold]
    fn exceeded(&self) -> Error {
        let refusal = Error::new(ErrorKind::TooManyRequests, self.message.clone());
        refusal.with_name("AuthError").with_code("RATE_LIMIT_EXCEEDED")
    }

    #[cold]
    fn unavailable(&self, error: StoreError) -> Result<()> {
        if self.passes_unavailable {
            if let Some(suppressed) = self.trouble.count(self.clock.now()) {
                tracing::warn!(
                    limit = self.name,
                    error = %Chain(&error),
                    suppressed,
                    "the rate limit store failed: calls pass uncounted"
                );
            }
            return Ok(());
        }
        Err(Error::unavailable(UNAVAILABLE).with_code("RATE_LIMIT_UNAVAILABLE").with_source(error))
    }

    fn declare(&self, demands: &mut Demands) {
        demands.refuse(StatusCode::TOO_MANY_REQUESTS, self.message.clone());
        if !self.passes_unavailable {
            demands.refuse(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE);
        }
        demands.reply_header(LIMIT, "The number of calls allowed in a window of time.");
        demands.reply_header(REMAINING, "The number of calls left in this window.");
        demands.reply_header(RESET, "The end of the window in Unix seconds.");
        demands.refusal_header(
            StatusCode::TOO_MANY_REQUESTS,
            RETRY_AFTER,
            "The number of seconds to wait before the next attempt.",
        );
    }
}

impl<C: Ctx> Guard<C> for RateLimit {
    fn name(&self) -> &str {
        &self.name
    }

    async fn check(&self, ctx: &C) -> Result<()> {
        match (self.caller)(ctx.request())? {
            Some(caller) => self.count(&RateKey::new(&self.name, &caller), ctx).await,
            None => Ok(()),
        }
    }

    fn describe(&self, demands: &mut Demands) {
        self.declare(demands);
    }
}

impl<C: HasUser<User = U>, U: 'static> Guard<C> for UserRateLimit<U> {
    fn name(&self) -> &str {
        &self.limit.name
    }

    async fn check(&self, ctx: &C) -> Result<()> {
        let caller = (self.caller)(ctx.user());
        self.limit.count(&RateKey::new(&self.limit.name, &caller), ctx).await
    }

    fn describe(&self, demands: &mut Demands) {
        self.limit.declare(demands);
    }
}

fn by_address(request: &Request) -> Result<Option<String>> {
    match request.client_network() {
        Some(network) => Ok(Some(network.to_string())),
        None if request.is_direct() => Ok(None),
        // If such requests counted as one caller, they would lock each other out.
        None => Err(Error::internal(NO_ADDRESS)),
    }
}

impl<U> Clone for UserRateLimit<U> {
    fn clone(&self) -> Self {
        Self { limit: self.limit.clone(), caller: Arc::clone(&self.caller) }
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("name", &self.name)
            .field("limit", &self.limit)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

impl<U> fmt::Debug for UserRateLimit<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.limit.fmt(f)
    }
}

const EXCEEDED: &str = "Too many requests, please try again later";
const UNAVAILABLE: &str = "The rate limit could not be checked";

const NO_ADDRESS: &str = "the rate limit found no client address: serve the application with velox's `Server`, add a \
    `Peer` to the extensions of each request, name the proxy in front of a Unix socket with `App::trusted_proxies`, or \
    distinguish callers with `.by(…)`";

const TIMED_OUT: &str = "the store did not answer in time";

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
