//! The table of replies to requests that fail because of their session. All transports use it.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::event::Chain;
use crate::manager::{CloseError, CrossSiteError, OpenError, keep_out_of_caches};
use crate::session::SessionError;
use crate::store::StoreError;

/// The outward reason why a request fails, in the error envelope that procedures use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) error: &'static str,
    pub(crate) message: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
}

impl Reason {
    pub(crate) const CROSS_SITE: Self =
        Self::new(StatusCode::FORBIDDEN, "CsrfError", "CROSS_SITE_REQUEST", "The request came from another site");
    pub(crate) const UNAUTHORIZED: Self =
        Self::new(StatusCode::UNAUTHORIZED, "AuthError", "SESSION_UNAUTHORIZED", "Authentication required");
    pub(crate) const USER_NOT_FOUND: Self =
        Self::new(StatusCode::UNAUTHORIZED, "AuthError", "USER_NOT_FOUND", "User not found");
    /// It is unknown whether the visitor is logged in, so the cookie stays untouched.
    pub(crate) const NOT_LOADED: Self = Self::unavailable("The session could not be loaded");
    /// The session data that the request wrote is not stored, so the reply must not claim success.
    pub(crate) const NOT_SAVED: Self = Self::unavailable("The session could not be saved");
    const NOT_ASKED: Self = Self::unavailable("The session store is unavailable");
    pub(crate) const CHANGED: Self =
        Self::new(StatusCode::CONFLICT, VELOX, "SESSION_CONFLICT", "The session was changed by another request");
    /// velox-rpc answers any other cookie with the same code.
    const COOKIE_AFTER_HEAD: Self = Self::new(
        StatusCode::CONFLICT,
        VELOX,
        "COOKIE_AFTER_HEAD",
        "A streamed query cannot begin a session or give it a new id: send it as a separate request",
    );
    const TOO_LARGE: Self =
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, VELOX, "SESSION_TOO_LARGE", "The session data would be too large");
    const TOO_DEEP: Self =
        Self::new(StatusCode::BAD_REQUEST, VELOX, "SESSION_VALUE_TOO_DEEP", "The value is nested too deeply");
    const RESERVED_KEY: Self = Self::new(StatusCode::BAD_REQUEST, VELOX, "SESSION_KEY_RESERVED", "The key is reserved");
    pub(crate) const INTERNAL: Self = Self::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "InternalServerError",
        "INTERNAL_SERVER_ERROR",
        "Internal server error",
    );

    const fn new(status: StatusCode, error: &'static str, code: &'static str, message: &'static str) -> Self {
        Self { error, message, status, code }
    }

    const fn unavailable(message: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, VELOX, "SESSION_UNAVAILABLE", message)
    }
}

impl From<&SessionError> for Reason {
    /// Blames the caller for errors that the caller's input caused, and names conflicts with other
    /// requests.
    fn from(error: &SessionError) -> Self {
        match error {
            SessionError::TooLarge { .. } => Self::TOO_LARGE,
            SessionError::TooDeep { .. } => Self::TOO_DEEP,
            SessionError::ReservedKey { .. } => Self::RESERVED_KEY,
            SessionError::Superseded | SessionError::Conflict => Self::CHANGED,
            SessionError::CookieAfterHead => Self::COOKIE_AFTER_HEAD,
            SessionError::Unavailable(store) => store.into(),
            _ => Self::INTERNAL,
        }
    }
}

impl From<&StoreError> for Reason {
    fn from(error: &StoreError) -> Self {
        if error.is_unsupported() { Self::INTERNAL } else { Self::NOT_ASKED }
    }
}

impl From<&CloseError> for Reason {
    fn from(error: &CloseError) -> Self {
        match error {
            CloseError::Conflict => Self::CHANGED,
            CloseError::CookieAfterHead => Self::COOKIE_AFTER_HEAD,
            CloseError::TooLarge { .. } => Self::TOO_LARGE,
            CloseError::Unavailable(_) => Self::NOT_SAVED,
            CloseError::Id(_) | CloseError::Unlisted(_) => Self::INTERNAL,
        }
    }
}

/// The reply to a request that fails because of its session, with the cause for the log.
///
/// The body is the error envelope that procedures use: `error`, `message`, `statusCode` and `code`.
///
/// # Examples
///
/// ```
/// use velox_session::SessionError;
/// use velox_session::layer::Rejection;
///
/// let rejection = Rejection::from(SessionError::Conflict);
/// assert_eq!((rejection.status().as_u16(), rejection.code()), (409, "SESSION_CONFLICT"));
/// ```
#[derive(Debug)]
pub struct Rejection {
    reason: Reason,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Rejection {
    /// Returns the rejection for a request without a logged-in user: 401 `Authentication required`,
    /// code `SESSION_UNAUTHORIZED`.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self { reason: Reason::UNAUTHORIZED, source: None }
    }

    /// Returns the rejection for a request whose user no longer exists: 401 `User not found`, code
    /// `USER_NOT_FOUND`.
    #[must_use]
    pub fn user_not_found() -> Self {
        Self { reason: Reason::USER_NOT_FOUND, source: None }
    }

    pub(crate) fn of(reason: Reason, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { reason, source: Some(source.into()) }
    }

    /// Returns the status of the reply.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.reason.status
    }

    /// Returns the `code` of the reply, such as `SESSION_UNAUTHORIZED`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.reason.code
    }

    /// Returns the `message` of the reply, without what a debug build adds to it.
    #[must_use]
    pub fn message(&self) -> &'static str {
        self.reason.message
    }

    /// Turns the rejection into a response that no cache stores. If the status is 5xx, the cause is
    /// logged. In a debug build, the message about a request from another site names the origin and
    /// the setting that would let it pass.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_session::layer::Rejection;
    ///
    /// let response = Rejection::unauthorized().reply::<String>();
    /// assert_eq!(response.status(), 401);
    /// assert_eq!(
    ///     response.body(),
    ///     r#"{"error":"AuthError","message":"Authentication required","statusCode":401,"code":"SESSION_UNAUTHORIZED"}"#
    /// );
    /// ```
    pub fn reply<B: From<String>>(self) -> Response<B> {
        let Reason { error: name, status, code, message } = self.reason;
        if status.is_server_error() {
            let error = self.source.as_deref().map(|source| tracing::field::display(Chain(source)));
            tracing::error!(error, code, "{message}");
        }
        let message = match self.source.as_deref().and_then(|source| source.downcast_ref::<CrossSiteError>()) {
            Some(error) => error.message(message, cfg!(debug_assertions)),
            None => message.into(),
        };
        let envelope = Envelope { error: name, message, status_code: status.as_u16(), code };
        let body = serde_json::to_string(&envelope).unwrap_or_default();
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        keep_out_of_caches(headers);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

impl From<CrossSiteError> for Rejection {
    fn from(error: CrossSiteError) -> Self {
        Self::of(Reason::CROSS_SITE, error)
    }
}

impl From<OpenError> for Rejection {
    fn from(error: OpenError) -> Self {
        Self::of(Reason::NOT_LOADED, error)
    }
}

impl From<CloseError> for Rejection {
    fn from(error: CloseError) -> Self {
        Self::of(Reason::from(&error), error)
    }
}

impl From<SessionError> for Rejection {
    fn from(error: SessionError) -> Self {
        Self::of(Reason::from(&error), error)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl Error for Rejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// The body of a reply.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    error: &'static str,
    message: Cow<'static, str>,
    status_code: u16,
    code: &'static str,
}

/// The `error` of replies that have no other name there.
const VELOX: &str = "VeloxError";
