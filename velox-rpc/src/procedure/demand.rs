//! What the steps of a procedure demand of its caller, for the documents made of the router.

use std::borrow::Cow;
use std::fmt;

use http::StatusCode;

/// By what a caller shows who it is.
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
    /// A cookie of this name, as a session's.
    Cookie(Cow<'static, str>),
    /// A header of this name, as an API key's.
    Header(Cow<'static, str>),
}

impl fmt::Display for Credential {
    /// `cookie session`, `header x-api-key`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cookie(name) => write!(f, "cookie {name}"),
            Self::Header(name) => write!(f, "header {name}"),
        }
    }
}

/// What the steps of a procedure demand of its caller: a middleware and a guard say it in `describe`, and the documents made of
/// the router tell it.
///
/// It describes; what it says is enforced by the steps themselves.
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
    refusals: Vec<(StatusCode, Cow<'static, str>)>,
}

impl Demands {
    /// Nobody comes through without it.
    pub fn require(&mut self, credential: Credential) {
        self.accepted.retain(|other| *other != credential);
        if !self.required.contains(&credential) {
            self.required.push(credential);
        }
    }

    /// Who has it is known by it; others come through as well.
    pub fn accept(&mut self, credential: Credential) {
        if !self.required.contains(&credential) && !self.accepted.contains(&credential) {
            self.accepted.push(credential);
        }
    }

    /// Some calls are refused by this status, with this message. As with errors, a status that is neither 4xx nor 5xx stands for 500.
    pub fn refuse(&mut self, status: StatusCode, message: impl Into<Cow<'static, str>>) {
        let is_error = status.is_client_error() || status.is_server_error();
        let refusal = (if is_error { status } else { StatusCode::INTERNAL_SERVER_ERROR }, message.into());
        if !self.refusals.contains(&refusal) {
            self.refusals.push(refusal);
        }
    }

    /// What nobody comes through without: all of them.
    pub fn required(&self) -> &[Credential] {
        &self.required
    }

    /// What a caller may have.
    pub fn accepted(&self) -> &[Credential] {
        &self.accepted
    }

    /// Whether a cookie is read, and so may be set.
    pub(crate) fn has_cookie(&self) -> bool {
        self.required.iter().chain(&self.accepted).any(|credential| matches!(credential, Credential::Cookie(_)))
    }

    /// The refusals, each with its status and message.
    pub fn refusals(&self) -> impl Iterator<Item = (StatusCode, &str)> {
        self.refusals.iter().map(|(status, message)| (*status, message.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_required_is_not_also_optional() {
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
