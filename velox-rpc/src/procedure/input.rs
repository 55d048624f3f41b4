//! The input step turns JSON text into a value of the input type, or into a list of everything that
//! is wrong with it.
//!
//! The fast path is serde, followed by `validate()`. The slow path takes the JSON apart and gives
//! each part to the reader of its type: see [`validate`](crate::validate). It runs if the fast path
//! fails, and if serde may have accepted more than the type allows. serde reads an array as a
//! struct, for example.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Deserializer, Value};
use validator::Validate;

use super::shape::InputShape;
use super::step::{Carried, Step};
use crate::call::RawInput;
use crate::context::Ctx;
use crate::error::{Error, Issue, Problem, Result};
use crate::running::Running;
use crate::validate::{At, Examine, Examiner, Found, Parts, Rewrite, Tree};

/// Marks a type that can be the input of a procedure: serde can read it, validator can check it,
/// schemars can describe it, and it implements `Examine`. `#[schema]` provides all four.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the input of a procedure",
    label = "not an input",
    note = "an input is read from JSON, validated and described to clients: put `#[schema]` above `{Self}`, or derive `Deserialize`, `Validate` and `JsonSchema` and write `impl velox_rpc::procedure::Examine for {Self} {{}}`",
    note = "a type of another crate, such as `String`, needs a struct of yours around it: `#[schema] struct Name(String);`",
    note = "an input owns its data: write `String` in place of `&str`"
)]
pub trait Input: DeserializeOwned + Validate + JsonSchema + Examine + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + Validate + JsonSchema + Examine + Send + 'static> Input for T {}

/// Gives the compiler the names of an input's fields as clients send them. `#[schema]` implements
/// it for a struct with named fields.
///
/// `#[router]` uses it to check the parameters of a literal path.
pub trait InputFields {
    /// The names of the fields as clients send them.
    const FIELDS: &'static [&'static str];
}

/// Returns the shape of `T`. The input step and the metadata of the procedure share it.
pub(super) fn shape<T: Input>() -> Arc<InputShape> {
    Arc::new(InputShape::of::<T>())
}

/// Makes the input step, which runs before the steps in `inner`.
pub(super) fn step<C: Ctx>(read: Read, shape: Arc<InputShape>, inner: Step<C>) -> Step<C> {
    asking(move |raw| take(raw, &shape, read), inner)
}

/// Makes the input step of a procedure without an input. It runs right before the handler, so that
/// a malformed body is refused even though nobody reads it.
pub(super) fn unused_step<C: Ctx>(inner: Step<C>) -> Step<C> {
    asking(|_| Ok(Carried::new(())), inner)
}

/// Makes a step that waits for the body of the request. The steps before it see only the head.
fn asking<C: Ctx>(read: impl Fn(&RawInput) -> Result<Carried> + Send + Sync + 'static, inner: Step<C>) -> Step<C> {
    let read = Arc::new(read);
    Arc::new(move |ctx, _| {
        if let Some(there) = ctx.base().input_there() {
            return match there.and_then(|raw| read(raw)) {
                Ok(input) => inner(ctx, input),
                Err(error) => Running::ready(Err(error)),
            };
        }
        let (read, inner) = (Arc::clone(&read), Arc::clone(&inner));
        Running::boxed(async move {
            let (raw, waited) = ctx.base().input().await;
            let input = read(raw?)?;
            if waited > LONG_WAIT {
                ctx.scope().resume().await?;
            }
            inner(ctx, input).await
        })
    })
}

/// If a call waits longer than this for its body, every slot's `resume` runs before the call
/// continues, since what the slots looked up earlier may have changed.
const LONG_WAIT: Duration = Duration::from_secs(1);

/// The functions that are compiled for each input type.
#[derive(Clone, Copy)]
pub(super) struct Read {
    /// Reads an input and validates it. Returns `None` if the input is refused; `examine` then
    /// finds the reasons.
    read: fn(&str) -> Option<Carried>,
    examine: Examiner,
}

impl Read {
    pub(super) fn of<T: Input>() -> Self {
        Self { read: read::<T>, examine: T::examine }
    }
}

fn read<T: Input>(text: &str) -> Option<Carried> {
    // It reads bytes, so that a key that is not text cannot make serde_json panic. `from_slice` does
    // the same, but would compile two more functions for each type.
    let mut reader = Deserializer::from_slice(text.as_bytes());
    match T::deserialize(&mut reader) {
        Ok(input) if reader.end().is_ok() && input.validate().is_ok() => Some(Carried::new(input)),
        _ => None,
    }
}

/// Returns the text to read. A missing input is TypeScript's `undefined`, which is read as `null`
/// if the type accepts that.
fn required<'a>(raw: &'a RawInput, shape: &InputShape, read: Read) -> Result<&'a str> {
    match raw.text() {
        Some(text) => Ok(text),
        None if shape.accepts_null() => Ok("null"),
        None => {
            let mut found = Found::new(0, false);
            found.missing(&Parts::Type(read.examine, || false));
            Err(Error::invalid(found.into_parts(|| shape.error_map()).0))
        }
    }
}

/// Reads an input, or returns an error that lists everything that is wrong with it.
fn take(raw: &RawInput, shape: &InputShape, read: Read) -> Result<Carried> {
    let text = required(raw, shape, read)?;
    match (read.read)(text) {
        // serde reads an array as a struct, and it accepts more than the schema if a type is lax.
        Some(input) if !raw.has_lists() && !shape.is_lax(text) => Ok(input),
        input => look(text, raw, (read, shape), input),
    }
}

/// Examines an input that serde has refused, or that it may have misread.
#[cold]
fn look(text: &str, raw: &RawInput, (read, shape): (Read, &InputShape), mut input: Option<Carried>) -> Result<Carried> {
    let mut text = Cow::Borrowed(text);
    let (mut fuel, mut issues) = (text.len() * ROUNDS + LEAST_FUEL, Vec::new());
    while let Some(left) = fuel.checked_sub(text.len()) {
        // An input with issues is refused anyway, so that few more rounds are worth their cost.
        fuel = if issues.is_empty() { left } else { left / 4 };
        if input.is_none()
            && let Err(error) = serde_json::from_str::<Value>(&text)
        {
            // The text is not JSON. Nothing before this point has parsed it completely.
            return Err(Error::malformed(&error));
        }
        let (mut tree, mut found) = (Tree::new(&text), Found::new(text.len(), shape.refuses_null()));
        tree.mark(raw.texts());
        if let Some(root) = tree.root() {
            (read.examine)(At::Part(root), &mut found);
        }
        if input.is_some() {
            found.keep_form();
        }
        let rewrites;
        (issues, rewrites) = found.into_parts(|| shape.error_map());
        match input {
            Some(input) if rewrites.is_empty() && issues.is_empty() => return Ok(input),
            _ if rewrites.is_empty() => break,
            // Rewrite even if serde succeeded: it may have turned a number that an integer reader
            // refused into `None`. Rewrite beside an issue, too: the rules of a part are checked
            // only after that.
            _ => {
                text = Cow::Owned(rewritten(&text, rewrites));
                input = (read.read)(&text);
            }
        }
    }
    if issues.is_empty() {
        issues.push(Issue::new("", shape.error_map().text(&Problem::Invalid)));
    }
    Err(Error::invalid(issues))
}

/// Returns the text with the rewritten parts in place.
fn rewritten(text: &str, mut rewrites: Vec<Rewrite>) -> String {
    rewrites.sort_by_key(|(place, _)| place.start);
    let (mut written, mut at) = (String::with_capacity(text.len()), 0);
    for (place, part) in rewrites {
        if place.start >= at {
            written.push_str(&text[at..place.start]);
            written.push_str(&part);
            at = place.end;
        }
    }
    written.push_str(&text[at..]);
    written
}

/// The limit on rounds. A handwritten reader stops at the first number that has to be rewritten, so
/// each round may rewrite only one.
const ROUNDS: usize = 8;
/// The bytes that may be read in more rounds, so that a small input can have many such numbers.
const LEAST_FUEL: usize = 256 * 1024;
