//! What a caller is told where its session lets a request fail: one table, whatever answers the request.

use http::StatusCode;

use crate::manager::CloseError;
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
