//! The input step: JSON text becomes a value of the input type, or a list of everything that is wrong with it.
//!
//! The fast path is serde, then `validate()`. Only where one of them fails, or where an array stands in the text (serde
//! reads an array as a struct), the JSON is taken apart and each part given to its reader: see [`validate`](crate::validate).

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use validator::Validate;

use super::shape::InputShape;
use super::step::{Carried, Step};
use crate::call::RawInput;
use crate::context::Ctx;
use crate::error::{Error, Issue, Problem, Result};
use crate::running::Running;
use crate::validate::{Examine, Found, Part, Parts, Rewrite, Tree};

/// What a procedure can take: a type that serde can read, validator can check and schemars can describe, as `#[schema]`
/// makes it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the input of a procedure",
    label = "not an input",
    note = "an input is read from JSON, validated and described to clients: put `#[schema]` above `{Self}`, or derive `Deserialize`, `Validate` and `JsonSchema` and write `impl velox_rpc::procedure::Examine for {Self} {{}}`"
)]
pub trait Input: DeserializeOwned + Validate + JsonSchema + Examine + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + Validate + JsonSchema + Examine + Send + 'static> Input for T {}

/// The wire names of an input's fields, known to the compiler: `#[schema]` implements it for a struct with named fields.
///
/// `#[router]` checks the parameters of a literal path against it.
pub trait InputFields {
    /// The wire names.
    const FIELDS: &'static [&'static str];
}

/// The shape of `T`, shared by the step that reads it and by what is known of the procedure.
pub(super) fn shape<T: Input>() -> Arc<InputShape> {
    Arc::new(InputShape::of::<T>())
}

/// Makes the input step, outside of the steps `inner`.
pub(super) fn step<C: Ctx>(read: Read, shape: Arc<InputShape>, inner: Step<C>) -> Step<C> {
    asking(move |raw| take(raw, &shape, read), inner)
}

/// Makes the step of a procedure that takes no input, right before its handler: a body is checked even if nobody wants it.
pub(super) fn unused_step<C: Ctx>(inner: Step<C>) -> Step<C> {
    asking(|_| Ok(Carried::new(())), inner)
}

/// Makes a step that asks for the body of the request. The steps outside of it see the head alone.
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
                ctx.exchange().resume().await?;
            }
            inner(ctx, input).await
        })
    })
}

/// How long a call may wait for its body before what the steps before it have looked up is looked up again.
const LONG_WAIT: Duration = Duration::from_secs(1);

/// What is compiled for each input type.
#[derive(Clone, Copy)]
pub(super) struct Read {
    /// Reads an input and validates it. `None` if it is refused: why, the other one tells.
    read: fn(&str) -> Option<Carried>,
    examine: fn(Part<'_>, &mut Found),
}

impl Read {
    pub(super) fn of<T: Input>() -> Self {
        Self { read: read::<T>, examine: T::examine }
    }
}

fn read<T: Input>(text: &str) -> Option<Carried> {
    let input: T = serde_json::from_str(text).ok()?;
    input.validate().ok()?;
    Some(Carried::new(input))
}

/// The text to read. No input at all is `undefined`, which reads as `null` where the type takes that.
fn required<'a>(raw: &'a RawInput, shape: &InputShape, read: Read) -> Result<&'a str> {
    match raw.text() {
        Some(text) => Ok(text),
        None if shape.accepts_null() => Ok("null"),
        None => {
            let mut found = Found::new(false, false);
            found.missing(&Parts::Type(read.examine));
            Err(Error::invalid(found.into_parts(|| shape.error_map()).0))
        }
    }
}

/// Reads an input, or says everything that is wrong with it.
fn take(raw: &RawInput, shape: &InputShape, read: Read) -> Result<Carried> {
    let text = required(raw, shape, read)?;
    match (read.read)(text) {
        // serde reads an array as a struct, and more than the schema says where a type is lax.
        Some(input) if !raw.has_lists() && !shape.is_lax(text) => Ok(input),
        input => look(text, raw, (read, shape), input),
    }
}

/// Looks at an input that was refused, or that serde may have taken for another thing than it is.
#[cold]
fn look(text: &str, raw: &RawInput, (read, shape): (Read, &InputShape), mut input: Option<Carried>) -> Result<Carried> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MAX_ROUNDS {
        if input.is_none()
            && let Err(error) = serde_json::from_str::<Value>(&text)
        {
            // Not JSON at all: the type's reader is the first to look closely.
            return Err(Error::malformed(&error));
        }
        let (tree, mut found) = (Tree::new(&text), Found::new(raw.is_coerced(), shape.refuses_null()));
        if let Some(root) = tree.root() {
            (read.examine)(root, &mut found);
        }
        let (issues, rewrites) = found.into_parts(|| shape.error_map());
        match input {
            _ if !issues.is_empty() => return Err(Error::invalid(issues)),
            Some(input) if rewrites.is_empty() => return Ok(input),
            None if rewrites.is_empty() => break,
            // Where serde has made `None` of a number that an integer reader refused, too.
            _ => {
                text = Cow::Owned(rewritten(&text, rewrites));
                input = (read.read)(&text);
            }
        }
    }
    Err(Error::invalid(vec![Issue::new("", shape.error_map().text(&Problem::Invalid))]))
}

/// The text with some parts written otherwise.
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

/// A reader by hand stops at the first number that is to be written otherwise.
const MAX_ROUNDS: usize = 8;
