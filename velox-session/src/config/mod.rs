//! The settings of a session, and what is wrong with them: all of it at once, before anything runs.

pub(crate) mod check;
mod error;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::cookie::{Attributes, SameSite};
use crate::manager::engine::SessionLimit;
use crate::origin::TrustedOrigins;
use crate::secret::Secrets;
use crate::store::SessionStore;

pub use error::{ConfigError, ConfigProblem};

/// Begins the settings of a session. `secret` signs its cookie: a [`Secret`](crate::Secret), a text of at least 32 bytes,
/// or several of either, of which the first signs and all verify.
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
        absolute: Some(Duration::from_secs(30 * 86_400)),
        touch_interval: None,
        sliding: true,
        size_limit: 64 * 1024,
        session_limit: SessionLimit::Default,
        patience: PATIENCE,
        trusted: TrustedOrigins::default(),
        cross_site_mutations: false,
        #[cfg(feature = "rpc")]
        streams_keep_alive: false,
    }
}

/// The settings of a session, as they are given.
///
/// # Lifetimes
///
/// Both limits are on by default: a session ends a day after its last request, and 30 days after its login whatever happens.
/// NIST SP 800-63B-4 (sections 2.1.3, 2.2.3, 2.3.3) asks for these at its levels of assurance:
///
/// | level | without a request: [`max_age`](Self::max_age) | since the login: [`absolute_timeout`](Self::absolute_timeout) |
/// | --- | --- | --- |
/// | AAL1 | no limit asked for; the default is 24 hours | should be at most 30 days: the default |
/// | AAL2 | should be at most 1 hour: `3_600` seconds | should be at most 24 hours: `86_400` seconds |
/// | AAL3 | should be at most 15 minutes: `900` seconds | must be at most 12 hours: `43_200` seconds |
///
/// A session is never alive beyond them. It may end a little before the first, by the [`touch_interval`](Self::touch_interval): a read that
/// comes sooner after the last renewal renews nothing.
///
/// # Examples
///
/// Of AAL2; for all settings see [`session_middleware`].
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
    touch_interval: Option<Duration>,
    sliding: bool,
    size_limit: usize,
    session_limit: SessionLimit,
    patience: Duration,
    trusted: TrustedOrigins,
    cross_site_mutations: bool,
    #[cfg(feature = "rpc")]
    streams_keep_alive: bool,
}

impl SessionBuilder {
    /// Where sessions are kept. There is no default: whether they outlive the process is for the application to say.
    pub fn store(self, store: impl SessionStore) -> Self {
        Self { store: Some(Arc::new(store)), ..self }
    }

    /// The cookie's name. By default `__Host-session`, which browsers take only from a secure page of this very host.
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie.name = name.into();
        self
    }

    /// Whether the browser sends the cookie over HTTPS only. It does by default.
    ///
    /// # Security
    ///
    /// Without it, who listens to the network has the session. The name must then have no `__Host-` or `__Secure-` in front.
    pub fn secure(mut self, secure: bool) -> Self {
        self.cookie.secure = secure;
        self
    }

    /// Whether the cookie is kept from scripts. It is by default.
    ///
    /// # Security
    ///
    /// Without it, one injected script has the session.
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.cookie.http_only = http_only;
        self
    }

    /// Which requests from other sites the cookie is sent with. By default [`SameSite::Lax`].
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.cookie.same_site = same_site;
        self
    }

    /// The path below which the cookie is sent. By default `/`.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.cookie.path = path.into();
        self
    }

    /// The domain whose hosts all get the cookie. By default only the host that set it does.
    ///
    /// # Security
    ///
    /// Each of these hosts can set a cookie of this name, too, and so put another session in front of the visitor's. With a name that does
    /// not begin with `__Secure-`, so can whoever changes what is on the network: the log has a warning.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.cookie.domain = Some(domain.into());
        self
    }

    /// Whether the browser forgets the cookie when it is closed: it then has neither `Max-Age` nor `Expires`, and is what browsers call a
    /// session cookie. By default it lives as long as the session. In the store the session lives for [`max_age`](Self::max_age) in any case.
    ///
    /// A browser that opens its tabs again where they were may keep the cookie, too.
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

    /// Whether the cookie is `Partitioned` (CHIPS): the browser keeps one for each top-level site under which the application is
    /// embedded or called. By default it is not. It has to be [`secure`](Self::secure), and to be sent from other sites it needs
    /// [`SameSite::None`].
    ///
    /// Without it, a front end on another site cannot stay logged in where browsers block third-party cookies.
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

    /// How long a session lives without a request, and so the `Max-Age` of its cookie. By default a day; at least a
    /// second, at most 400 days, which is the longest that browsers keep a cookie.
    pub fn max_age(self, max_age: Duration) -> Self {
        Self { max_age, ..self }
    }

    /// How long a session lives from its login on (from its creation, before one), whatever happens. By default 30 days; at
    /// least a second, at most ten years.
    pub fn absolute_timeout(self, timeout: Duration) -> Self {
        Self { absolute: Some(timeout), ..self }
    }

    /// Lets a session live as long as it is used.
    ///
    /// # Security
    ///
    /// A stolen session that is kept in use then never ends by itself.
    pub fn without_absolute_timeout(self) -> Self {
        Self { absolute: None, ..self }
    }

    /// How much of a session's lifetime passes before a request that only reads it renews it. By default a minute, or a tenth of
    /// [`max_age`](Self::max_age) where that is less; a tenth is the most that can be set. Zero renews it every time.
    pub fn touch_interval(self, interval: Duration) -> Self {
        Self { touch_interval: Some(interval), ..self }
    }

    /// Whether requests renew the lifetime of a session. They do by default; otherwise it ends `max_age` after its login.
    pub fn sliding(self, sliding: bool) -> Self {
        Self { sliding, ..self }
    }

    /// Whether a subscription that is open keeps its session alive. By default it does not: a tab that is left open does not keep its user
    /// logged in.
    ///
    /// If it does, the reply of a subscription ends without a word once half of the session's lifetime has passed, so that the client connects
    /// again, as `EventSource` and the client of tRPC do by themselves. That request renews the session and its cookie, as any other does. A
    /// client that has gone does not come back, and its session ends as before. An open stream by itself renews nothing.
    ///
    /// The [absolute timeout](Self::absolute_timeout) holds in any case. Where sessions are not [`sliding`](Self::sliding), this changes
    /// nothing.
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

    /// How many sessions a user may have at a time. By default 100. A login beyond the limit ends the oldest ones before it is answered.
    ///
    /// The store must be able to [limit](crate::SessionStore::create) sessions: one that is not fails every login once a limit is set, and
    /// has no limit by default.
    pub fn max_sessions_per_user(self, limit: usize) -> Self {
        Self { session_limit: SessionLimit::Set(limit), ..self }
    }

    /// Lets a user have any number of sessions at a time.
    ///
    /// # Security
    ///
    /// Whoever has a user's password can then fill the store.
    pub fn without_session_limit(self) -> Self {
        Self { session_limit: SessionLimit::None, ..self }
    }

    /// How long a request waits for its session to be loaded before it is answered 503. By default a second and a half, whatever the
    /// store; not zero. For its store it waits twice as long in all. Outside of procedures and layers the [`Manager`](crate::Manager) waits as long as the
    /// store lets it, but does not try again after that.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// How many bytes of JSON a session may hold. By default 64 KiB.
    pub fn size_limit(self, bytes: usize) -> Self {
        Self { size_limit: bytes, ..self }
    }

    /// The origins whose pages may send mutations, beside the application's own: `https://app.example.com`, or with a port
    /// `http://localhost:5173`. By default none. `https://*.preview.example.com` stands for all hosts with exactly one label in the place
    /// of the star. For others see [`trusted_origins_by`](Self::trusted_origins_by).
    ///
    /// A mutation that a browser sent from anywhere else is refused with 403, code `CROSS_SITE_REQUEST`, before its session
    /// is opened. Browsers say where a request came from; clients that are none say nothing, and pass.
    ///
    /// Some proxies change the `Host` header. Behind one of those, name it by velox-rpc's `App::trusted_proxies`, and the application's own
    /// origin is that of the host and the scheme that the proxy says.
    ///
    /// # Security
    ///
    /// Each of them acts as whoever is logged in: a page of it is as much trusted as one of the application's own. With a star, that is
    /// everyone who can get a host below it.
    ///
    /// # Warnings
    ///
    /// Browsers keep a cookie with [`SameSite`](Self::same_site) `Lax` or `Strict` from pages of another *site*, such as those of
    /// `https://app.example` for `https://api.example.com`, and say nothing. The log has a warning: at build if a
    /// [`domain`](Self::domain) is set and its last two labels are not those of the trusted host, and otherwise with the first mutation that
    /// the browser itself calls `cross-site`. Hosts below a suffix of more labels, such as `co.uk`, are found only by the latter.
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

    /// Asks a closure which origins are trusted, beside the [named](Self::trusted_origins): for origins that are known only when the
    /// application runs, such as those of its customers. It gets each as browsers send it, `https://app.example.com`.
    ///
    /// # Security
    ///
    /// Compare whole origins. Whoever asks whether one ends with `example.com` trusts `https://evil-example.com`.
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

    /// Lets pages of any site send mutations.
    ///
    /// # Security
    ///
    /// Any page that a visitor opens can then act as that visitor wherever the cookie is sent along, and can log the visitor
    /// in as somebody else. What is left are [`same_site`](Self::same_site), which lets the hosts of one's own domain through,
    /// and the content type, which a page of another site cannot send without leave. For an API that something else
    /// protects, such as a token of its own; where a few sites are meant, name them in [`trusted_origins`](Self::trusted_origins).
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

    /// Another clock, for tests.
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

/// How long a request waits for a store, unless it is set.
pub(crate) const PATIENCE: Duration = Duration::from_millis(1_500);

#[cfg(test)]
mod tests;
