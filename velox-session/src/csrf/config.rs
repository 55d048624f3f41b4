//! The settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::token::Tokens;
use super::{Csrf, Inner};
use crate::Manager;
use crate::clock::{Clock, SystemClock};
use crate::config::check::{check_cookie, check_origins, check_secrets};
use crate::config::{ConfigError, ConfigProblem};
use crate::cookie::header::Writer;
use crate::cookie::sign::{Key, keyed};
use crate::cookie::{Attributes, COOKIE_LIFE};
use crate::event::Limit;
use crate::origin::TrustedOrigins;
use crate::rpc::SessionMiddleware;
use crate::secret::Secrets;

/// Begins the settings of CSRF tokens that a secret of their own signs. [`SessionMiddleware::csrf`] begins those that a session's secret does.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use velox_session::csrf;
///
/// # fn main() -> Result<(), velox_session::ConfigError> {
/// let csrf = csrf("a development secret of 32 bytes or more")
///     .cookie_name("csrf")
///     .secure(false)
///     .lifetime(Duration::from_secs(3600))
///     .build()?;
/// # let _ = csrf;
/// # Ok(())
/// # }
/// ```
pub fn csrf(secret: impl Into<Secrets>) -> CsrfBuilder {
    let mut problems = Vec::new();
    CsrfBuilder {
        keys: check_secrets(secret.into(), &mut problems).iter().map(keyed).collect(),
        problems,
        cookie_name: None,
        secure: true,
        lifetime: Duration::from_secs(3600),
        trusted: TrustedOrigins::default(),
        clock: Arc::new(SystemClock),
        session: None,
    }
}

impl<U> SessionMiddleware<U> {
    /// Begins the settings of CSRF tokens that go with these sessions: signed by the same secrets, `Secure` where the session's cookie
    /// is, with the same trusted origins and the same clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_session::{MemoryStore, session_middleware};
    ///
    /// # fn main() -> Result<(), velox_session::ConfigError> {
    /// let session = session_middleware("a development secret of 32 bytes or more").store(MemoryStore::new()).build()?;
    /// let csrf = session.csrf().build()?;
    /// # let _ = csrf;
    /// # Ok(())
    /// # }
    /// ```
    pub fn csrf(&self) -> CsrfBuilder {
        let session = self.manager().engine();
        CsrfBuilder {
            keys: session.signer.keys().cloned().collect(),
            problems: Vec::new(),
            cookie_name: None,
            secure: session.writer.is_secure,
            lifetime: Duration::from_secs(3600),
            trusted: session.origins.clone().unwrap_or_default(),
            clock: Arc::clone(&session.clock),
            session: None,
        }
    }
}

/// The settings of CSRF tokens, as they are given.
///
/// # Examples
///
/// See [`csrf`].
#[must_use = "settings do nothing until they are built"]
pub struct CsrfBuilder {
    keys: Vec<Key>,
    problems: Vec<ConfigProblem>,
    cookie_name: Option<String>,
    secure: bool,
    lifetime: Duration,
    trusted: TrustedOrigins,
    clock: Arc<dyn Clock>,
    session: Option<Manager>,
}

impl CsrfBuilder {
    /// Binds each token to the session of the request that asked for it, or to its having none. Where that is another one, also after a
    /// login, a logout or a regeneration, the token is refused (`CSRF_INVALID_SIGNATURE`), and the front end asks for a new one. By default a
    /// token is good in any session, as VeloxTS's is.
    ///
    /// Whoever can plant cookies, such as a page of a sibling domain, can then not plant a token of their own either. Procedures that
    /// [issue](Csrf::issue) tokens need a middleware of these sessions before.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::{Call, procedure};
    /// use velox_session::{MemoryStore, session_middleware};
    ///
    /// # fn main() -> Result<(), velox_session::ConfigError> {
    /// let session = session_middleware("a development secret of 32 bytes or more").store(MemoryStore::new()).build()?;
    /// let csrf = session.csrf().bind_to_session(&session).build()?;
    ///
    /// let issuer = csrf.clone();
    /// let get_token = procedure::<()>().use_(session.optional()).query(move |Call { ctx, .. }| issuer.issue(&ctx));
    /// let submit = procedure::<()>().use_(session.required()).guard(csrf.guard()).mutation(|_| Ok(()));
    /// # let _ = (get_token, submit);
    /// # Ok(())
    /// # }
    /// ```
    pub fn bind_to_session<U>(self, session: &SessionMiddleware<U>) -> Self {
        Self { session: Some(session.manager().clone()), ..self }
    }

    /// The cookie's name. By default `__Host-csrf`, which browsers take only from a secure page of this very host; `csrf` where the
    /// cookie is not secure.
    pub fn cookie_name(self, name: impl Into<String>) -> Self {
        Self { cookie_name: Some(name.into()), ..self }
    }

    /// Whether the browser sends the cookie over HTTPS only. It does by default, or where the session's cookie does.
    ///
    /// # Security
    ///
    /// Without it, who can change what is on the network can plant a token of their own.
    pub fn secure(self, secure: bool) -> Self {
        Self { secure, ..self }
    }

    /// How long a token lives: an hour by default; at least a second, at most 400 days.
    pub fn lifetime(self, lifetime: Duration) -> Self {
        Self { lifetime, ..self }
    }

    /// The origins whose pages may send mutations, beside the application's own: in place of those of the session.
    pub fn trusted_origins<O: Into<String>>(mut self, origins: impl IntoIterator<Item = O>) -> Self {
        self.trusted.set(origins);
        self
    }

    /// Asks a closure which origins are trusted, beside the named: see
    /// [`SessionBuilder::trusted_origins_by`](crate::SessionBuilder::trusted_origins_by).
    pub fn trusted_origins_by(mut self, trusts: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.trusted.set_by(trusts);
        self
    }

    /// Another clock, for tests.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them, at once.
    pub fn build(self) -> Result<Csrf, ConfigError> {
        let Self { keys, mut problems, cookie_name, secure, lifetime, trusted, clock, session } = self;
        check_origins(&trusted, &mut problems);
        let default = if secure { "__Host-csrf" } else { "csrf" };
        let cookie = Attributes {
            name: cookie_name.unwrap_or_else(|| default.to_owned()),
            secure,
            http_only: false,
            ..Attributes::default()
        };
        check_cookie(&cookie, &mut problems);
        if !COOKIE_LIFE.contains(&lifetime) {
            problems.push(ConfigProblem::CsrfLifetime);
        }
        let (Some(writer), true) = (Writer::new(&cookie), problems.is_empty()) else {
            return Err(ConfigError::new(problems));
        };
        let (tokens, cross_site) = (Tokens { keys, lifetime }, Limit::default());
        Ok(Csrf(Arc::new(Inner { cookie: cookie.name, writer, tokens, trusted, clock, session, cross_site })))
    }
}

impl fmt::Debug for CsrfBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrfBuilder")
            .field("cookie_name", &self.cookie_name)
            .field("secure", &self.secure)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}
