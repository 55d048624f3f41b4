//! One link of a chain, with its types erased.

use std::any::Any;
use std::sync::Arc;

use super::Outcome;
use crate::error::Result;
use crate::running::Running;

/// The rest of a chain: it takes the context at this place and the input so far, and returns the
/// procedure's output. It costs one virtual call, and a box only if something waits.
///
/// The type of the input is erased too, so middlewares and guards are not compiled again for each
/// input type.
pub(super) type Step<C> = Arc<dyn Fn(C, Carried) -> Running<Result<Outcome>> + Send + Sync>;

/// The input of a call on its way to the handler. Before the input is read, this is `()`, which
/// needs no memory.
pub(super) struct Carried(Box<dyn Any + Send>);

impl Carried {
    pub(super) fn new<I: Send + 'static>(input: I) -> Self {
        Self(Box::new(input))
    }

    /// Returns the input. The types of the builder guarantee that it is an `I`.
    pub(super) fn take<I: 'static>(self) -> I {
        let Ok(input) = self.0.downcast() else { panic!("{OF_ITS_TYPE}") };
        *input
    }

    /// Returns a reference to the input.
    pub(super) fn peek<I: 'static>(&self) -> &I {
        self.0.downcast_ref().expect(OF_ITS_TYPE)
    }
}

const OF_ITS_TYPE: &str = "the types of the builder guarantee the type of the input";
