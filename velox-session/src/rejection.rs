//! What a caller is told where its session lets a request fail: one table, whatever answers the request.

use std::error::Error;
use std::fmt;

use http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::event::Chain;
use crate::manager::{CloseError, CrossSiteError, OpenError, keep_out_of_caches};
use crate::session::SessionError;
use crate::store::StoreError;

/// Why a request fails, as its caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    CrossSite,
    Unauthorized,
    UserNotFound,
    /// Whether the visitor is logged in is not known: no cookie is touched.
    NotLoaded,
    /// What was written is not stored, and is not said to be.
    NotSaved,
    NotAsked,
    Changed,
    /// As velox-rpc says it of any cookie.
    CookieAfterHead,
    TooLarge,
    TooDeep,
    ReservedKey,
    Internal,
}

impl Reason {
    /// The status, the `error`, the `code` and the `message` of the reply.
    pub(crate) fn parts(self) -> (StatusCode, &'static str, &'static str, &'static str) {
        const UNAVAILABLE: &str = "SESSION_UNAVAILABLE";
        let (status, code, message) = match self {
            Self::CrossSite => (StatusCode::FORBIDDEN, "CROSS_SITE_REQUEST", "The request came from another site"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "SESSION_UNAUTHORIZED", "Authentication required"),
            Self::UserNotFound => (StatusCode::UNAUTHORIZED, "USER_NOT_FOUND", "User not found"),
            Self::NotLoaded => (StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE, "The session could not be loaded"),
            Self::NotSaved => (StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE, "The session could not be saved"),
            Self::NotAsked => (StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE, "The session store could not be asked"),
            Self::Changed => (StatusCode::CONFLICT, "SESSION_CONFLICT", "The session was changed by another request"),
            Self::CookieAfterHead => (
                StatusCode::CONFLICT,
                "COOKIE_AFTER_HEAD",
                "A streamed query cannot begin a session or give it a new id: send it in a request of its own",
            ),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "SESSION_TOO_LARGE", "The session would hold too much"),
            Self::TooDeep => (StatusCode::BAD_REQUEST, "SESSION_VALUE_TOO_DEEP", "The value is nested too deeply"),
            Self::ReservedKey => (StatusCode::BAD_REQUEST, "SESSION_KEY_RESERVED", "The key is reserved"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR", "Internal server error"),
        };
        let name = match self {
            Self::CrossSite => "CsrfError",
            Self::Unauthorized | Self::UserNotFound => "AuthError",
            Self::Internal => "InternalServerError",
            _ => "VeloxError",
        };
        (status, name, code, message)
    }
}

impl From<&SessionError> for Reason {
    /// What came of the caller's own input, or of another request, is said to be that.
    fn from(error: &SessionError) -> Self {
        match error {
            SessionError::TooLarge { .. } => Self::TooLarge,
            SessionError::TooDeep { .. } => Self::TooDeep,
            SessionError::ReservedKey { .. } => Self::ReservedKey,
            SessionError::Superseded | SessionError::Conflict => Self::Changed,
            SessionError::CookieAfterHead => Self::CookieAfterHead,
            SessionError::Unavailable(store) => store.into(),
            _ => Self::Internal,
        }
    }
}

impl From<&StoreError> for Reason {
    fn from(error: &StoreError) -> Self {
        if error.is_unsupported() { Self::Internal } else { Self::NotAsked }
    }
}

impl From<&CloseError> for Reason {
    fn from(error: &CloseError) -> Self {
        match error {
            CloseError::Conflict => Self::Changed,
            CloseError::CookieAfterHead => Self::CookieAfterHead,
            CloseError::TooLarge { .. } => Self::TooLarge,
            CloseError::Unavailable(_) => Self::NotSaved,
            CloseError::Id(_) | CloseError::Unlisted(_) => Self::Internal,
        }
    }
}

/// A request that fails because of its session: what its caller is told, and why, for the log.
///
/// The body is the envelope in which procedures tell of errors: `error`, `message`, `statusCode` and `code`.
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
pub struct Rejection {
    reason: Reason,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Rejection {
    /// Returns the rejection of a request that nobody is logged in for: 401 `Authentication required`, code `SESSION_UNAUTHORIZED`.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self { reason: Reason::Unauthorized, source: None }
    }

    /// Returns the rejection of a request whose user is gone: 401 `User not found`, code `USER_NOT_FOUND`.
    #[must_use]
    pub fn user_not_found() -> Self {
        Self { reason: Reason::UserNotFound, source: None }
    }

    pub(crate) fn of(reason: Reason, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { reason, source: Some(source.into()) }
    }

    /// The status of the reply.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.reason.parts().0
    }

    /// The `code` of the reply, such as `SESSION_UNAUTHORIZED`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.reason.parts().2
    }

    /// The `message` of the reply.
    #[must_use]
    pub fn message(&self) -> &'static str {
        self.reason.parts().3
    }

    /// Returns the response, which no cache keeps. Why the server failed goes to the log.
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
        let (status, name, code, message) = self.reason.parts();
        if status.is_server_error() {
            let error = self.source.as_deref().map(|source| tracing::field::display(Chain(source)));
            tracing::error!(error, code, "{message}");
        }
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    error: &'static str,
    message: &'static str,
    status_code: u16,
    code: &'static str,
}

impl From<CrossSiteError> for Rejection {
    fn from(error: CrossSiteError) -> Self {
        Self::of(Reason::CrossSite, error)
    }
}

impl From<OpenError> for Rejection {
    fn from(error: OpenError) -> Self {
        Self::of(Reason::NotLoaded, error)
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

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection").field("reason", &self.reason).field("source", &self.source).finish()
    }
}

impl Error for Rejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
