//! The link of a chain, with its types erased.

use std::any::Any;
use std::sync::Arc;

use super::Outcome;
use crate::error::Result;
use crate::running::Running;

/// The rest of a chain from some place on: it takes the context of that place and the input so far, and gives the procedure's
/// output. One virtual call, and one box only where something waits.
///
/// The input's type is erased too: middlewares and guards pass it on without being compiled anew for each.
pub(super) type Step<C> = Arc<dyn Fn(C, Carried) -> Running<Result<Outcome>> + Send + Sync>;

/// The input of a call on its way to the handler. Before it is read it is `()`, which takes up no room.
pub(super) struct Carried(Box<dyn Any + Send>);

impl Carried {
    pub(super) fn new<I: Send + 'static>(input: I) -> Self {
        Self(Box::new(input))
    }

    /// The input. The builder's types see to it that it is an `I`.
    pub(super) fn take<I: 'static>(self) -> I {
        *self.0.downcast().expect(OF_ITS_TYPE)
    }

    /// A look at the input.
    pub(super) fn peek<I: 'static>(&self) -> &I {
        self.0.downcast_ref().expect(OF_ITS_TYPE)
    }
}

const OF_ITS_TYPE: &str = "a step gets the input that the builder's type says";
