//! The link of a chain, with its type erased.

use std::sync::Arc;

use super::Output;
use crate::call::Call;
use crate::error::Result;
use crate::running::Running;

/// The rest of a chain from some place on: it takes the context and the input of that place and gives the procedure's
/// output. One virtual call, and one box only where something waits.
pub(super) type Step<C, I> = Arc<dyn Fn(Call<C, I>) -> Running<Result<Output>> + Send + Sync>;
