//! The session settings. `build_manager()` checks all of them together, before anything runs.

pub(crate) mod check;
mod error;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::cookie::{Attributes, SameSite};
use crate::origin::TrustedOrigins;
use crate::secret::Secrets;
use crate::store::SessionStore;

pub use error::{ConfigError, ConfigProblem};

/// Returns a [`SessionBuilder`] with the default settings. `secret` signs the session cookie.
///
/// Pass a [`Secret`](crate::Secret), a string of at least 32 bytes, or a list of either. With a
/// list, the first secret signs new cookies and all of them verify, so that you can rotate secrets.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use velox_session::{MemoryStore, SameSite, session_middleware};
///
/// # fn main() -> Result<(), velox_session::ConfigError> {
/// let manager = session_middleware("a development secret of 32 bytes or more")
///     .store(MemoryStore::new())
///     .cookie_name("session")
///     .secure(false)
///     .http_only(true)
///     .same_site(SameSite::Lax)
///     .max_age(Duration::from_secs(86_400))
///     .build_manager()?;
/// # let _ = manager;
/// # Ok(())
/// # }
/// ```
pub fn session_middleware(secret: impl Into<Secrets>) -> SessionBuilder {
    SessionBuilder {
        secrets: secret.into(),
        store: None,
        clock: Arc::new(SystemClock),
        cookie: Attributes::default(),
        max_age: Duration::from_secs(86_400),
        absolute: Some(DEFAULT_ABSOLUTE),
        sets_absolute: false,
        touch_interval: None,
        sliding: true,
        size_limit: 64 * 1024,
        session_limit: Some(100),
        limit_is_strict: false,
        patience: PATIENCE,
        trusted: TrustedOrigins::default(),
        cross_site_mutations: false,
        #[cfg(feature = "rpc")]
        streams_keep_alive: false,
    }
}

/// Builds a [`Manager`](crate::Manager) from the session settings.
///
/// # Lifetimes
///
/// Two limits are on by default: a session ends one day after its last request, and in any case 30
/// days after its login. NIST SP 800-63B-4 (sections 2.1.3, 2.2.3, 2.3.3) asks for these limits at
/// each assurance level:
///
/// | level | without a request: [`max_age`](Self::max_age) | since the login: [`absolute_timeout`](Self::absolute_timeout) |
/// | --- | --- | --- |
/// | AAL1 | no limit required; the default is 24 hours | should be at most 30 days, which is the default |
/// | AAL2 | should be at most 1 hour: `3_600` seconds | should be at most 24 hours: `86_400` seconds |
/// | AAL3 | should be at most 15 minutes: `900` seconds | must be at most 12 hours: `43_200` seconds |
///
/// A session never outlives either limit. It can end up to one
/// [`touch_interval`](Self::touch_interval) before the first limit, because a read within that
/// interval after the last renewal does not renew the session.
///
/// # Examples
///
/// This is AAL2. [`session_middleware`] shows more settings.
///
/// ```
/// use std::time::Duration;
///
/// use velox_session::{MemoryStore, session_middleware};
///
/// # fn main() -> Result<(), velox_session::ConfigError> {
/// let manager = session_middleware("a development secret of 32 bytes or more")
///     .store(MemoryStore::new())
///     .max_age(Duration::from_secs(3_600))
///     .absolute_timeout(Duration::from_secs(86_400))
///     .build_manager()?;
/// # let _ = manager;
/// # Ok(())
/// # }
/// ```
#[must_use = "settings do nothing until they are built"]
pub struct SessionBuilder {
    secrets: Secrets,
    store: Option<Arc<dyn SessionStore>>,
    clock: Arc<dyn Clock>,
    cookie: Attributes,
    max_age: Duration,
    absolute: Option<Duration>,
    sets_absolute: bool,
    touch_interval: Option<Duration>,
    sliding: bool,
    size_limit: usize,
    session_limit: Option<usize>,
    limit_is_strict: bool,
    patience: Duration,
    trusted: TrustedOrigins,
    cross_site_mutations: bool,
    #[cfg(feature = "rpc")]
    streams_keep_alive: bool,
}

impl SessionBuilder {
    /// Sets the store that keeps the sessions. It has no default, because only you know whether
    /// sessions must survive a restart.
    pub fn store(self, store: impl SessionStore) -> Self {
        Self { store: Some(Arc::new(store)), ..self }
    }

    /// Sets the name of the cookie. The default is `__Host-session`. Browsers accept a `__Host-`
    /// cookie only over HTTPS, and send it only to the host that set it.
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie.name = name.into();
        self
    }

    /// Sets whether the browser sends the cookie over HTTPS only. The default is `true`.
    ///
    /// # Security
    ///
    /// With `false`, anybody who can read the network traffic can steal the session. The cookie
    /// name must then not start with `__Host-` or `__Secure-`.
    pub fn secure(mut self, secure: bool) -> Self {
        self.cookie.secure = secure;
        self
    }

    /// Sets whether the cookie is hidden from JavaScript. The default is `true`.
    ///
    /// # Security
    ///
    /// With `false`, one injected script is enough to steal the session.
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.cookie.http_only = http_only;
        self
    }

    /// Sets which cross-site requests carry the cookie. The default is [`SameSite::Lax`].
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.cookie.same_site = same_site;
        self
    }

    /// Sets the path below which the browser sends the cookie. The default is `/`.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.cookie.path = path.into();
        self
    }

    /// Sets the domain of the cookie, so that the browser sends it to all hosts of that domain. By
    /// default the browser sends the cookie only to the host that set it.
    ///
    /// # Security
    ///
    /// Every host of the domain can set a cookie of the same name, and so replace the visitor's
    /// session with another one. Unless the name starts with `__Secure-`, an attacker who can
    /// change network traffic can do the same. `build_manager()` logs a warning about such a name.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.cookie.domain = Some(domain.into());
        self
    }

    /// Sets whether the browser deletes the cookie when it is closed. The default is `false`.
    ///
    /// With `true`, the cookie has neither `Max-Age` nor `Expires`; browsers call this a session
    /// cookie. Otherwise the cookie lives as long as the session. In the store the session lives
    /// for [`max_age`](Self::max_age) in both cases.
    ///
    /// A browser that restores its tabs at start may keep the cookie anyway.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_session::{MemoryStore, session_middleware};
    ///
    /// # fn main() -> Result<(), velox_session::ConfigError> {
    /// let manager = session_middleware("a development secret of 32 bytes or more")
    ///     .store(MemoryStore::new())
    ///     .expire_on_close(true)
    ///     .build_manager()?;
    /// # let _ = manager;
    /// # Ok(())
    /// # }
    /// ```
    pub fn expire_on_close(mut self, expire_on_close: bool) -> Self {
        self.cookie.expires_on_close = expire_on_close;
        self
    }

    /// Sets whether the cookie is `Partitioned` (CHIPS). The default is `false`.
    ///
    /// The browser then keeps a separate cookie for each top-level site that embeds or calls the
    /// application. The cookie must be [`secure`](Self::secure). Browsers send it from other sites
    /// only with [`SameSite::None`].
    ///
    /// Without this setting, a front end on another site cannot stay logged in with browsers that
    /// block third-party cookies.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_session::{MemoryStore, SameSite, session_middleware};
    ///
    /// # fn main() -> Result<(), velox_session::ConfigError> {
    /// let manager = session_middleware("a development secret of 32 bytes or more")
    ///     .store(MemoryStore::new())
    ///     .same_site(SameSite::None)
    ///     .partitioned(true)
    ///     .trusted_origins(["https://app.example"])
    ///     .build_manager()?;
    /// # let _ = manager;
    /// # Ok(())
    /// # }
    /// ```
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.cookie.partitioned = partitioned;
        self
    }

    /// Sets how long a session lives without a request. This is also the `Max-Age` of its cookie.
    /// The default is one day.
    ///
    /// `build_manager()` accepts one second to 400 days. Browsers keep no cookie longer than 400
    /// days. For more than 30 days, set the [absolute timeout](Self::absolute_timeout), too.
    pub fn max_age(self, max_age: Duration) -> Self {
        Self { max_age, ..self }
    }

    /// Sets how long a session lives after its login, however often it is used. The default is 30
    /// days. Before a login, the time counts from the creation of the session. It also limits the
    /// lifetime that [`login_for`](crate::Session::login_for) sets.
    ///
    /// `build_manager()` accepts one second to ten years.
    pub fn absolute_timeout(self, timeout: Duration) -> Self {
        Self { absolute: Some(timeout), sets_absolute: true, ..self }
    }

    /// Removes the absolute timeout: a session lives as long as it is used.
    ///
    /// # Security
    ///
    /// A stolen session that the thief keeps using then never expires.
    pub fn without_absolute_timeout(self) -> Self {
        Self { absolute: None, sets_absolute: true, ..self }
    }

    /// Sets how old the last renewal of a session must be before a read renews the session again.
    /// The default is one minute, or a tenth of [`max_age`](Self::max_age) if that is less.
    ///
    /// The interval can be at most a tenth of `max_age`. With zero, every read renews the session.
    pub fn touch_interval(self, interval: Duration) -> Self {
        Self { touch_interval: Some(interval), ..self }
    }

    /// Sets whether requests renew the lifetime of a session. The default is `true`. With `false`,
    /// a session ends `max_age` after its login.
    pub fn sliding(self, sliding: bool) -> Self {
        Self { sliding, ..self }
    }

    /// Sets whether an open subscription keeps its session alive. The default is `false`, so that a
    /// tab that is left open does not keep its user logged in.
    ///
    /// With `true`, the reply of a subscription ends once half of the session's lifetime has
    /// passed. The client then reconnects, as `EventSource` and the tRPC client do by themselves,
    /// and that request renews the session and its cookie. If the client has gone, the session ends
    /// as before. An open stream alone renews nothing.
    ///
    /// The [absolute timeout](Self::absolute_timeout) always applies. If sessions are not
    /// [`sliding`](Self::sliding), this setting has no effect.
    ///
    /// # Examples
    ///
    /// A board on the wall, which nobody touches:
    ///
    /// ```
    /// use velox_session::{MemoryStore, session_middleware};
    ///
    /// # fn main() -> Result<(), velox_session::ConfigError> {
    /// let session = session_middleware("a development secret of 32 bytes or more")
    ///     .store(MemoryStore::new())
    ///     .streams_keep_alive(true)
    ///     .build()?;
    /// # let _ = session;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "rpc")]
    pub fn streams_keep_alive(self, keep_alive: bool) -> Self {
        Self { streams_keep_alive: keep_alive, ..self }
    }

    /// Sets how many sessions a user may have at a time. The default is 100. A login beyond the
    /// limit ends the user's oldest sessions before it is answered.
    ///
    /// The store must be able to [limit](crate::SessionStore::create) sessions. With a store that
    /// cannot, every login fails once you set a limit; without this setting such a store has no
    /// limit.
    pub fn max_sessions_per_user(self, limit: usize) -> Self {
        Self { session_limit: Some(limit), limit_is_strict: true, ..self }
    }

    /// Removes the limit: a user can have any number of sessions at a time.
    ///
    /// # Security
    ///
    /// Anybody who knows a user's password can then fill the store.
    pub fn without_session_limit(self) -> Self {
        Self { session_limit: None, ..self }
    }

    /// Sets how long a request waits for its session to load before it is answered with 503. The
    /// default is 1.5 seconds for every store. Zero is not allowed.
    ///
    /// All store calls of one request together get twice this time. This holds in procedures and in
    /// layers. If you use the [`Manager`](crate::Manager) directly, it waits as long as the store
    /// takes, but does not retry once the time is over.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Sets how many bytes of JSON a session may hold. The default is 64 KiB.
    pub fn size_limit(self, bytes: usize) -> Self {
        Self { size_limit: bytes, ..self }
    }

    /// Sets the origins whose pages may send mutations, in addition to the application's own
    /// origin. The default is none.
    ///
    /// Write an origin as `https://app.example.com`, or with a port as `http://localhost:5173`.
    /// `https://*.preview.example.com` matches all hosts with exactly one label in the place of the
    /// star. For other rules see [`trusted_origins_by`](Self::trusted_origins_by).
    ///
    /// A mutation that a browser sends from any other origin is answered with 403 and the code
    /// `CROSS_SITE_REQUEST`, before its session is loaded. Browsers state the origin in the request
    /// headers. Clients other than browsers send no such headers, and their requests pass.
    ///
    /// Some proxies change the `Host` header. If yours does, add the proxy to velox-rpc's
    /// `App::trusted_proxies`. The application's own origin is then built from the host and the
    /// scheme that the proxy reports. A [`SessionLayer`](crate::SessionLayer) does not read the
    /// headers of proxies: add the application's own origin here.
    ///
    /// # Security
    ///
    /// A page of a trusted origin can act as the logged-in user, just like your own pages. If you
    /// use a star, this includes everybody who can get a host below that name.
    ///
    /// # Warnings
    ///
    /// With [`SameSite`](Self::same_site) `Lax` or `Strict`, browsers silently drop the cookie from
    /// requests of another *site*, for example from `https://app.example` to
    /// `https://api.example.com`. The crate logs a warning about this. If a
    /// [`domain`](Self::domain) is set, `build_manager()` logs it for each trusted host whose last
    /// two labels differ from those of the domain. Otherwise the first mutation that the browser
    /// marks as `cross-site` causes the warning. Only this second check finds hosts below a public
    /// suffix of several labels, such as `co.uk`.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_session::{MemoryStore, session_middleware};
    ///
    /// # fn main() -> Result<(), velox_session::ConfigError> {
    /// let manager = session_middleware("a development secret of 32 bytes or more")
    ///     .store(MemoryStore::new())
    ///     .trusted_origins(["https://app.example.com", "http://localhost:5173"])
    ///     .build_manager()?;
    /// # let _ = manager;
    /// # Ok(())
    /// # }
    /// ```
    pub fn trusted_origins<O: Into<String>>(mut self, origins: impl IntoIterator<Item = O>) -> Self {
        self.trusted.set(origins);
        self
    }

    /// Sets a closure that decides which origins are trusted, in addition to the
    /// [named](Self::trusted_origins) ones. Use it for origins that you know only at run time, such
    /// as those of your customers.
    ///
    /// The closure gets the origin as the browser sends it, for example `https://app.example.com`.
    ///
    /// # Security
    ///
    /// Compare whole origins. A check such as `ends_with("example.com")` also trusts
    /// `https://evil-example.com`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::HashSet;
    ///
    /// use velox_session::{MemoryStore, session_middleware};
    ///
    /// # fn main() -> Result<(), velox_session::ConfigError> {
    /// let tenants = HashSet::from(["https://shop.example".to_owned()]);
    /// let manager = session_middleware("a development secret of 32 bytes or more")
    ///     .store(MemoryStore::new())
    ///     .trusted_origins_by(move |origin| tenants.contains(origin))
    ///     .build_manager()?;
    /// # let _ = manager;
    /// # Ok(())
    /// # }
    /// ```
    pub fn trusted_origins_by(mut self, trusts: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.trusted.set_by(trusts);
        self
    }

    /// Accepts mutations from pages of any site.
    ///
    /// # Security
    ///
    /// Any page that a visitor opens can then act as that visitor if the browser sends the cookie
    /// along, and can log the visitor in as somebody else. Two defences remain:
    /// [`same_site`](Self::same_site), which lets all hosts of your own domain through, and the
    /// content type, which a page of another site cannot send without CORS permission.
    ///
    /// Use this setting only for an API that has another protection, such as an access token. To
    /// allow a few sites, name them in [`trusted_origins`](Self::trusted_origins).
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_session::{MemoryStore, session_middleware};
    ///
    /// # fn main() -> Result<(), velox_session::ConfigError> {
    /// let manager = session_middleware("a development secret of 32 bytes or more")
    ///     .store(MemoryStore::new())
    ///     .allow_cross_site_mutations()
    ///     .build_manager()?;
    /// # let _ = manager;
    /// # Ok(())
    /// # }
    /// ```
    pub fn allow_cross_site_mutations(self) -> Self {
        Self { cross_site_mutations: true, ..self }
    }

    /// Sets the clock. Use it in tests.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }
}

impl fmt::Debug for SessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder")
            .field("cookie", &self.cookie)
            .field("max_age", &self.max_age)
            .field("absolute_timeout", &self.absolute)
            .field("touch_interval", &self.touch_interval)
            .finish_non_exhaustive()
    }
}

/// The default absolute timeout: 30 days.
const DEFAULT_ABSOLUTE: Duration = Duration::from_secs(30 * 86_400);

/// The default time that a request waits for a store.
pub(crate) const PATIENCE: Duration = Duration::from_millis(1_500);

#[cfg(test)]
mod tests;
