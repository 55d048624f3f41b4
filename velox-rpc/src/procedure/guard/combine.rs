//! Guards made of other guards.
//!
//! A guard that fails with a 5xx could not decide. This is not a refusal: the failure ends the
//! call, whatever the other guards say, unless a guard in [`any_of`] lets the call pass.

use std::fmt;
use std::future::Future;
use std::sync::OnceLock;

use super::{Guard, Refusal};
use crate::context::Ctx;
use crate::error::Result;
use crate::procedure::Demands;

/// Makes a guard that passes if all of these guards pass. They run in order, and the client
/// receives the refusal of the first that refuses.
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

/// Makes a guard that passes if one of these guards passes. They run in order. If none passes, the
/// client receives 403 `Access denied`.
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

/// Makes a guard that passes if this guard refuses. Otherwise, the client receives 403
/// `Access denied`.
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

/// The guard that [`all_of`] makes.
#[derive(Clone)]
pub struct AllOf<L> {
    guards: L,
    name: Name,
}

/// The guard that [`any_of`] makes.
#[derive(Clone)]
pub struct AnyOf<L> {
    guards: L,
    name: Name,
    refusal: Refusal,
}

/// The guard that [`not`] makes.
#[derive(Clone)]
pub struct Not<G> {
    guard: G,
    name: Name,
    refusal: Refusal,
}

/// A name made of the names of other guards. Those are known only once the type of the context is
/// known.
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

/// Returns whether a guard let the call pass, or an error if it could not decide.
fn passes(verdict: Result<()>) -> Result<bool> {
    match verdict {
        Ok(()) => Ok(true),
        Err(error) if error.status().is_server_error() => Err(error),
        Err(_) => Ok(false),
    }
}

/// A list of guards: an array of guards of one type, or a tuple of guards of several types.
/// [`all_of`], [`any_of`] and [`guards`](crate::ProcedureBuilder::guards) take it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of guards for a context of type `{C}`",
    label = "not a list of guards here",
    note = "a list of guards is an array of one type, `[a, b]`, or a tuple of up to six, `(a, b)`"
)]
pub trait GuardList<C>: Send + Sync + 'static {
    /// Returns the names of the guards, in order.
    fn names(&self) -> Vec<&str>;

    /// Adds the demands of each guard.
    fn describe_all(&self, demands: &mut Demands);

    /// Runs the guards in order until one refuses.
    ///
    /// # Errors
    ///
    /// Returns the error of the guard that refused.
    fn check_all(&self, ctx: &C) -> impl Future<Output = Result<()>> + Send;

    /// Runs the guards in order until one lets the call pass, and returns whether one did.
    ///
    /// # Errors
    ///
    /// If no guard passes and some could not decide, returns the failure of the first of those.
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
