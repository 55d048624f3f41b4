//! The one error that crosses the wire.
//!
//! Outward and inward are apart: the name, the code and the message are meant for the caller, the source is meant for
//! the log and never leaves the process. Part of the vocabulary.

pub(crate) mod body;
mod convert;
mod error_map;
mod issue;
mod kind;
mod problem;

use std::borrow::Cow;
use std::fmt;

use http::StatusCode;
use serde_json::{Map, Value, json};

pub use self::error_map::ErrorMap;
pub use self::issue::Issue;
pub use self::kind::ErrorKind;
pub use self::problem::{Problem, Type};

/// A result whose error is [`Error`] unless another is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any error as a source: what the caller is never told.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A failure of a call: a code and a message meant for the caller, and an inward source.
///
/// Any [`std::error::Error`] becomes an internal error by `?`: the caller reads a fixed sentence, the log gets the
/// chain of sources. For that reason `Error` is not itself a `std::error::Error`.
///
/// # Examples
///
/// ```
/// use velox_rpc::{Error, Result};
///
/// fn parse(text: &str) -> Result<u32> {
///     Ok(text.parse::<u32>()?)
/// }
///
/// let error = parse("x").unwrap_err();
/// assert_eq!(error.status().as_u16(), 500);
/// assert_eq!(error.message(), "Internal server error");
/// assert_eq!(error.source().unwrap().to_string(), "invalid digit found in string");
///
/// let error = Error::unauthorized("Invalid credentials").with_code("INVALID_CREDENTIALS");
/// assert_eq!(error.status().as_u16(), 401);
/// ```
#[must_use = "an error that is not returned is never sent"]
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    status: StatusCode,
    name: Cow<'static, str>,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    members: Map<String, Value>,
    source: Option<BoxError>,
}

impl Error {
    /// Makes an error of this kind, with a message for the caller.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            status: kind.status(),
            name: Cow::Borrowed(default_name(kind)),
            code: Cow::Borrowed(kind.key()),
            message: message.into(),
            members: Map::new(),
            source: None,
        }))
    }

    /// Makes an error with your own status and code: VeloxTS's `new VeloxError(message, status, code)`.
    ///
    /// A status that is neither 4xx nor 5xx is sent as 500, so that no failure is sent as a success.
    ///
    /// # Examples
    ///
    /// ```
    /// use http::StatusCode;
    /// use velox_rpc::Error;
    ///
    /// let error = Error::custom(StatusCode::UNPROCESSABLE_ENTITY, "DELIBERATE", "Deliberate failure");
    /// assert_eq!(error.status().as_u16(), 422);
    /// assert_eq!(error.name(), "VeloxError");
    /// ```
    pub fn custom(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut error = Self::new(ErrorKind::from_status(status), message).with_name("VeloxError").with_code(code);
        if status.is_client_error() || status.is_server_error() {
            error.0.status = status;
        }
        error
    }

    /// 400: the request is not what it should be.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::BadRequest, message)
    }

    /// 401: the caller is not known.
    pub fn unauthorized(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unauthorized, message)
    }

    /// 403: the caller is known, and may not.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Forbidden, message)
    }

    /// 404, with a message of yours.
    ///
    /// # Examples
    ///
    /// ```
    /// let error = velox_rpc::Error::not_found("No such page");
    /// assert_eq!((error.status().as_u16(), error.message()), (404, "No such page"));
    /// ```
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// 404, with the resource and the id in the message and in the body: VeloxTS's `new NotFoundError(resource, id)`.
    ///
    /// # Examples
    ///
    /// ```
    /// let error = velox_rpc::Error::resource_not_found("User", 42);
    /// assert_eq!(error.message(), "User with id 42 not found");
    /// ```
    pub fn resource_not_found(resource: impl Into<String>, id: impl fmt::Display) -> Self {
        let (resource, id) = (resource.into(), id.to_string());
        Self::not_found(format!("{resource} with id {id} not found"))
            .with_name("NotFoundError")
            .with_member("resource", resource)
            .with_member("resourceId", id)
    }

    /// 409: the thing is not in the state that the request expects.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// 503: something that is needed is not there at the moment.
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::ServiceUnavailable, message)
    }

    /// 500: something failed that the caller cannot help. The source goes to the log, never to the caller.
    pub fn internal(source: impl Into<BoxError>) -> Self {
        Self::new(ErrorKind::InternalServerError, "Internal server error").with_source(source)
    }

    /// 400: every issue of an input that failed its schema.
    pub fn invalid(issues: Vec<Issue>) -> Self {
        Self::validation(INVALID, issues.into_iter().map(|issue| (issue.field, issue.message)))
    }

    /// 400: a text that is not one JSON document. Says nothing of the text but the place: what stands there is not repeated.
    #[cold]
    pub(crate) fn malformed(error: &serde_json::Error) -> Self {
        let message = match error.classify() {
            serde_json::error::Category::Data => "The request body names a key twice".to_owned(),
            _ => format!("The request body is not valid JSON (line {}, column {})", error.line(), error.column()),
        };
        Self::new(ErrorKind::ParseError, message).with_name("Bad Request").with_code("INVALID_JSON")
    }

    /// 400: VeloxTS's `new ValidationError(message, fields)`, for a rule that a schema cannot state. The body is that of an input that failed
    /// its schema: all fields are told in `details`, and of several issues of one field the first is in `fields`.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::Error;
    ///
    /// let error = Error::validation("Bad thing", [("field", "reason")]);
    /// assert_eq!(error.code(), "VALIDATION_ERROR");
    /// assert_eq!(error.members()["details"][0]["message"], "reason");
    /// ```
    pub fn validation<K, V>(message: impl Into<Cow<'static, str>>, fields: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        let issues = fields.into_iter().map(|(field, reason)| (field.into(), reason.into())).collect();
        Self::of_fields(message.into(), issues)
    }

    #[cold]
    fn of_fields(message: Cow<'static, str>, issues: Vec<(String, String)>) -> Self {
        let (mut fields, mut details) = (Map::new(), Vec::new());
        for (field, reason) in issues {
            details.push(json!({"field": field, "message": reason}));
            fields.entry(field).or_insert_with(|| reason.into());
        }
        Self::new(ErrorKind::BadRequest, message)
            .with_name("ValidationError")
            .with_code("VALIDATION_ERROR")
            .with_member("fields", fields)
            .with_member("details", details)
    }

    /// Replaces the body's `code`, such as `NOT_FOUND`.
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = code.into();
        self
    }

    /// Replaces the body's `error`: the name of the error's class in TypeScript.
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.0.name = name.into();
        self
    }

    /// Adds a member to the body. It cannot replace a member that every body has.
    pub fn with_member(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.members.insert(key.into(), value.into());
        self
    }

    /// Sets the cause. It goes to the log, never to the caller.
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind of failure, one of tRPC's codes.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status, always a 4xx or a 5xx.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The body's `error`: the name of the error's class in TypeScript.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The body's `code`, such as `NOT_FOUND`.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The message meant for the caller.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The members of the body beside those that every body has.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0.members
    }

    /// The cause, for the log.
    pub fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }

    /// Takes the cause out, to put it behind another error.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::Error;
    ///
    /// /// What the caller is told of a service that cannot be reached.
    /// fn unavailable(error: Error) -> Error {
    ///     let unavailable = Error::unavailable("The shop is closed");
    ///     match error.into_source() {
    ///         Some(source) => unavailable.with_source(source),
    ///         None => unavailable,
    ///     }
    /// }
    /// assert!(unavailable(Error::internal("connection refused")).source().is_some());
    /// ```
    #[must_use]
    pub fn into_source(self) -> Option<BoxError> {
        self.0.source
    }
}

impl Error {
    /// The same error for another who asks, with the source as text.
    #[cold]
    pub(crate) fn again(&self) -> Self {
        let Inner { kind, status, name, code, message, members, source } = &*self.0;
        let (name, code, message) = (name.clone(), code.clone(), message.clone());
        let source = source.as_ref().map(|source| Chain(&**source).to_string().into());
        Self(Box::new(Inner { kind: *kind, status: *status, name, code, message, members: members.clone(), source }))
    }
}

impl fmt::Display for Error {
    /// The message alone; the source is [`source`](Error::source)'s to give.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("status", &self.0.status.as_u16())
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("source", &self.0.source)
            .finish()
    }
}

/// Prints a chain of sources on one line, outermost first, for the log.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(source) = next {
            write!(f, ": {source}")?;
            next = source.source();
        }
        Ok(())
    }
}

/// What is said of an input that failed its schema.
pub(crate) const INVALID: &str = "Validation failed";

fn default_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unauthorized => "AuthError",
        ErrorKind::NotFound => "NotFoundError",
        ErrorKind::InternalServerError => "InternalServerError",
        _ => "VeloxError",
    }
}
