//! Reads a JSON Schema: the types that it accepts, and the fields of its objects. Both the wires
//! and the exporters need this.
//!
//! Layer: vocabulary. Every layer may use this module, and it uses only other vocabulary.

pub(crate) mod corrections;

use std::ops::{BitAnd, BitOr};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// The definitions to which schemas refer.
#[derive(Clone, Copy)]
pub(crate) struct Definitions<'s>(pub(crate) Option<&'s Map<String, Value>>);

/// A field of an object.
#[derive(Clone, Copy)]
pub(crate) struct Property<'s> {
    pub(crate) name: &'s str,
    pub(crate) schema: &'s Value,
    pub(crate) is_required: bool,
}

impl<'s> Definitions<'s> {
    /// Returns a schema's reference and everything beside it, and then its variants.
    pub(crate) fn parts(self, schema: &'s Value) -> (Vec<&'s Value>, Vec<Vec<&'s Value>>) {
        let list = |keyword: &str| schema.get(keyword).and_then(Value::as_array).map(|list| list.iter().collect());
        let mut all: Vec<&Value> = self.referred(schema).into_iter().collect();
        all.extend(list("allOf").into_iter().flatten());
        (all, ["anyOf", "oneOf"].into_iter().filter_map(list).collect())
    }

    fn referred(self, schema: &'s Value) -> Option<&'s Value> {
        let (_, name) = schema.get("$ref")?.as_str()?.rsplit_once('/')?;
        self.0?.get(&*percent_decode_str(name).decode_utf8_lossy())
    }

    /// Returns the types that a schema accepts.
    pub(crate) fn types(self, schema: &'s Value) -> Types {
        self.types_within(schema, MAX_HOPS)
    }

    fn types_within(self, schema: &'s Value, hops: usize) -> Types {
        if hops == 0 || *schema == Value::Bool(false) {
            return if hops == 0 { Types::ANY } else { Types::NONE };
        }
        let any_of = |types: &mut dyn Iterator<Item = Types>| types.fold(Types::NONE, |types, of| types | of);
        let listed = match (schema.get("const"), schema.get("enum")) {
            (Some(only), _) => Types::of(only),
            (None, Some(Value::Array(values))) => any_of(&mut values.iter().map(Types::of)),
            _ => Types::ANY,
        };
        let named = match schema.get("type") {
            Some(Value::String(name)) => Types::named(name),
            Some(Value::Array(names)) => any_of(&mut names.iter().filter_map(Value::as_str).map(Types::named)),
            _ => Types::ANY,
        };
        let (all, unions) = self.parts(schema);
        let all = all.into_iter().map(|part| self.types_within(part, hops - 1));
        let unions = unions.iter().map(|union| any_of(&mut union.iter().map(|it| self.types_within(it, hops - 1))));
        all.chain(unions).fold(listed & named, |types, of| types & of)
    }

    /// Returns the fields of a schema in the order in which they were written, including those of
    /// flattened types and of variants. A name may come several times.
    pub(crate) fn properties(self, schema: &'s Value) -> Vec<Property<'s>> {
        self.properties_within(schema, MAX_HOPS)
    }

    fn properties_within(self, schema: &'s Value, hops: usize) -> Vec<Property<'s>> {
        let mut found = Vec::new();
        if hops == 0 {
            return found;
        }
        let required = schema.get("required").and_then(Value::as_array);
        for (name, schema) in schema.as_object().map(properties).unwrap_or_default() {
            let is_required = required.is_some_and(|names| names.iter().any(|required| required == name));
            found.push(Property { name, schema, is_required });
        }
        let (all, unions) = self.parts(schema);
        found.extend(all.into_iter().flat_map(|part| self.properties_within(part, hops - 1)));
        for union in unions {
            let variants: Vec<_> = union.into_iter().map(|variant| self.properties_within(variant, hops - 1)).collect();
            // A field is required if every variant needs it.
            let requires =
                |variant: &Vec<Property<'_>>, name| variant.iter().any(|it| it.name == name && it.is_required);
            let all = variants.iter().flatten().copied();
            found.extend(all.map(|property| Property {
                is_required: variants.iter().all(|variant| requires(variant, property.name)),
                ..property
            }));
        }
        found
    }

    /// Returns the schemas of the values under keys that a schema does not name.
    pub(crate) fn others(self, schema: &'s Value) -> Vec<&'s Value> {
        self.others_within(schema, MAX_HOPS)
    }

    fn others_within(self, schema: &'s Value, hops: usize) -> Vec<&'s Value> {
        let here = ["additionalProperties", "unevaluatedProperties"];
        let mut found: Vec<_> = here.iter().filter_map(|keyword| schema.get(keyword)).collect();
        found.extend(schema.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::values));
        let (all, unions) = self.parts(schema);
        let parts = all.into_iter().chain(unions.into_iter().flatten()).filter(|_| hops > 0);
        found.extend(parts.flat_map(|part| self.others_within(part, hops - 1)));
        found
    }
}

/// Types of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Types(u8);

impl Types {
    const NONE: Self = Self(0);
    pub(crate) const NULL: Self = Self(1);
    pub(crate) const BOOLEAN: Self = Self(2);
    pub(crate) const NUMBER: Self = Self(4);
    const TEXT: Self = Self(8);
    pub(crate) const LIST: Self = Self(16);
    pub(crate) const OBJECT: Self = Self(32);
    const ANY: Self = Self(63);

    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(_) => Self::NUMBER,
            Value::String(_) => Self::TEXT,
            Value::Array(_) => Self::LIST,
            Value::Object(_) => Self::OBJECT,
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "number" | "integer" => Self::NUMBER,
            "string" => Self::TEXT,
            "array" => Self::LIST,
            "object" => Self::OBJECT,
            _ => Self::NONE,
        }
    }

    pub(crate) fn has_null(self) -> bool {
        self & Self::NULL == Self::NULL
    }

    pub(crate) fn has_object(self) -> bool {
        self & Self::OBJECT == Self::OBJECT
    }

    pub(crate) fn without_null(self) -> Self {
        Self(self.0 & !Self::NULL.0)
    }
}

impl BitAnd for Types {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Types {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Returns the properties of a schema in the order in which the fields were written. Properties of
/// flattened types come last.
pub(crate) fn properties(schema: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    in_order(properties, schema.get(ORDER))
}

/// Sorts members by a list of names. Members that are not in the list come last.
pub(crate) fn in_order<'a>(
    members: impl Iterator<Item = (&'a String, &'a Value)>,
    order: Option<&Value>,
) -> Vec<(&'a String, &'a Value)> {
    let order = order.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut members: Vec<_> = members.collect();
    members.sort_by_cached_key(|(name, _)| order.iter().position(|known| known == name.as_str()).unwrap_or(usize::MAX));
    members
}

/// The member with the names of the fields in their order, since a map of serde_json sorts its
/// keys. The exporters remove it before they write a document.
pub(crate) const ORDER: &str = "x-velox-order";
/// The limit on steps through references, for definitions that refer to themselves.
pub(crate) const MAX_HOPS: usize = 16;
