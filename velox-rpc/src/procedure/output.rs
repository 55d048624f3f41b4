//! What a procedure gives, and what it may be.

use std::cell::RefCell;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

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
