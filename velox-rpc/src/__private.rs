//! What the macros' expansions name, and nothing else does.

pub use {schemars, serde, serde_json, validator};

pub use crate::context::{Context, Ctx, HasUser};
pub use crate::error::{Result, Type};
pub use crate::procedure::{InputFields, Middleware, Mutation, Next, Outcome, ProcedureBuilder, Query};
pub use crate::router::{IntoRouter, Router};
pub use crate::validate::{
    Broken, Described, Examine, Examiner, Field, FieldExaminer, Fields, Found, Got, Known, Leaf, Look, Multiple, Part,
    Parts, Rules, Shown, TaggedVariant, Texts, Told, Unknown, Variant, always, changed, double_changed, double_option,
    is_email, may_be_missing, takes_key,
};
