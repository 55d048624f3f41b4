//! What a procedure gives, and what it may be.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use validator::Validate;

use super::handler::{Encode, Respond};
use super::{Mutation, ProcedureBuilder, Query};
use crate::call::{Call, Kind};
use crate::context::Ctx;
use crate::error::{Error, Result};

/// The output of a procedure, written as JSON: every wire sends it as it is.
///
/// A middleware gets it from [`Next::run`](super::Next::run); one that answers without going on makes it.
///
/// # Examples
///
/// ```
/// use velox_rpc::procedure::Output;
///
/// let output = Output::json(&vec![1, 2]).unwrap();
/// assert_eq!(output.as_json(), b"[1,2]");
/// ```
pub struct Output(Vec<u8>);

impl Output {
    /// Writes a value as JSON.
    ///
    /// # Errors
    ///
    /// When the value's `Serialize` fails: an internal error.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        SCRATCH.with(|scratch| match scratch.try_borrow_mut() {
            Ok(mut scratch) => write_exactly(value, &mut scratch),
            // A `Serialize` that itself writes an output.
            Err(_) => write_exactly(value, &mut Vec::new()),
        })
    }

    /// The JSON text.
    pub fn as_json(&self) -> &[u8] {
        &self.0
    }

    /// The JSON text, taken.
    pub fn into_json(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Output({} bytes)", self.0.len())
    }
}

thread_local! {
    /// Where outputs are written before their length is known.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes into a buffer that is there already, and copies what was written: one allocation of the exact length, in place of
/// one that grows and another when it becomes the body of a reply.
fn write_exactly<T: Serialize + ?Sized>(value: &T, scratch: &mut Vec<u8>) -> Result<Output> {
    scratch.clear();
    let written = serde_json::to_writer(&mut *scratch, value);
    take(written, scratch)
}

/// The part that is the same for all types.
fn take(written: serde_json::Result<()>, scratch: &mut Vec<u8>) -> Result<Output> {
    let output = written.map(|()| Output(scratch.as_slice().to_vec())).map_err(Error::internal);
    if scratch.capacity() > KEPT {
        *scratch = Vec::new();
    }
    output
}

/// A buffer of more bytes than this is not kept.
const KEPT: usize = 64 * 1024;

/// What a procedure can give: a type that serde can write and schemars can describe, as `#[schema]` makes it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the output of a procedure",
    label = "the handler gives this",
    note = "an output is written as JSON and described to clients: put `#[schema]` above `{Self}`, or derive `Serialize` and `JsonSchema`"
)]
pub trait Outgoing: Serialize + JsonSchema + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema + Send + 'static> Outgoing for T {}

/// A procedure under construction whose output is another type than its handler gives: what
/// [`ProcedureBuilder::output`] returns.
///
/// What the handler gives is read as the output type, which drops the fields that the type does not name, and then
/// validated. Where that fails, the caller gets a 500 that tells nothing of the cause.
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
#[must_use = "a builder makes a procedure only by `.query(…)` or `.mutation(…)`"]
pub struct OutputBuilder<B, O> {
    builder: B,
    output: PhantomData<fn() -> O>,
}

impl<B, O> OutputBuilder<B, O> {
    pub(super) fn new(builder: B) -> Self {
        Self { builder, output: PhantomData }
    }
}

impl<S, C, I, O> OutputBuilder<ProcedureBuilder<S, C, I>, O>
where
    S: Send + Sync + 'static,
    C: Ctx<State = S>,
    I: Send + 'static,
    O: Outgoing + DeserializeOwned + Validate,
{
    /// Ends the chain with the handler of a query. See [`ProcedureBuilder::query`].
    pub fn query<F, R, M>(self, handler: F) -> Query<I, O, S>
    where
        F: Fn(Call<C, I>) -> R + Send + Sync + 'static,
        R: Respond<M> + Send + 'static,
        R::Value: Serialize,
    {
        Query::new(self.builder.finish::<_, _, _, O>(Kind::Query, handler, reread::<R::Value, O>))
    }

    /// Ends the chain with the handler of a mutation. See [`ProcedureBuilder::mutation`].
    pub fn mutation<F, R, M>(self, handler: F) -> Mutation<I, O, S>
    where
        F: Fn(Call<C, I>) -> R + Send + Sync + 'static,
        R: Respond<M> + Send + 'static,
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

/// The encoder of a procedure without an output type of its own.
pub(super) fn write<T: Serialize>() -> Encode<T> {
    Output::json::<T>
}

fn reread<T: Serialize, O: Serialize + DeserializeOwned + Validate>(value: &T) -> Result<Output> {
    let given = Output::json(value)?;
    let value: O = serde_json::from_slice(given.as_json())?;
    value.validate()?;
    let shown = Output::json(&value)?;
    if given.as_json().contains(&b'[') {
        check_lists(&given, &shown)?;
    }
    Ok(shown)
}

/// serde reads an array as a struct: was one taken for an object?
fn check_lists(given: &Output, shown: &Output) -> Result<()> {
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
        Err(Error::internal("the handler gave an array where the output type has an object"))
    }
}
