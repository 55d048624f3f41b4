//! What the macros' expansions name, and nothing else does.

pub use {schemars, serde, validator};

pub use crate::context::{Context, Ctx, HasUser};
pub use crate::error::Result;
pub use crate::procedure::{InputFields, Middleware, Mutation, Next, Output, ProcedureBuilder, Query};
pub use crate::router::{IntoRouter, Router};
