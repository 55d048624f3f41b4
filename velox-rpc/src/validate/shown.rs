//! Types of other crates that clients are told about, if a feature gives them a JSON Schema.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Wraps a type in its JSON Schema, so that velox's own message reports a type without a schema.
/// `#[schema]` puts it around types of crates that have a feature here.
#[derive(Debug)]
pub struct Shown<T>(PhantomData<T>);

/// A type that has a JSON Schema.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be described to clients",
    label = "this type has no JSON Schema",
    note = "for a type of `chrono`, `jiff`, `rust_decimal`, `url` or `uuid`, turn on the feature of velox-rpc with that name",
    note = "for a type of another crate, describe its JSON, for example with `#[schemars(with = \"String\")]`; for your own type, put `#[schema]` above it"
)]
pub trait Describable: JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: JsonSchema> Describable for T {}

impl<T: Describable> JsonSchema for Shown<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
