//! Procedures: the builder, and the steps that it chains.
//!
//! The path of a call: `erased` runs the chain, in the same way for every transport. Then each step
//! runs in the order in which it was written: `middleware`, `guard`, `input`. The last step is the
//! `handler`, or `subscribe` for a subscription. `ending` checks that the head of the reply can be
//! sent. The chain is type-erased at every step, so a procedure compiles to a few small functions
//! and never to one nested future.

mod builder;
mod demand;
mod ending;
mod erased;
mod event;
mod events;
mod float;
mod guard;
mod handler;
mod input;
mod meta;
mod middleware;
mod output;
mod output_type;
mod shape;
mod step;
mod subscribe;

pub use self::builder::{ProcedureBuilder, procedure};
pub(crate) use self::demand::{Claim, ReplyHeader};
pub use self::demand::{Credential, Demands};
pub(crate) use self::erased::{Endpoint, end, run};
pub use self::erased::{Mutation, Procedure, Query, Subscription};
pub use self::event::{Event, Tracked, tracked};
pub(crate) use self::events::{Events, Happening, LAST_EVENT_ID, MAX_EVENT_ID, RawEvent};
pub use self::float::Float;
pub use self::guard::{
    AllOf, AnyOf, Authenticated, Guard, GuardList, HasRole, NamedGuard, Not, Refusal, RoleName, Verdict, all_of,
    any_of, authenticated, guard, has_role, not,
};
pub use self::handler::{Later, Now, Respond};
pub use self::input::{Input, InputFields};
pub(crate) use self::meta::{Meta, reads_body};
pub use self::meta::{Parent, RestRoute};
pub use self::middleware::{Middleware, Next};
pub use self::output::{Outcome, Output};
pub use self::output_type::OutputBuilder;
pub(crate) use self::shape::{InputSettings, InputShape};
pub use self::subscribe::{Streaming, Subscribe};
pub use crate::running::Running;
pub use crate::validate::Examine;
