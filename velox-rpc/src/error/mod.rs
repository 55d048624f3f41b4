//! The error type that is sent to clients.
//!
//! It separates public and internal information. The name, the code and the message are for the
//! client. The source is for the log and never leaves the process. Layer: vocabulary.

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

/// A result with [`Error`] as its default error type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any error as a source. It is never sent to the client.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An error of a call: a code and a message for the client, and an internal source.
///
/// `?` turns any [`std::error::Error`] into an internal error. The client then receives a fixed
/// message, and the log shows the chain of sources. To make this conversion possible, `Error` does
/// not implement `std::error::Error` itself.
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
    /// Makes an error of this kind with a message for the client.
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

    /// Makes an error with your own status and code, like VeloxTS's
    /// `new VeloxError(message, status, code)`.
    ///
    /// A status that is neither 4xx nor 5xx is sent as 500, so that an error never looks like a
    /// success.
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

    /// Makes a 400 error: the request is invalid.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::BadRequest, message)
    }

    /// Makes a 401 error: the caller is not authenticated.
    pub fn unauthorized(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unauthorized, message)
    }

    /// Makes a 403 error: the caller is not allowed to do this.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Forbidden, message)
    }

    /// Makes a 404 error with this message.
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

    /// Makes a 404 error with the resource and the id in the message and in the body, like
    /// VeloxTS's `new NotFoundError(resource, id)`.
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

    /// Makes a 409 error: the request conflicts with the current state.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// Makes a 503 error: something that the request needs is not available at the moment.
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::ServiceUnavailable, message)
    }

    /// Makes a 500 error: something failed on the server. The source is written to the log and
    /// never sent to the client.
    pub fn internal(source: impl Into<BoxError>) -> Self {
        Self::new(ErrorKind::InternalServerError, INTERNAL).with_source(source)
    }

    /// Makes a 400 error from the issues of an invalid input.
    pub fn invalid(issues: Vec<Issue>) -> Self {
        Self::validation(INVALID, issues.into_iter().map(|issue| (issue.field, issue.message)))
    }

    /// Makes a 400 error for input that is not one JSON document. The message gives the position,
    /// but never repeats the input.
    #[cold]
    pub(crate) fn malformed(error: &serde_json::Error) -> Self {
        let message = match error.classify() {
            serde_json::error::Category::Data => "The request body has a repeated key".to_owned(),
            _ => format!("The request body is not valid JSON (line {}, column {})", error.line(), error.column()),
        };
        Self::new(ErrorKind::ParseError, message).with_name("Bad Request").with_code("INVALID_JSON")
    }

    /// Makes a 400 error for a rule that a schema cannot express, like VeloxTS's
    /// `new ValidationError(message, fields)`.
    ///
    /// The body has the same form as for an input that fails its schema. `details` lists all
    /// issues; `fields` has the first issue of each field.
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

    /// Replaces the `code` of the body, for example `NOT_FOUND`.
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = code.into();
        self
    }

    /// Replaces the `error` of the body, which is the name of the error's class in TypeScript.
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.0.name = name.into();
        self
    }

    /// Adds a member to the body. It cannot replace a member that every body has.
    pub fn with_member(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.members.insert(key.into(), value.into());
        self
    }

    /// Sets the source. It is written to the log and never sent to the client.
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Returns the kind, which corresponds to one of tRPC's codes.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the HTTP status, which is always a 4xx or a 5xx.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Returns the `error` of the body, which is the name of the error's class in TypeScript.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the `code` of the body, for example `NOT_FOUND`.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// Returns the message for the client.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the members of the body, except those that every body has.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0.members
    }

    /// Returns the source, for the log.
    pub fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }

    /// Takes the source, so that you can attach it to another error.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::Error;
    ///
    /// /// Makes the error for a service that cannot be reached.
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
    /// Copies the error for another caller, with the source as a string.
    #[cold]
    pub(crate) fn again(&self) -> Self {
        let Inner { kind, status, name, code, message, members, source } = &*self.0;
        let (name, code, message) = (name.clone(), code.clone(), message.clone());
        let source = source.as_ref().map(|source| Chain(&**source).to_string().into());
        Self(Box::new(Inner { kind: *kind, status: *status, name, code, message, members: members.clone(), source }))
    }
}

impl fmt::Display for Error {
    /// Writes the message only. The source is available through [`source`](Error::source).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    /// Writes the causes first, and then what the client receives, because a `main` that returns
    /// this error prints it with `Debug`, as `unwrap` does. An internal error is its causes alone:
    /// `cannot listen on 127.0.0.1:3000: address already in use`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, status, code, message, source, .. } = &*self.0;
        let is_internal = *kind == ErrorKind::InternalServerError && message == INTERNAL;
        // A message may contain what a client sent, and must not begin a line of its own in a log.
        let (status, message) = (status.as_u16(), message.replace(char::is_control, " "));
        match source {
            Some(source) if is_internal => write!(f, "{}", Chain(&**source)),
            Some(source) => write!(f, "{} ({status} {code}: {message})", Chain(&**source)),
            None => write!(f, "{status} {code}: {message}"),
        }
    }
}

/// Prints a chain of sources on one line, outermost first, for the log. It leaves out a source
/// whose text is already there: many errors, such as those of sqlx, repeat their source.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = self.0.to_string();
        let mut next = self.0.source();
        while let Some(source) = next {
            let text = source.to_string();
            if !line.contains(&text) {
                line.extend([": ", &text]);
            }
            next = source.source();
        }
        f.write_str(&line)
    }
}

/// The message of an internal error.
const INTERNAL: &str = "Internal server error";
/// The message for an input that fails its schema.
pub(crate) const INVALID: &str = "Validation failed";

fn default_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unauthorized => "AuthError",
        ErrorKind::NotFound => "NotFoundError",
        ErrorKind::InternalServerError => "InternalServerError",
        _ => "VeloxError",
    }
}
