//! The one error that crosses the wire.
//!
//! Outward and inward are apart: the name, the code and the message are meant for the caller, the source is meant for
//! the log and never leaves the process. Part of the vocabulary.

pub(crate) mod body;
mod code;
mod convert;
mod error_map;
mod issue;
mod problem;

use std::borrow::Cow;
use std::fmt;

use http::StatusCode;
use serde_json::{Map, Value, json};

pub use self::code::Code;
pub use self::error_map::ErrorMap;
pub use self::issue::Issue;
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
/// let error = Error::unauthorized("Invalid credentials").with_tag("INVALID_CREDENTIALS");
/// assert_eq!(error.status().as_u16(), 401);
/// ```
#[must_use = "an error that is not returned is never sent"]
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    status: StatusCode,
    name: Cow<'static, str>,
    tag: Cow<'static, str>,
    message: Cow<'static, str>,
    members: Map<String, Value>,
    source: Option<BoxError>,
}

impl Error {
    /// An error of a code, with a message meant for the caller.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            status: code.status(),
            name: Cow::Borrowed(default_name(code)),
            tag: Cow::Borrowed(code.key()),
            message: message.into(),
            members: Map::new(),
            source: None,
        }))
    }

    /// An error with a status and a code text of its own: VeloxTS's `new VeloxError(message, status, code)`.
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
        tag: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut error = Self::new(Code::from_status(status), message).with_name("VeloxError").with_tag(tag);
        if status.is_client_error() || status.is_server_error() {
            error.0.status = status;
        }
        error
    }

    /// 400: the request is not what it should be.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BadRequest, message)
    }

    /// 401: the caller is not known.
    pub fn unauthorized(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Unauthorized, message)
    }

    /// 403: the caller is known, and may not.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Forbidden, message)
    }

    /// 404: VeloxTS's `new NotFoundError(resource, id)`.
    ///
    /// # Examples
    ///
    /// ```
    /// let error = velox_rpc::Error::not_found("User", 42);
    /// assert_eq!(error.message(), "User with id 42 not found");
    /// ```
    pub fn not_found(resource: impl Into<String>, id: impl fmt::Display) -> Self {
        let (resource, id) = (resource.into(), id.to_string());
        Self::new(Code::NotFound, format!("{resource} with id {id} not found"))
            .with_name("NotFoundError")
            .with_member("resource", resource)
            .with_member("resourceId", id)
    }

    /// 409: the thing is not in the state that the request expects.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// 503: something that is needed is not there at the moment.
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::ServiceUnavailable, message)
    }

    /// 500: something failed that the caller cannot help. The source goes to the log, never to the caller.
    pub fn internal(source: impl Into<BoxError>) -> Self {
        Self::new(Code::InternalServerError, "Internal server error").with_source(source)
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
        Self::new(Code::ParseError, message).with_name("Bad Request").with_tag("INVALID_JSON")
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
    /// assert_eq!(error.tag(), "VALIDATION_ERROR");
    /// assert_eq!(error.members()["details"][0]["message"], "reason");
    /// ```
    pub fn validation<K, V>(message: impl Into<Cow<'static, str>>, fields: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<Value>,
    {
        let issues = fields.into_iter().map(|(field, reason)| (field.into(), reason.into())).collect();
        Self::of_fields(message.into(), issues)
    }

    #[cold]
    fn of_fields(message: Cow<'static, str>, issues: Vec<(String, Value)>) -> Self {
        let (mut fields, mut details) = (Map::new(), Vec::new());
        for (field, reason) in issues {
            let text = reason.as_str().map_or_else(|| reason.to_string(), str::to_owned);
            details.push(json!({"field": field, "message": text}));
            fields.entry(field).or_insert(reason);
        }
        Self::new(Code::BadRequest, message)
            .with_name("ValidationError")
            .with_tag("VALIDATION_ERROR")
            .with_member("fields", fields)
            .with_member("details", details)
    }

    /// Another text for the body's `code`.
    pub fn with_tag(mut self, tag: impl Into<Cow<'static, str>>) -> Self {
        self.0.tag = tag.into();
        self
    }

    /// Another text for the body's `error`: what the class of the error is called in TypeScript.
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.0.name = name.into();
        self
    }

    /// One more member of the body. The members that every body has cannot be replaced.
    pub fn with_member(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.members.insert(key.into(), value.into());
        self
    }

    /// What was underneath: for the log only.
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The HTTP status, always a 4xx or a 5xx.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The body's `error`: what the class of the error is called in TypeScript.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The body's `code`.
    pub fn tag(&self) -> &str {
        &self.0.tag
    }

    /// The message meant for the caller.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The members of the body beside those that every body has.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0.members
    }

    /// What was underneath.
    pub fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }

    /// The inward cause by itself: to stand behind another error.
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
        let Inner { code, status, name, tag, message, members, source } = &*self.0;
        let (name, tag, message) = (name.clone(), tag.clone(), message.clone());
        let source = source.as_ref().map(|source| Chain(&**source).to_string().into());
        Self(Box::new(Inner { code: *code, status: *status, name, tag, message, members: members.clone(), source }))
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
            .field("tag", &self.0.tag)
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

fn default_name(code: Code) -> &'static str {
    match code {
        Code::Unauthorized => "AuthError",
        Code::NotFound => "NotFoundError",
        Code::InternalServerError => "InternalServerError",
        _ => "VeloxError",
    }
}
