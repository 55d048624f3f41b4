//! Describes a type of the zoo.

use serde::Serialize;
use serde_json::Value;
use velox_rpc::procedure::Input;

/// A type, and values that it takes.
pub(crate) trait Animal: Input + Serialize {
    /// Other names of top-level fields, each with the name of the field.
    const ALIASES: &'static [(&'static str, &'static str)] = &[];
    /// Whether each top-level field is right or wrong whatever the others are.
    const IS_INDEPENDENT: bool = true;
    /// Whether it has an enum without a tag or one whose tag is a key, of which nobody can tell what was meant.
    const IS_VAGUE: bool = false;
    /// The fields of a flattened `Option`: serde makes `None` of what it cannot read of them.
    const LAX: &'static [&'static str] = &[];
    /// Why its JSON Schema refuses what is accepted, and where, as JSON Pointers: there and inside.
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] = &[];

    /// Values that it takes.
    fn good() -> Good;
}

/// Values that a type takes: those of one of these forms.
#[derive(Clone, Debug)]
pub(crate) struct Good(pub(crate) Vec<Form>);

/// Values of one form.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// Any of these.
    Values(Vec<Value>),
    /// Objects that have for each field one of its values.
    Fields(Vec<(String, Vec<Value>)>),
}

impl Good {
    /// Any of these values.
    pub(crate) fn values(values: Value) -> Self {
        Self(vec![Form::Values(list(values))])
    }

    /// Objects that have for each field one of its values.
    pub(crate) fn fields(fields: Value) -> Self {
        let Value::Object(fields) = fields else { panic!("fields come as an object") };
        Self(vec![Form::Fields(fields.into_iter().map(|(name, values)| (name, list(values))).collect())])
    }

    /// These as well.
    pub(crate) fn or(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

fn list(values: Value) -> Vec<Value> {
    let Value::Array(values) = values else { panic!("values come as a list") };
    values
}

/// Why a JSON Schema refuses what is accepted. Most of it is how schemars describes what serde reads.
pub(crate) mod beyond_schema {
    pub(crate) const ALIAS: &str = "an alias is not described";
    pub(crate) const CATCH_ALL: &str = "a variant for all other tags is described by its own name";
    pub(crate) const CHANGED: &str = "a text is described as it is after it was changed";
    pub(crate) const OPTIONAL_CONTENT: &str = "what stands beside a tag is described as required, an `Option` too";
    pub(crate) const OPTIONAL_ITEM: &str = "an item with a default is described as required";
    pub(crate) const OWN_READER: &str = "a field that a function reads is described by its type";
    pub(crate) const READER_ALONE: &str = "a type that is known by its reader alone takes a list as serde does";
    pub(crate) const ROUNDED: &str = "a number is described before it is rounded to what a float holds";
    pub(crate) const SEVERAL_VARIANTS: &str = "of an enum among other fields the first variant counts";
    pub(crate) const SET: &str = "a set drops what is there twice, and is described without it";
    pub(crate) const UNIT: &str = "a variant that holds nothing takes fields beside its tag, though others are denied";
    pub(crate) const UNCHECKED: &str = "rules inside of a field that is not `nested` are described, and not checked";
}
