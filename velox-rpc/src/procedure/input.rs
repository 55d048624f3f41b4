//! The input step: JSON text becomes a value of the input type, or a list of everything that is wrong with it.
//!
//! The fast path is serde, then `validate()`. Only where one of them fails, or where an array stands in the text (serde
//! reads an array as a struct), the JSON is checked against the type's schema, by code that is compiled once.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use validator::{Validate, ValidationErrors};

use super::shape::InputShape;
use super::step::{Carried, Step};
use super::whole;
use crate::call::RawInput;
use crate::context::Ctx;
use crate::error::{Error, Issue, Result};
use crate::running::Running;
use crate::validate::{Origin, no_object, path_at};

/// What a procedure can take: a type that serde can read, validator can check and schemars can describe, as `#[schema]`
/// makes it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the input of a procedure",
    label = "not an input",
    note = "an input is read from JSON, validated and described to clients: put `#[schema]` above `{Self}`, or derive `Deserialize`, `Validate` and `JsonSchema`"
)]
pub trait Input: DeserializeOwned + Validate + JsonSchema + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + Validate + JsonSchema + Send + 'static> Input for T {}

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

/// Reads an input and validates it.
pub(super) type Read = fn(&str) -> serde_json::Result<(Carried, Result<(), ValidationErrors>)>;

/// The typed part: all that is compiled for each input type.
pub(super) fn read<T: Input>(text: &str) -> serde_json::Result<(Carried, Result<(), ValidationErrors>)> {
    match serde_json::from_str::<T>(text) {
        Ok(input) => {
            let verdict = input.validate();
            Ok((Carried::new(input), verdict))
        }
        Err(error) => Err(error),
    }
}

/// The text to read. No input at all is `undefined`, which reads as `null` where the type takes that.
fn required<'a>(raw: &'a RawInput, shape: &InputShape) -> Result<&'a str> {
    match raw.text() {
        Some(text) => Ok(text),
        None if shape.accepts_null() => Ok("null"),
        None => Err(Error::invalid(vec![Issue::new("", "Required")])),
    }
}

/// Reads an input, or says everything that is wrong with it.
fn take(raw: &RawInput, shape: &InputShape, read: Read) -> Result<Carried> {
    take_text(required(raw, shape)?, raw, shape, read)
}

fn take_text(text: &str, raw: &RawInput, shape: &InputShape, read: Read) -> Result<Carried> {
    match read(text) {
        Ok((input, Ok(()))) => check_lists(text, raw, shape).map(|()| input),
        Ok((_, Err(errors))) => Err(broken_rules(&errors, text, raw, shape)),
        Err(error) => take_whole(text, raw, shape, read, &error),
    }
}

/// serde could not read the text. To JSON Schema and to JavaScript `5.0` is an integer, and to serde it is none: a text that has such
/// numbers is read again with integers in their place.
#[cold]
fn take_whole(
    text: &str,
    raw: &RawInput,
    shape: &InputShape,
    read: Read,
    error: &serde_json::Error,
) -> Result<Carried> {
    match whole::as_integers(text) {
        Some(text) => take_text(&text, raw, shape, read),
        None => Err(unreadable(text, raw, shape, error)),
    }
}

/// serde could not read the text: says everything that is wrong with it, rules included.
fn unreadable(text: &str, raw: &RawInput, shape: &InputShape, error: &serde_json::Error) -> Error {
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        // Not JSON at all: the type's reader is the first to look closely.
        Err(error) => return Error::malformed(&error),
    };
    let mut issues = shape.get().issues(&value, origin(raw));
    if issues.is_empty() {
        // The type reads more strictly than its schema says: the place is all that is known.
        issues.push(Issue::new(path_at(text, error.line(), error.column()), "Invalid input"));
    }
    Error::invalid(issues)
}

/// The text could be read, and broke rules.
#[cold]
fn broken_rules(errors: &ValidationErrors, text: &str, raw: &RawInput, shape: &InputShape) -> Error {
    let mut issues = shape.get().rule_issues(errors);
    if issues.is_empty() {
        issues = self::issues(text, raw, shape);
    }
    if issues.is_empty() {
        issues.push(Issue::new("", "Invalid input"));
    }
    Error::invalid(issues)
}

/// serde read the text; was an array taken for a struct?
fn check_lists(text: &str, raw: &RawInput, shape: &InputShape) -> Result<()> {
    if !raw.has_lists() {
        return Ok(());
    }
    let mut issues = issues(text, raw, shape);
    let array_for_object = no_object(&Value::Array(Vec::new()));
    issues.retain(|issue| issue.message == array_for_object);
    if issues.is_empty() { Ok(()) } else { Err(Error::invalid(issues)) }
}

fn issues(text: &str, raw: &RawInput, shape: &InputShape) -> Vec<Issue> {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => shape.get().issues(&value, origin(raw)),
        Err(_) => Vec::new(),
    }
}

fn origin(raw: &RawInput) -> Origin {
    if raw.is_coerced() { Origin::Text } else { Origin::Body }
}
