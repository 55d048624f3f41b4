//! The settings of CSRF tokens.

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
use crate::event::Event;
use crate::origin::TrustedOrigins;
use crate::rpc::SessionMiddleware;
use crate::secret::Secrets;

/// Returns the default settings for CSRF tokens that are signed with a separate secret. To sign
/// them with the secret of your sessions, use [`SessionMiddleware::csrf`].
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
    let keys = check_secrets(secret.into(), &mut problems).iter().map(keyed).collect();
    CsrfBuilder { problems, ..CsrfBuilder::signing_with(keys) }
}

impl<U> SessionMiddleware<U> {
    /// Returns settings for CSRF tokens that match these sessions: the tokens use the same secrets,
    /// trusted origins and clock, and their cookie is `Secure` if the session cookie is.
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
            secure: session.writer.is_secure,
            trusted: session.origins.clone().unwrap_or_default(),
            clock: Arc::clone(&session.clock),
            ..CsrfBuilder::signing_with(session.signer.keys().cloned().collect())
        }
    }
}

/// Builds [`Csrf`] from the CSRF settings.
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
    fn signing_with(keys: Vec<Key>) -> Self {
        Self {
            keys,
            problems: Vec::new(),
            cookie_name: None,
            secure: true,
            lifetime: Duration::from_secs(3600),
            trusted: TrustedOrigins::default(),
            clock: Arc::new(SystemClock),
            session: None,
        }
    }

    /// Binds each token to the session of the request that asked for it, or to the absence of a
    /// session.
    ///
    /// If a token is used in another session, it is refused with `CSRF_INVALID_SIGNATURE`, and the
    /// front end must ask for a new one. This also happens after a login, a logout or a
    /// regeneration. By default a token is valid in any session, as in VeloxTS.
    ///
    /// With this setting, an attacker who can set cookies, for example from a page of a sibling
    /// domain, cannot set a token either. Procedures that [issue](Csrf::issue) tokens need a
    /// middleware of these sessions before the handler.
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

    /// Sets the name of the cookie. The default is `__Host-csrf`, which browsers accept only over
    /// HTTPS and send only to the host that set it. If the cookie is not secure, the default is
    /// `csrf`.
    pub fn cookie_name(self, name: impl Into<String>) -> Self {
        Self { cookie_name: Some(name.into()), ..self }
    }

    /// Sets whether the browser sends the cookie over HTTPS only. The default is `true`, or the
    /// setting of the session cookie.
    ///
    /// # Security
    ///
    /// With `false`, an attacker who can change network traffic can set a token in the visitor's
    /// browser.
    pub fn secure(self, secure: bool) -> Self {
        Self { secure, ..self }
    }

    /// Sets how long a token lives. The default is one hour; `build()` accepts one second to 400
    /// days.
    pub fn lifetime(self, lifetime: Duration) -> Self {
        Self { lifetime, ..self }
    }

    /// Sets the origins whose pages may send mutations, in addition to the application's own
    /// origin. They replace the trusted origins of the session.
    pub fn trusted_origins<O: Into<String>>(mut self, origins: impl IntoIterator<Item = O>) -> Self {
        self.trusted.set(origins);
        self
    }

    /// Sets a closure that decides which origins are trusted, in addition to the named ones. See
    /// [`SessionBuilder::trusted_origins_by`](crate::SessionBuilder::trusted_origins_by).
    pub fn trusted_origins_by(mut self, trusts: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.trusted.set_by(trusts);
        self
    }

    /// Sets the clock. Use it in tests.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Checks the settings and builds [`Csrf`].
    ///
    /// # Errors
    ///
    /// Returns one error that lists every invalid setting.
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
        let (tokens, cross_site) = (Tokens { keys, lifetime }, Event::default());
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
