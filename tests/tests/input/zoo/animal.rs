//! Describes a type of the zoo.

use serde::Serialize;
use serde_json::Value;
use velox_rpc::procedure::Input;

/// A type of the zoo, with values that it accepts.
pub(crate) trait Animal: Input + Serialize {
    /// Aliases of top-level fields, each with the name of the field.
    const ALIASES: &'static [(&'static str, &'static str)] = &[];
    /// `true` if each top-level field is valid or invalid independently of the others.
    const IS_INDEPENDENT: bool = true;
    /// `true` if it contains an untagged or an externally tagged enum, so that it is unclear which
    /// variant was meant.
    const IS_VAGUE: bool = false;
    /// The fields of a flattened `Option`. Serde reads `None` if it cannot read them.
    const LAX: &'static [&'static str] = &[];
    /// Why its JSON Schema refuses values that are accepted. The JSON Pointers name the places;
    /// everything below them counts too.
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] = &[];

    /// Values that it accepts.
    fn good() -> Good;
}

/// Values that a type accepts, in one or more forms.
#[derive(Clone, Debug)]
pub(crate) struct Good(pub(crate) Vec<Form>);

/// Values of one form.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// Any of these values.
    Values(Vec<Value>),
    /// Objects with one of these values for each field.
    Fields(Vec<(String, Vec<Value>)>),
}

impl Good {
    /// Values, given as a list.
    pub(crate) fn values(values: Value) -> Self {
        Self(vec![Form::Values(list(values))])
    }

    /// Objects, given as an object with a list of values for each field.
    pub(crate) fn fields(fields: Value) -> Self {
        let Value::Object(fields) = fields else { panic!("the fields must be an object") };
        Self(vec![Form::Fields(fields.into_iter().map(|(name, values)| (name, list(values))).collect())])
    }

    /// Adds more forms.
    pub(crate) fn or(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

fn list(values: Value) -> Vec<Value> {
    let Value::Array(values) = values else { panic!("the values must be a list") };
    values
}

/// Reasons why a JSON Schema refuses values that are accepted. Most come from how schemars
/// describes types.
pub(crate) mod beyond_schema {
    pub(crate) const ALIAS: &str = "an alias is not described";
    pub(crate) const CATCH_ALL: &str = "a catch-all variant is described by its own name only";
    pub(crate) const CHANGED: &str = "a transformed string is described as it is afterwards";
    pub(crate) const OPTIONAL_CONTENT: &str = "a field beside a tag is described as required, even an `Option`";
    pub(crate) const OPTIONAL_ITEM: &str = "an item with a default is described as required";
    pub(crate) const OWN_READER: &str = "a field with its own reader is described by its type";
    pub(crate) const READER_ALONE: &str = "a type without a known structure accepts a list, as serde does";
    pub(crate) const ROUNDED: &str = "a number is described before it is rounded to a float";
    pub(crate) const SEVERAL_VARIANTS: &str = "the first variant of a flattened enum counts";
    pub(crate) const SET: &str = "a set drops repeated items, but is described without repeats";
    pub(crate) const UNIT: &str = "a unit variant accepts fields beside its tag, although unknown fields are denied";
    pub(crate) const UNCHECKED: &str = "rules inside a field without `nested` are described, but not checked";
}
