//! The answer to a call that a guard refused.

use std::borrow::Cow;

use http::StatusCode;

use crate::error::Error;
use crate::procedure::Demands;

/// The answer to a refused call: a message and a status. The default status is 403.
///
/// velox sends it as a `GuardError` with the code `GUARD_FAILED` and the name of the guard.
///
/// # Examples
///
/// ```
/// use velox_rpc::http::StatusCode;
/// use velox_rpc::procedure;
/// use velox_rpc::procedure::Refusal;
///
/// struct AppState { balance: u32 }
///
/// let read = procedure::<AppState>()
///     .guard_fn("paid", |ctx, _| match ctx.balance {
///         0 => Err(Refusal::new("Pay first").status(StatusCode::PAYMENT_REQUIRED)),
///         _ => Ok(()),
///     })
///     .query(|_| Ok("the article"));
/// # let _ = read;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    message: Cow<'static, str>,
    status: StatusCode,
}

impl Refusal {
    /// Makes a refusal with this message and the status 403.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), status: StatusCode::FORBIDDEN }
    }

    /// Sets the message.
    #[must_use]
    pub fn message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = message.into();
        self
    }

    /// Sets the status. A status that is neither 4xx nor 5xx is sent as 500.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Adds this refusal to the demands.
    pub(in crate::procedure) fn describe(&self, demands: &mut Demands) {
        demands.refuse(self.status, self.message.clone());
    }

    /// Returns `Ok` if the call passes, and otherwise the error of the guard with this name.
    pub(super) fn unless(&self, passes: bool, name: &str) -> Result<(), Error> {
        if passes { Ok(()) } else { Err(self.error(name)) }
    }

    /// Makes the error of a call that the guard with this name refused.
    pub(in crate::procedure) fn error(&self, name: &str) -> Error {
        Error::custom(self.status, "GUARD_FAILED", self.message.clone())
            .with_name("GuardError")
            .with_member("guardName", name)
    }
}

impl Default for Refusal {
    /// Returns 403 `Access denied`.
    fn default() -> Self {
        Self::new("Access denied")
    }
}

/// Adds the two methods that change a guard's refusal.
macro_rules! worded {
    ($($guard:ident$(<$parameter:ident>)?)+) => {$(
        impl$(<$parameter>)? $guard$(<$parameter>)? {
            /// Sets the message of the refusal.
            #[must_use]
            pub fn message(mut self, message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
                self.refusal = self.refusal.message(message);
                self
            }

            /// Sets the status of the refusal.
            #[must_use]
            pub fn status(mut self, status: http::StatusCode) -> Self {
                self.refusal = self.refusal.status(status);
                self
            }
        }
    )+};
}

/// The return types for the closure of a [`guard_fn`](crate::ProcedureBuilder::guard_fn): `bool`,
/// `Result<(), Refusal>` or `Result<(), Error>`.
#[diagnostic::on_unimplemented(
    message = "a guard's closure returns `bool`, `Result<(), Refusal>` or `Result<(), Error>`, and this one returns `{Self}`",
    label = "not the result of a guard",
    note = "for a guard with an `.await`, write an `impl Guard<C>`"
)]
pub trait Verdict {
    /// Returns `Ok` to let the call pass.
    ///
    /// # Errors
    ///
    /// Returns the error that the client receives. It carries the name of this guard, unless the
    /// closure returned an [`Error`].
    fn into_result(self, guard: &str) -> Result<(), Error>;

    /// Declares how a call may be refused, for the exported documents. The default implementation
    /// declares nothing.
    fn describe(demands: &mut Demands) {
        let _ = demands;
    }
}

impl Verdict for bool {
    fn into_result(self, guard: &str) -> Result<(), Error> {
        Refusal::default().unless(self, guard)
    }

    fn describe(demands: &mut Demands) {
        Refusal::default().describe(demands);
    }
}

impl Verdict for Result<(), Refusal> {
    fn into_result(self, guard: &str) -> Result<(), Error> {
        self.map_err(|refusal| refusal.error(guard))
    }

    fn describe(demands: &mut Demands) {
        bool::describe(demands);
    }
}

impl Verdict for Result<(), Error> {
    fn into_result(self, _: &str) -> Result<(), Error> {
        self
    }
}
