//! Guards made of other guards.
//!
//! A guard that could not decide, and failed with a 5xx, has not refused: that failure ends the call, whatever the other guards say,
//! unless one of [`any_of`] lets the call pass.

use std::fmt;
use std::future::Future;
use std::sync::OnceLock;

use super::{Guard, Refusal};
use crate::context::Ctx;
use crate::error::Result;
use crate::procedure::Demands;

/// Lets pass what all of several guards let pass, asked in order. The caller reads the refusal of the first that does not.
///
/// # Examples
///
/// ```
/// use velox_rpc::procedure;
/// use velox_rpc::procedure::{all_of, any_of, guard};
///
/// let api_key = guard("apiKey", |request| request.header("x-api-key").is_some());
/// let at_night = guard("night", |request| request.header("x-hour") == Some("3"));
/// let local = guard("local", |request| request.peer().and_then(|peer| peer.ip()).is_some_and(|ip| ip.is_loopback()));
/// let report = procedure::<()>().guard(any_of((local, all_of((api_key, at_night))))).query(|_| Ok("report"));
/// # let _ = report;
/// ```
pub fn all_of<L>(guards: L) -> AllOf<L> {
    AllOf { guards, name: OnceLock::new() }
}

/// Lets pass what one of several guards lets pass, asked in order. Where none does, the caller gets 403 `Access denied`.
///
/// # Examples
///
/// ```
/// use velox_rpc::procedure;
/// use velox_rpc::procedure::{any_of, guard};
///
/// let own = guard("own", |request| request.header("x-team") == Some("us"));
/// let partner = guard("partner", |request| request.header("x-team") == Some("them"));
/// let plan = procedure::<()>().guard(any_of((own, partner)).message("Teams only")).query(|_| Ok("plan"));
/// # let _ = plan;
/// ```
pub fn any_of<L>(guards: L) -> AnyOf<L> {
    AnyOf { guards, name: OnceLock::new(), refusal: Refusal::default() }
}

/// Lets pass what a guard refuses; the others get 403 `Access denied`.
///
/// # Examples
///
/// ```
/// use velox_rpc::procedure;
/// use velox_rpc::procedure::{guard, not};
///
/// let robot = guard("robot", |request| request.header("user-agent").is_none());
/// let vote = procedure::<()>().guard(not(robot).message("People only")).mutation(|_| Ok("counted"));
/// # let _ = vote;
/// ```
pub fn not<G>(guard: G) -> Not<G> {
    Not { guard, name: OnceLock::new(), refusal: Refusal::default() }
}

/// The guard of [`all_of`].
#[derive(Clone)]
pub struct AllOf<L> {
    guards: L,
    name: Name,
}

/// The guard of [`any_of`].
#[derive(Clone)]
pub struct AnyOf<L> {
    guards: L,
    name: Name,
    refusal: Refusal,
}

/// The guard of [`not`].
#[derive(Clone)]
pub struct Not<G> {
    guard: G,
    name: Name,
    refusal: Refusal,
}

/// A name made of other names. Those are known once the context's type is.
type Name = OnceLock<String>;

worded! { AnyOf<L> Not<G> }

impl<C: Ctx, L: GuardList<C>> Guard<C> for AllOf<L> {
    fn name(&self) -> &str {
        self.name.get_or_init(|| format!("allOf({})", self.guards.names().join(", ")))
    }

    fn check(&self, ctx: &C) -> impl Future<Output = Result<()>> + Send {
        self.guards.check_all(ctx)
    }

    fn describe(&self, demands: &mut Demands) {
        self.guards.describe_all(demands);
    }
}

impl<C: Ctx, L: GuardList<C>> Guard<C> for AnyOf<L> {
    fn name(&self) -> &str {
        self.name.get_or_init(|| format!("anyOf({})", self.guards.names().join(", ")))
    }

    async fn check(&self, ctx: &C) -> Result<()> {
        let passes = self.guards.check_any(ctx).await?;
        self.refusal.unless(passes, Guard::<C>::name(self))
    }

    fn describe(&self, demands: &mut Demands) {
        self.refusal.describe(demands);
    }
}

impl<C: Ctx, G: Guard<C>> Guard<C> for Not<G> {
    fn name(&self) -> &str {
        self.name.get_or_init(|| format!("not({})", self.guard.name()))
    }

    async fn check(&self, ctx: &C) -> Result<()> {
        let passes = passes(self.guard.check(ctx).await)?;
        self.refusal.unless(!passes, Guard::<C>::name(self))
    }

    fn describe(&self, demands: &mut Demands) {
        self.refusal.describe(demands);
    }
}

/// Whether a guard let the call pass; an error where it could not tell.
fn passes(verdict: Result<()>) -> Result<bool> {
    match verdict {
        Ok(()) => Ok(true),
        Err(error) if error.status().is_server_error() => Err(error),
        Err(_) => Ok(false),
    }
}

/// What [`all_of`], [`any_of`] and [`guards`](crate::ProcedureBuilder::guards) take: an array of guards of one type, or a tuple of guards of
/// several.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of guards for a context of type `{C}`",
    label = "not a list of guards here",
    note = "a list of guards is an array of one type, `[a, b]`, or a tuple of up to six, `(a, b)`"
)]
pub trait GuardList<C>: Send + Sync + 'static {
    /// The names of the guards, in order.
    fn names(&self) -> Vec<&str>;

    /// Says what each of them demands.
    fn describe_all(&self, demands: &mut Demands);

    /// Asks one after the other, until one refuses.
    ///
    /// # Errors
    ///
    /// The error of that one.
    fn check_all(&self, ctx: &C) -> impl Future<Output = Result<()>> + Send;

    /// Asks one after the other, until one lets the call pass; whether one did.
    ///
    /// # Errors
    ///
    /// None did, and one of them could not tell: the failure of the first such.
    fn check_any(&self, ctx: &C) -> impl Future<Output = Result<bool>> + Send;
}

impl<C: Ctx, G: Guard<C>, const N: usize> GuardList<C> for [G; N] {
    fn names(&self) -> Vec<&str> {
        self.iter().map(Guard::name).collect()
    }

    fn describe_all(&self, demands: &mut Demands) {
        self.iter().for_each(|guard| guard.describe(demands));
    }

    async fn check_all(&self, ctx: &C) -> Result<()> {
        for guard in self {
            guard.check(ctx).await?;
        }
        Ok(())
    }

    async fn check_any(&self, ctx: &C) -> Result<bool> {
        let mut failed = Ok(false);
        for guard in self {
            match passes(guard.check(ctx).await) {
                Ok(true) => return Ok(true),
                Err(error) if failed.is_ok() => failed = Err(error),
                Ok(false) | Err(_) => {}
            }
        }
        failed
    }
}

macro_rules! tuples {
    ($(($($guard:ident)+))+) => {$(
        #[expect(non_snake_case, reason = "each variable is named as its type")]
        impl<C: Ctx, $($guard: Guard<C>),+> GuardList<C> for ($($guard,)+) {
            fn names(&self) -> Vec<&str> {
                let ($($guard,)+) = self;
                vec![$($guard.name()),+]
            }

            fn describe_all(&self, demands: &mut Demands) {
                let ($($guard,)+) = self;
                $($guard.describe(demands);)+
            }

            async fn check_all(&self, ctx: &C) -> Result<()> {
                let ($($guard,)+) = self;
                $($guard.check(ctx).await?;)+
                Ok(())
            }

            async fn check_any(&self, ctx: &C) -> Result<bool> {
                let ($($guard,)+) = self;
                let mut failed = Ok(false);
                $(match passes($guard.check(ctx).await) {
                    Ok(true) => return Ok(true),
                    Err(error) if failed.is_ok() => failed = Err(error),
                    Ok(false) | Err(_) => {}
                })+
                failed
            }
        }
    )+};
}

tuples! { (A) (A B) (A B D) (A B D E) (A B D E F) (A B D E F G) }

impl<L> fmt::Debug for AllOf<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllOf").finish_non_exhaustive()
    }
}

impl<L> fmt::Debug for AnyOf<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyOf").field("refusal", &self.refusal).finish_non_exhaustive()
    }
}

impl<G> fmt::Debug for Not<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Not").field("refusal", &self.refusal).finish_non_exhaustive()
    }
}
