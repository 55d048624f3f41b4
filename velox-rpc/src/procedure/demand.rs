//! The demands of a procedure: the credentials that it needs, and the refusals and headers to
//! expect. The exported documents show them.

use std::borrow::Cow;
use std::fmt;

use http::{HeaderName, StatusCode};

use crate::call::Kind;

/// A way for callers to identify themselves.
///
/// # Examples
///
/// ```
/// use velox_rpc::procedure::Credential;
///
/// let session = Credential::Cookie("session".into());
/// assert_ne!(session, Credential::Header("x-api-key".into()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Credential {
    /// The cookie with this name, for example a session cookie.
    Cookie(Cow<'static, str>),
    /// The header with this name, for example the header of an API key.
    Header(Cow<'static, str>),
}

impl fmt::Display for Credential {
    /// Writes, for example, `session cookie` or `x-api-key header`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cookie(name) => write!(f, "{name} cookie"),
            Self::Header(name) => write!(f, "{name} header"),
        }
    }
}

/// The credentials that a procedure needs, and the refusals and headers to expect from it.
/// Middlewares and guards declare them in `describe`, and the exported documents show them.
///
/// Demands only describe the procedure. The steps themselves have to enforce them.
///
/// # Examples
///
/// ```
/// use velox_rpc::http::StatusCode;
/// use velox_rpc::procedure::{Credential, Demands, Guard};
/// use velox_rpc::{Ctx, Error, Result};
///
/// struct ApiKey(&'static str);
///
/// impl<C: Ctx> Guard<C> for ApiKey {
///     fn name(&self) -> &str { "apiKey" }
///
///     async fn check(&self, ctx: &C) -> Result<()> {
///         match ctx.request().header("x-api-key") {
///             Some(key) if key == self.0 => Ok(()),
///             _ => Err(Error::unauthorized("API key required")),
///         }
///     }
///
///     fn describe(&self, demands: &mut Demands) {
///         demands.require(Credential::Header("x-api-key".into()));
///         demands.refuse(StatusCode::UNAUTHORIZED, "API key required");
///     }
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demands {
    required: Vec<Credential>,
    accepted: Vec<Credential>,
    descriptions: Vec<(Credential, Cow<'static, str>)>,
    refusals: Vec<(StatusCode, Cow<'static, str>)>,
    headers: Vec<ReplyHeader>,
    claims: Vec<Claim>,
    /// These are separate until the kind of the procedure is known.
    of_mutations: Option<Box<Demands>>,
}

/// A header of replies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReplyHeader {
    pub(crate) name: HeaderName,
    pub(crate) description: Cow<'static, str>,
    /// The status of the replies that have it; `None` if all do.
    pub(crate) status: Option<StatusCode>,
}

/// What only one part of an application may have, and who has it.
#[derive(Clone)]
pub(crate) struct Claim {
    pub(crate) what: Cow<'static, str>,
    pub(crate) owner: usize,
}

/// The owner is left out: it is another number in every run.
impl PartialEq for Claim {
    fn eq(&self, other: &Self) -> bool {
        self.what == other.what
    }
}

impl Eq for Claim {}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Demands {
    /// Declares a credential that every caller needs.
    pub fn require(&mut self, credential: Credential) {
        self.accepted.retain(|other| *other != credential);
        if !self.required.contains(&credential) {
            self.required.push(credential);
        }
    }

    /// Declares a credential that identifies a caller, but is not required.
    pub fn accept(&mut self, credential: Credential) {
        if !self.required.contains(&credential) && !self.accepted.contains(&credential) {
            self.accepted.push(credential);
        }
    }

    /// Describes a credential: what it is, and where callers get it.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::procedure::{Credential, Demands};
    ///
    /// fn describe(demands: &mut Demands) {
    ///     let key = Credential::Header("x-api-key".into());
    ///     demands.require(key.clone());
    ///     demands.explain(key, "The key from the settings of your account.");
    /// }
    /// # describe(&mut Demands::default());
    /// ```
    pub fn explain(&mut self, credential: Credential, description: impl Into<Cow<'static, str>>) {
        if !self.descriptions.iter().any(|(known, _)| *known == credential) {
            self.descriptions.push((credential, description.into()));
        }
    }

    /// Declares that this step and its clones alone have something, such as a cookie that they set.
    /// `owner` is a number that clones share. If another owner has it, the application does not
    /// start.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use velox_rpc::procedure::{Demands, Guard};
    /// use velox_rpc::{App, Ctx, Result, Router, procedure};
    ///
    /// #[derive(Clone, Default)]
    /// struct Visits(Arc<Vec<String>>);
    ///
    /// impl<C: Ctx> Guard<C> for Visits {
    ///     fn name(&self) -> &str { "visits" }
    ///
    ///     async fn check(&self, ctx: &C) -> Result<()> {
    ///         // Reads and sets the cookie.
    ///         # let _ = ctx;
    ///         Ok(())
    ///     }
    ///
    ///     fn describe(&self, demands: &mut Demands) {
    ///         demands.claim("the cookie `visits`", Arc::as_ptr(&self.0).addr());
    ///     }
    /// }
    ///
    /// let start = |one: Visits, other: Visits| {
    ///     let shop = Router::new("shop").guard(one).procedure("open", procedure().query(|_| Ok("open")));
    ///     let cart = Router::new("cart").guard(other).procedure("look", procedure().query(|_| Ok("empty")));
    ///     App::new(()).router(shop).router(cart).into_service()
    /// };
    /// let visits = Visits::default();
    /// assert!(start(visits.clone(), visits).is_ok());
    /// assert!(start(Visits::default(), Visits::default()).is_err());
    /// ```
    pub fn claim(&mut self, what: impl Into<Cow<'static, str>>, owner: usize) {
        self.claims.push(Claim { what: what.into(), owner });
    }

    /// Returns the demands that apply only if the procedure is a mutation, for a guard that lets
    /// queries pass.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::procedure::{Credential, Demands, Guard};
    /// use velox_rpc::{App, Ctx, Result, Router, procedure};
    ///
    /// struct Csrf;
    ///
    /// impl<C: Ctx> Guard<C> for Csrf {
    ///     fn name(&self) -> &str { "csrf" }
    ///
    ///     async fn check(&self, ctx: &C) -> Result<()> {
    ///         // …
    ///         # let _ = ctx;
    ///         Ok(())
    ///     }
    ///
    ///     fn describe(&self, demands: &mut Demands) {
    ///         demands.of_mutations().require(Credential::Header("x-csrf-token".into()));
    ///     }
    /// }
    ///
    /// let notes = Router::new("notes")
    ///     .guard(Csrf)
    ///     .procedure("getNote", procedure().query(|_| Ok("a note")))
    ///     .procedure("createNote", procedure().mutation(|_| Ok("a note")));
    /// let service = App::new(()).router(notes).into_service()?;
    /// let required = |index: usize| service.manifest().entries()[index].demands().required().len();
    /// assert_eq!((required(0), required(1)), (0, 1));
    /// # Ok::<(), velox_rpc::StartError>(())
    /// ```
    pub fn of_mutations(&mut self) -> &mut Self {
        self.of_mutations.get_or_insert_default()
    }

    /// Declares that every reply has this header, such as `X-RateLimit-Limit`.
    pub fn reply_header(&mut self, name: HeaderName, description: impl Into<Cow<'static, str>>) {
        self.add_header(ReplyHeader { name, description: description.into(), status: None });
    }

    /// Declares that refusals with this status have this header, such as `Retry-After`.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::http::StatusCode;
    /// use velox_rpc::http::header::RETRY_AFTER;
    /// use velox_rpc::procedure::Demands;
    ///
    /// fn describe(demands: &mut Demands) {
    ///     demands.refuse(StatusCode::TOO_MANY_REQUESTS, "Too many requests");
    ///     demands.refusal_header(StatusCode::TOO_MANY_REQUESTS, RETRY_AFTER, "The number of seconds to wait before the next attempt.");
    /// }
    /// # describe(&mut Demands::default());
    /// ```
    pub fn refusal_header(&mut self, status: StatusCode, name: HeaderName, description: impl Into<Cow<'static, str>>) {
        self.add_header(ReplyHeader { name, description: description.into(), status: Some(status) });
    }

    fn add_header(&mut self, header: ReplyHeader) {
        if !self.headers.iter().any(|known| (&known.name, known.status) == (&header.name, header.status)) {
            self.headers.push(header);
        }
    }

    /// Keeps the demands of mutations if the procedure is a mutation, and drops them otherwise.
    pub(crate) fn settle(&mut self, kind: Kind) {
        let Some(more) = self.of_mutations.take().filter(|_| kind == Kind::Mutation) else { return };
        more.required.into_iter().for_each(|credential| self.require(credential));
        more.accepted.into_iter().for_each(|credential| self.accept(credential));
        more.descriptions.into_iter().for_each(|(credential, text)| self.explain(credential, text));
        more.refusals.into_iter().for_each(|(status, message)| self.refuse(status, message));
        more.headers.into_iter().for_each(|header| self.add_header(header));
        self.claims.extend(more.claims);
    }

    /// Declares that some calls are refused with this status and message. As with errors, a status
    /// that is neither 4xx nor 5xx becomes 500.
    pub fn refuse(&mut self, status: StatusCode, message: impl Into<Cow<'static, str>>) {
        let is_error = status.is_client_error() || status.is_server_error();
        let refusal = (if is_error { status } else { StatusCode::INTERNAL_SERVER_ERROR }, message.into());
        if !self.refusals.contains(&refusal) {
            self.refusals.push(refusal);
        }
    }

    /// Returns the credentials that a caller needs, all of them together.
    pub fn required(&self) -> &[Credential] {
        &self.required
    }

    /// Returns the credentials that a caller may send.
    pub fn accepted(&self) -> &[Credential] {
        &self.accepted
    }

    /// Returns the description of a credential.
    pub(crate) fn description(&self, credential: &Credential) -> Option<&str> {
        self.descriptions.iter().find(|(known, _)| known == credential).map(|(_, text)| text.as_ref())
    }

    pub(crate) fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// Returns whether a step reads a cookie, and may therefore set one.
    pub(crate) fn has_cookie(&self) -> bool {
        self.required.iter().chain(&self.accepted).any(|credential| matches!(credential, Credential::Cookie(_)))
    }

    /// Returns the headers of replies.
    pub(crate) fn headers(&self) -> &[ReplyHeader] {
        &self.headers
    }

    /// Returns the refusals, each with its status and message.
    pub fn refusals(&self) -> impl Iterator<Item = (StatusCode, &str)> {
        self.refusals.iter().map(|(status, message)| (*status, message.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_required_session_is_not_also_optional() {
        let cookie = || Credential::Cookie("session".into());
        let mut demands = Demands::default();
        demands.accept(cookie());
        demands.require(cookie());
        demands.accept(cookie());
        assert_eq!(demands.required(), [cookie()]);
        assert_eq!(demands.accepted(), []);
    }

    #[test]
    fn a_refusal_is_an_error() {
        let mut demands = Demands::default();
        demands.refuse(StatusCode::OK, "no");
        demands.refuse(StatusCode::FORBIDDEN, "no");
        demands.refuse(StatusCode::FORBIDDEN, "no");
        let statuses: Vec<_> = demands.refusals().map(|(status, _)| status.as_u16()).collect();
        assert_eq!(statuses, [500, 403]);
    }
}
