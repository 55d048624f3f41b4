//! An output type that differs from what the handler returns: `.output::<T>()`.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use validator::Validate;

use super::handler::Respond;
use super::{Mutation, Outcome, Output, ProcedureBuilder, Query};
use crate::call::{Call, Kind};
use crate::context::Ctx;
use crate::error::{Error, Result};

impl<S, C, I> ProcedureBuilder<S, C, I>
where
    S: 'static,
    C: Ctx<State = S>,
    I: Send + 'static,
{
    /// Sets an output type that differs from what the handler returns: see [`OutputBuilder`].
    pub fn output<O>(self) -> OutputBuilder<Self, O> {
        OutputBuilder { builder: self, output: PhantomData }
    }
}

/// A procedure under construction whose output type differs from what its handler returns.
/// [`ProcedureBuilder::output`] makes it.
///
/// velox reads the handler's value as the output type, which drops the fields that the type does
/// not have, and then validates it. If this fails, the client receives a 500 without details.
///
/// # Examples
///
/// ```
/// use velox_rpc::{procedure, schema};
///
/// #[schema]
/// pub struct Public { pub id: String }
///
/// let shown = procedure::<()>()
///     .output::<Public>()
///     .query(|_| Ok(serde_json::json!({"id": "1", "secret": "hidden"})));
/// # let _ = shown;
/// ```
#[must_use = "finish the procedure with `.query(…)` or `.mutation(…)`"]
pub struct OutputBuilder<B, O> {
    builder: B,
    output: PhantomData<fn() -> O>,
}

impl<S, C, I, O> OutputBuilder<ProcedureBuilder<S, C, I>, O>
where
    S: 'static,
    C: Ctx<State = S>,
    I: Send + 'static,
    O: Output + DeserializeOwned + Validate,
{
    /// Ends the chain with the handler of a query. See [`ProcedureBuilder::query`].
    pub fn query<F, R, M>(self, handler: F) -> Query<I, O, S>
    where
        F: Fn(Call<C, I>) -> R + Send + Sync + 'static, // an `async` closure cannot capture: put the value into the state
        R: Respond<M> + Send + 'static, // drop non-`Send` values before an `.await`; use `Arc`, not `Rc`
        R::Value: Serialize,
    {
        Query::new(self.builder.finish::<_, _, _, O>(Kind::Query, handler, reread::<R::Value, O>))
    }

    /// Ends the chain with the handler of a mutation. See [`ProcedureBuilder::mutation`].
    pub fn mutation<F, R, M>(self, handler: F) -> Mutation<I, O, S>
    where
        F: Fn(Call<C, I>) -> R + Send + Sync + 'static, // an `async` closure cannot capture: put the value into the state
        R: Respond<M> + Send + 'static, // drop non-`Send` values before an `.await`; use `Arc`, not `Rc`
        R::Value: Serialize,
    {
        Mutation::new(self.builder.finish::<_, _, _, O>(Kind::Mutation, handler, reread::<R::Value, O>))
    }
}

impl<B, O> fmt::Debug for OutputBuilder<B, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputBuilder").finish_non_exhaustive()
    }
}

fn reread<T: Serialize, O: Serialize + DeserializeOwned + Validate>(value: &T) -> Result<Outcome> {
    let given = Outcome::json(value)?;
    let value: O = serde_json::from_slice(given.as_json())?;
    value.validate()?;
    let shown = Outcome::json(&value)?;
    if given.as_json().contains(&b'[') {
        check_lists(&given, &shown)?;
    }
    Ok(shown)
}

/// Fails if serde read an array as a struct.
fn check_lists(given: &Outcome, shown: &Outcome) -> Result<()> {
    fn is_kept(given: &Value, shown: &Value) -> bool {
        match (given, shown) {
            (Value::Array(_), Value::Object(_)) => false,
            (Value::Array(given), Value::Array(shown)) => {
                given.iter().zip(shown).all(|(given, shown)| is_kept(given, shown))
            }
            (Value::Object(given), Value::Object(shown)) => {
                shown.iter().all(|(key, shown)| given.get(key).is_none_or(|given| is_kept(given, shown)))
            }
            _ => true,
        }
    }
    let (given, shown) = (serde_json::from_slice(given.as_json())?, serde_json::from_slice(shown.as_json())?);
    if is_kept(&given, &shown) {
        Ok(())
    } else {
        Err(Error::internal("the handler returned an array where the output type has an object"))
    }
}
