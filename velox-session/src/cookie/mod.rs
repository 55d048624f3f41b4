//! The session cookie: its name and scope, its signature, and how requests and responses carry it.

pub(crate) mod header;
pub(crate) mod sign;

use std::ops::RangeInclusive;
use std::time::Duration;

/// The cross-site requests that carry the cookie.
///
/// # Examples
///
/// ```
/// use velox_session::{SameSite, session_middleware};
///
/// let builder = session_middleware("a development secret of 32 bytes or more").same_site(SameSite::Strict);
/// # let _ = builder;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// No cross-site request.
    Strict,
    /// Only top-level navigation with a safe method. This is the default.
    Lax,
    /// All cross-site requests. Browsers accept such a cookie only if it is `Secure`.
    None,
}

/// The lifetimes that a cookie may have. Browsers keep a cookie for at most 400 days.
pub(crate) const COOKIE_LIFE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(400 * 86_400);

/// The attributes of the session cookie. `config/check.rs` has checked that they are valid
/// together.
#[derive(Clone, Debug)]
pub(crate) struct Attributes {
    pub(crate) name: String,
    pub(crate) domain: Option<String>,
    pub(crate) path: String,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) partitioned: bool,
    pub(crate) expires_on_close: bool,
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            name: "__Host-session".to_owned(),
            domain: None,
            path: "/".to_owned(),
            secure: true,
            http_only: true,
            same_site: SameSite::Lax,
            partitioned: false,
            expires_on_close: false,
        }
    }
}
