//! The set of JSON types a node takes, and their names in messages.

use serde_json::Value;

/// A set of JSON types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const NONE: Types = Types(0);
    pub(super) const NULL: Types = Types(1);
    pub(super) const BOOLEAN: Types = Types(2);
    pub(super) const NUMBER: Types = Types(4);
    pub(super) const STRING: Types = Types(8);
    pub(super) const ARRAY: Types = Types(16);
    pub(super) const OBJECT: Types = Types(32);
    pub(super) const ANY: Types = Types(63);

    /// The type a schema calls `name`; an unknown name is no type.
    pub(super) fn named(name: &str) -> Types {
        match name {
            "null" => Types::NULL,
            "boolean" => Types::BOOLEAN,
            "number" | "integer" => Types::NUMBER,
            "string" => Types::STRING,
            "array" => Types::ARRAY,
            "object" => Types::OBJECT,
            _ => Types::NONE,
        }
    }

    pub(super) fn of(value: &Value) -> Types {
        match value {
            Value::Null => Types::NULL,
            Value::Bool(_) => Types::BOOLEAN,
            Value::Number(_) => Types::NUMBER,
            Value::String(_) => Types::STRING,
            Value::Array(_) => Types::ARRAY,
            Value::Object(_) => Types::OBJECT,
        }
    }

    /// The types in either set.
    pub(super) fn or(self, other: Types) -> Types {
        Types(self.0 | other.0)
    }

    /// The types in both sets.
    pub(super) fn both(self, other: Types) -> Types {
        Types(self.0 & other.0)
    }

    pub(super) fn without(self, other: Types) -> Types {
        Types(self.0 & !other.0)
    }

    pub(super) fn contains(self, other: Types) -> bool {
        self.0 & other.0 == other.0
    }

    /// The name of the only type in the set, null aside.
    pub(super) fn only(self) -> Option<&'static str> {
        Some(match self.without(Types::NULL) {
            Types::BOOLEAN => "boolean",
            Types::NUMBER => "number",
            Types::STRING => "string",
            Types::ARRAY => "array",
            Types::OBJECT => "object",
            Types::NONE if self == Types::NULL => "null",
            _ => return None,
        })
    }
}

/// The name of a value's type, as Zod says it.
pub(super) fn type_name(value: &Value) -> &'static str {
    Types::of(value).only().expect("a value has one type")
}
