//! The items that the expansions of the macros name. Nothing else uses them.

use std::marker::PhantomData;
pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{Err, Ok};

pub use {schemars, serde, serde_json, validator};

pub use crate::context::{Context, Ctx, HasUser};
pub use crate::error::{Result, Type};
pub use crate::procedure::{InputFields, Middleware, Mutation, Next, Outcome, ProcedureBuilder, Query};
pub use crate::router::{IntoRouter, Router};
pub use crate::validate::{
    At, Broken, Described, Examine, Field, Found, Got, Hashed, Known, Leaf, Multiple, Parts, Sent, Shown, Sorted, Tag,
    Texts, Told, Unknown, Variant, by_type, changed, contains, default_of, double_changed, double_option,
    has_no_control, is_email, is_ip, is_url, length, plain, takes_key,
};

/// The result of `Validate`.
pub type Verdict = std::result::Result<(), validator::ValidationErrors>;

/// Stands for an input type in the check of a route's parameters.
#[derive(Debug)]
pub struct FieldsOf<T>(PhantomData<T>);

impl<T: InputFields> FieldsOf<T> {
    /// The names of the fields.
    pub const NAMES: Option<&'static [&'static str]> = Some(T::FIELDS);
}

/// Every type has these unknown names. Where a type's fields are known, the constant of the type
/// itself wins.
pub trait UnknownFields {
    /// No names.
    const NAMES: Option<&'static [&'static str]> = None;
}

impl<T> UnknownFields for FieldsOf<T> {}

/// Returns whether a field of this name is among the fields, or may be.
#[must_use]
pub const fn may_have(fields: Option<&[&str]>, name: &str) -> bool {
    let (Some(mut fields), name) = (fields, name.as_bytes()) else { return true };
    while let [field, rest @ ..] = fields {
        let field = field.as_bytes();
        let mut same = 0;
        while same < name.len() && same < field.len() && name[same] == field[same] {
            same += 1;
        }
        if same == name.len() && same == field.len() {
            return true;
        }
        fields = rest;
    }
    false
}
