//! The calls of a request, their results, and the reply that a wire makes from them. All wires
//! share these types.

use http::StatusCode;

use crate::call::ProcedureName;
use crate::error::{Error, Result};
use crate::procedure::{Endpoint, Outcome};

/// The procedures that a request calls.
pub(crate) enum Calls<'a> {
    One(&'a Endpoint),
    /// The procedures of a batch. `None` stands for a call that cannot run.
    Each(Vec<Option<&'a Endpoint>>),
}

/// The results of the calls of a request, in order.
pub(crate) enum Results {
    One(Result<Outcome>),
    /// The results of a batch. `None` stands for a call that did not run.
    Each(Vec<Option<Result<Outcome>>>),
}

/// The reply of a wire, without the parts that all replies share. Its headers are in the reply
/// head, beside those that the calls have set.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) json: Vec<u8>,
    /// `true` if a call failed. Shared caches must not keep such a reply.
    pub(crate) failed: bool,
    /// `true` if the server is at fault. The log then has the details.
    pub(crate) is_fault: bool,
}

/// The information about a request for observers and traces.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// The path of the route, with parameters written as `:id`.
    pub(crate) route: &'a str,
    /// The procedure, if the request calls exactly one.
    pub(crate) procedure: Option<&'a ProcedureName>,
}

impl Results {
    /// Replaces the result of every call with the same error.
    pub(crate) fn all_failed(self, error: &Error) -> Self {
        match self {
            Self::One(_) => Self::One(Err(error.again())),
            Self::Each(results) => {
                Self::Each(results.into_iter().map(|result| result.map(|_| Err(error.again()))).collect())
            }
        }
    }

    /// Returns the result of the only call.
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
    /// Returns whether the condition holds for any of the procedures.
    #[inline]
    pub(crate) fn any(&self, is_so: impl Fn(&Endpoint) -> bool) -> bool {
        match self {
            Self::One(endpoint) => is_so(endpoint),
            Self::Each(endpoints) => endpoints.iter().copied().flatten().any(is_so),
        }
    }

    /// Returns the first procedure that can run.
    #[inline]
    pub(crate) fn first(&self) -> Option<&Endpoint> {
        match self {
            Self::One(endpoint) => Some(endpoint),
            Self::Each(endpoints) => endpoints.iter().copied().flatten().next(),
        }
    }

    /// Returns the largest number that `number` gives for a procedure, or `None` if no procedure
    /// can run.
    #[inline]
    pub(crate) fn largest<T: Ord>(&self, number: impl Fn(&Endpoint) -> T) -> Option<T> {
        match self {
            Self::One(endpoint) => Some(number(endpoint)),
            Self::Each(endpoints) => endpoints.iter().copied().flatten().map(number).max(),
        }
    }
}
