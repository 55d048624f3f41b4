//! What the caller of a refused call is told.

use std::borrow::Cow;

use http::StatusCode;

use crate::error::Error;
use crate::procedure::Demands;

/// What the caller of a refused call is told: a message and a status, 403 unless it is set.
///
/// It is sent as a `GuardError` with the code `GUARD_FAILED` and the guard's name.
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
    /// A refusal with this message and the status 403.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), status: StatusCode::FORBIDDEN }
    }

    /// Another message.
    #[must_use]
    pub fn message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = message.into();
        self
    }

    /// Another status. One that is neither 4xx nor 5xx is sent as 500.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Says what the caller may be told.
    pub(in crate::procedure) fn describe(&self, demands: &mut Demands) {
        demands.refuse(self.status, self.message.clone());
    }

    /// Passes, or refuses in the name of a guard.
    pub(super) fn unless(&self, passes: bool, name: &str) -> Result<(), Error> {
        if passes { Ok(()) } else { Err(self.error(name)) }
    }

    /// The error of a call that the guard of this name refused.
    pub(in crate::procedure) fn error(&self, name: &str) -> Error {
        Error::custom(self.status, "GUARD_FAILED", self.message.clone())
            .with_name("GuardError")
            .with_member("guardName", name)
    }
}

impl Default for Refusal {
    /// 403 `Access denied`.
    fn default() -> Self {
        Self::new("Access denied")
    }
}

/// The two methods by which a guard's refusal is put into other words.
macro_rules! worded {
    ($($guard:ident$(<$parameter:ident>)?)+) => {$(
        impl$(<$parameter>)? $guard$(<$parameter>)? {
            /// Another message for the refused call.
            #[must_use]
            pub fn message(mut self, message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
                self.refusal = self.refusal.message(message);
                self
            }

            /// Another status for the refused call.
            #[must_use]
            pub fn status(mut self, status: http::StatusCode) -> Self {
                self.refusal = self.refusal.status(status);
                self
            }
        }
    )+};
}

/// What the closure of a [`guard_fn`](crate::ProcedureBuilder::guard_fn) returns: `bool`, `Result<(), Refusal>` or `Result<(), Error>`.
#[diagnostic::on_unimplemented(
    message = "a guard's closure returns `bool`, `Result<(), Refusal>` or `Result<(), Error>`, and this one returns `{Self}`",
    label = "not a verdict",
    note = "for a guard that waits, write an `impl Guard<C>`"
)]
pub trait Verdict {
    /// Lets the call pass by `Ok`.
    ///
    /// # Errors
    ///
    /// The error that the caller gets, in the name of this guard unless the closure returned an [`Error`].
    fn into_result(self, guard: &str) -> Result<(), Error>;

    /// Says in the documents how a call may be refused: nothing, unless it is overridden.
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
