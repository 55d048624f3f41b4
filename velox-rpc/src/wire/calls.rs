//! The calls of a request, what came of them, and the reply that a wire makes of that. All wires speak of these, each by its own protocol.

use http::StatusCode;

use crate::call::ProcedureName;
use crate::error::{Error, Result};
use crate::procedure::{Endpoint, Outcome};

/// The procedures that a request calls.
pub(crate) enum Calls<'a> {
    One(&'a Endpoint),
    /// Those of a batch, where some may be unknown.
    Each(Vec<Option<&'a Endpoint>>),
}

/// What came of the calls of a request, in their order.
pub(crate) enum Results {
    One(Result<Outcome>),
    /// `None` for the unknown ones.
    Each(Vec<Option<Result<Outcome>>>),
}

/// The reply of a wire, but for what all replies have. Its headers stand beside those that the calls have set.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) json: Vec<u8>,
    /// Whether a call failed: then no shared cache may keep the reply.
    pub(crate) failed: bool,
    /// Whether it failed by a fault of the server: then the log has more to say.
    pub(crate) is_fault: bool,
}

/// What is told of a request from outside.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// The path of the route, with parameters as `:id`.
    pub(crate) route: &'a str,
    /// The procedure, where it is one.
    pub(crate) procedure: Option<&'a ProcedureName>,
}

impl Results {
    /// The same calls, all ended by one error.
    pub(crate) fn all_failed(self, error: &Error) -> Self {
        match self {
            Self::One(_) => Self::One(Err(error.again())),
            Self::Each(results) => {
                Self::Each(results.into_iter().map(|result| result.map(|_| Err(error.again()))).collect())
            }
        }
    }

    /// The result of the only call.
    pub(crate) fn only(self) -> Result<Outcome> {
        match self {
            Self::One(result) => result,
            Self::Each(results) => {
                results.into_iter().flatten().next().unwrap_or_else(|| Err(Error::internal("no call")))
            }
        }
    }
}

impl Calls<'_> {
    /// Whether one of the procedures is so.
    #[inline]
    pub(crate) fn any(&self, is_so: impl Fn(&Endpoint) -> bool) -> bool {
        match self {
            Self::One(endpoint) => is_so(endpoint),
            Self::Each(endpoints) => endpoints.iter().copied().flatten().any(is_so),
        }
    }

    /// The first of the procedures that are known.
    #[inline]
    pub(crate) fn first(&self) -> Option<&Endpoint> {
        match self {
            Self::One(endpoint) => Some(endpoint),
            Self::Each(endpoints) => endpoints.iter().copied().flatten().next(),
        }
    }

    /// The largest of what each has; none where no procedure is known.
    #[inline]
    pub(crate) fn largest<T: Ord>(&self, number: impl Fn(&Endpoint) -> T) -> Option<T> {
        match self {
            Self::One(endpoint) => Some(number(endpoint)),
            Self::Each(endpoints) => endpoints.iter().copied().flatten().map(number).max(),
        }
    }
}
