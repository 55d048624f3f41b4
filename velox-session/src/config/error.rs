//! What is wrong with settings.

use std::fmt;

use crate::secret::SecretError;

/// The settings of a session are wrong: everything that is, at once.
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

    /// What is wrong. There is at least one problem.
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
        write!(f, "the session settings are wrong: {}", problems.join("; "))
    }
}

impl fmt::Debug for ConfigError {
    /// As `Display`: a `main` that returns it prints it by `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigError {}

/// One thing that is wrong with the settings.
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
    /// A secret is not good enough to sign with.
    // One level, though it has the text of the level below: the problems are all there is to read.
    #[error("{0}")]
    Secret(SecretError),
    /// There is no secret at all.
    #[error("there is no secret")]
    NoSecret,
    /// No store was named.
    #[error("no store is set")]
    NoStore,
    /// The name is not one that a cookie can have.
    #[error("the cookie name must be a token of letters, digits and !#$%&'*+-.^_`|~")]
    CookieName,
    /// The path is not one that a cookie can have.
    #[error("the cookie path must start with / and have only visible ASCII characters other than ;")]
    CookiePath,
    /// The domain is not one that a cookie can have.
    #[error("the cookie domain must be a host name")]
    CookieDomain,
    /// A cookie of this name must be `Secure`.
    #[error("a cookie whose name starts with {prefix} must be secure: name it otherwise to go without")]
    #[non_exhaustive]
    PrefixNeedsSecure {
        /// `__Host-` or `__Secure-`.
        prefix: &'static str,
    },
    /// A cookie of this name must have the path `/`.
    #[error("a cookie whose name starts with __Host- must have the path /")]
    HostPrefixNeedsRoot,
    /// A cookie of this name must have no domain.
    #[error("a cookie whose name starts with __Host- must have no domain")]
    HostPrefixForbidsDomain,
    /// A cookie that is sent from other sites must be `Secure`.
    #[error("a cookie with SameSite=None must be secure")]
    SameSiteNoneNeedsSecure,
    /// A cookie that is partitioned must be `Secure`.
    #[error("a partitioned cookie must be secure")]
    PartitionedNeedsSecure,
    /// The lifetime is under a second or over 400 days.
    #[error("max_age must be between a second and 400 days")]
    MaxAge,
    /// The absolute time-out is under a second or over ten years.
    #[error("absolute_timeout must be between a second and ten years")]
    AbsoluteTimeout,
    /// The touch interval is more than a tenth of the lifetime: a visitor who is there every day could be logged out.
    #[error("touch_interval must be at most a tenth of max_age")]
    TouchInterval,
    /// A request may not wait for its session at all.
    #[error("patience must not be zero")]
    Patience,
    /// A CSRF token lives under a second or over 400 days.
    #[error("the lifetime of a CSRF token must be between a second and 400 days")]
    CsrfLifetime,
    /// What is to be trusted is no origin.
    #[error(
        "the trusted origin {origin:?} must be scheme://host or scheme://host:port, and no more; the host may begin with `*.`, followed \
         by two labels or more"
    )]
    #[non_exhaustive]
    TrustedOrigin {
        /// What was given.
        origin: String,
    },
    /// A session may hold nothing.
    #[error("size_limit must not be zero")]
    SizeLimit,
    /// A user may have no session at all.
    #[error("max_sessions_per_user must not be zero")]
    SessionLimit,
}
