//! What the macros' expansions name, and nothing else does.

pub use {schemars, serde, serde_json, validator};

pub use crate::context::{Context, Ctx, HasUser};
pub use crate::error::{Result, Type};
pub use crate::procedure::{InputFields, Middleware, Mutation, Next, Outcome, ProcedureBuilder, Query};
pub use crate::router::{IntoRouter, Router};
pub use crate::validate::{
    At, Broken, Described, Examine, Field, Found, Got, Hashed, Known, Leaf, Multiple, Parts, Shown, Sorted, Tag, Texts,
    Told, Unknown, Variant, changed, double_changed, double_option, is_email, is_url, length, may_be_missing,
    takes_key,
};
