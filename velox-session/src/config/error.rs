//! The errors that `build_manager()` returns for invalid settings.

use std::fmt;

use crate::origin::instead_of;
use crate::secret::SecretError;

/// An error that lists every invalid or contradictory session setting.
///
/// # Examples
///
/// ```
/// use velox_session::{MemoryStore, session_middleware};
///
/// let error = session_middleware("short").store(MemoryStore::new()).secure(false).build_manager().unwrap_err();
/// assert_eq!(error.problems().len(), 2);
/// ```
pub struct ConfigError(Vec<ConfigProblem>);

impl ConfigError {
    pub(crate) fn new(problems: Vec<ConfigProblem>) -> Self {
        Self(problems)
    }

    /// Returns the problems. The list is never empty.
    #[must_use]
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.0
    }

    #[cfg(test)]
    pub(super) fn into_problems(self) -> Vec<ConfigProblem> {
        self.0
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        write!(f, "the session settings are invalid: {}", problems.join("; "))
    }
}

impl fmt::Debug for ConfigError {
    /// Prints the same text as `Display`, because a `main` that returns this error prints its
    /// `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigError {}

/// One problem with the session settings.
///
/// # Examples
///
/// ```
/// use velox_session::config::ConfigProblem;
/// use velox_session::session_middleware;
///
/// let error = session_middleware("a development secret of 32 bytes or more").build_manager().unwrap_err();
/// assert!(matches!(error.problems(), [ConfigProblem::NoStore]));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigProblem {
    /// A secret cannot be used to sign.
    // Not a `source`: the text of the secret error is the whole message.
    #[error("{0}")]
    Secret(SecretError),
    /// The list of secrets is empty.
    #[error("no secret is set")]
    NoSecret,
    /// The builder has no store.
    #[error("no store is set")]
    NoStore,
    /// The cookie name contains characters that RFC 6265 does not allow.
    #[error("the cookie name must be a token of letters, digits and !#$%&'*+-.^_`|~")]
    CookieName,
    /// The cookie path does not start with `/`, or contains a `;`, a space or a character outside
    /// ASCII.
    #[error("the cookie path must start with / and have only visible ASCII characters other than ;")]
    CookiePath,
    /// The cookie domain is not a host name.
    #[error("the cookie domain must be a host name")]
    CookieDomain,
    /// A cookie whose name starts with `__Host-` or `__Secure-` must be `Secure`.
    #[error("a cookie whose name starts with {prefix} must be secure: choose another name, or set secure(true)")]
    #[non_exhaustive]
    PrefixNeedsSecure {
        /// The prefix: `__Host-` or `__Secure-`.
        prefix: &'static str,
    },
    /// A cookie whose name starts with `__Host-` must have the path `/`.
    #[error("a cookie whose name starts with __Host- must have the path /")]
    HostPrefixNeedsRoot,
    /// A cookie whose name starts with `__Host-` must have no domain.
    #[error("a cookie whose name starts with __Host- must have no domain")]
    HostPrefixForbidsDomain,
    /// A cookie with `SameSite=None` must be `Secure`.
    #[error("a cookie with SameSite=None must be secure")]
    SameSiteNoneNeedsSecure,
    /// A partitioned cookie must be `Secure`.
    #[error("a partitioned cookie must be secure")]
    PartitionedNeedsSecure,
    /// `max_age` is under one second or over 400 days.
    #[error("max_age must be between a second and 400 days")]
    MaxAge,
    /// `absolute_timeout` is under one second or over ten years.
    #[error("absolute_timeout must be between a second and ten years")]
    AbsoluteTimeout,
    /// `max_age` is longer than the default absolute timeout, which would end each session earlier.
    #[error(
        "max_age is longer than the absolute timeout, which is 30 days unless you set it: set absolute_timeout, too, or \
         call without_absolute_timeout()"
    )]
    MaxAgeBeyondAbsolute,
    /// `touch_interval` is more than a tenth of `max_age`. A visitor who comes every day could then
    /// be logged out.
    #[error("touch_interval must be at most a tenth of max_age")]
    TouchInterval,
    /// `patience` is zero, so a request could never load its session.
    #[error("patience must not be zero")]
    Patience,
    /// The lifetime of a CSRF token is under one second or over 400 days.
    #[error("the lifetime of a CSRF token must be between a second and 400 days")]
    CsrfLifetime,
    /// A trusted origin is not written as an origin.
    #[error("trusted_origins: {origin:?} is not an origin: {}", instead_of(origin))]
    #[non_exhaustive]
    TrustedOrigin {
        /// The origin as it was passed.
        origin: String,
    },
    /// `size_limit` is zero, so a session could hold nothing.
    #[error("size_limit must not be zero")]
    SizeLimit,
    /// `max_sessions_per_user` is zero, so a user could have no session.
    #[error("max_sessions_per_user must not be zero")]
    SessionLimit,
}
