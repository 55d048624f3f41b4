//! The outline of an input type for the wires: its top-level fields, and how to convert the text of
//! a path or query for each field. It is derived from the type's JSON Schema.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// The type to which a text in a path or query is converted. If the reader of the field asks for
/// another type, that type wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextType {
    Number,
    Boolean,
    List(Box<TextType>),
    /// The text stays as it was sent.
    Text,
    /// No text can hold an object.
    Object,
}

impl TextType {
    /// Returns whether an empty text is a valid value.
    pub(crate) fn may_be_empty(&self) -> bool {
        matches!(self, Self::Text)
    }

    /// Returns whether a path or query can hold such a value. One text is a list of one item.
    pub(crate) fn fits(&self) -> bool {
        match self {
            Self::List(item) => !matches!(**item, Self::List(_) | Self::Object),
            other => *other != Self::Object,
        }
    }
}

/// The outline of an input type.
#[derive(Debug)]
pub(crate) struct Outline {
    pub(crate) fields: Vec<OutlineField>,
    /// The place of each name and alias among the fields.
    places: HashMap<String, usize>,
    /// The values of keys that the type does not name, if it accepts such keys as maps and flattened
    /// maps do.
    pub(crate) others: Option<TextType>,
    /// Whether the type refuses keys that it does not name.
    pub(crate) is_strict: bool,
    pub(crate) accepts_null: bool,
}

/// A top-level field, including those of flattened and tagged types.
#[derive(Debug)]
pub(crate) struct OutlineField {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) is_required: bool,
    pub(crate) text: TextType,
}

impl Outline {
    /// Makes the outline of a schema that has its definitions in `$defs`.
    pub(crate) fn new(schema: &Value) -> Self {
        let root = Root(schema);
        let types = root.types(schema, 0);
        let mut properties: Vec<Property<'_>> = Vec::new();
        root.properties(schema, 0, &mut properties);
        let (mut fields, mut places): (Vec<OutlineField>, HashMap<String, usize>) = Default::default();
        for property in properties {
            let text = root.text_type(property.schema, 0);
            match places.get(property.name).and_then(|place| fields.get_mut(*place)) {
                // If variants of one enum disagree about the type, it stays open.
                Some(field) if field.text != text => field.text = TextType::Text,
                Some(_) => {}
                None => {
                    places.insert(property.name.to_owned(), fields.len());
                    fields.push(OutlineField {
                        name: property.name.to_owned(),
                        aliases: texts(property.schema, ALIASES),
                        is_required: property.is_required,
                        text,
                    });
                }
            }
        }
        for (place, field) in fields.iter().enumerate() {
            for alias in &field.aliases {
                places.entry(alias.clone()).or_insert(place);
            }
        }
        let mut others = Vec::new();
        root.others(schema, 0, &mut others);
        let is_closed = |others: &&Value| **others == Value::Bool(false);
        let mut open = others.iter().filter(|others| !is_closed(others)).map(|others| root.text_type(others, 0));
        let first = open.next();
        Self {
            fields,
            places,
            others: if open.all(|text| first.as_ref() == Some(&text)) { first } else { Some(TextType::Text) },
            is_strict: others.iter().any(is_closed),
            accepts_null: types & NULL != 0,
        }
    }

    /// Returns the field with this name or alias.
    pub(crate) fn field(&self, name: &str) -> Option<&OutlineField> {
        self.places.get(name).map(|place| &self.fields[*place])
    }
}

struct Property<'s> {
    name: &'s str,
    schema: &'s Value,
    is_required: bool,
}

struct Root<'s>(&'s Value);

impl<'s> Root<'s> {
    /// Returns a schema's reference and everything beside it, and then its variants.
    fn parts(&self, schema: &'s Value) -> (Vec<&'s Value>, Vec<Vec<&'s Value>>) {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
        let list = |keyword: &str| schema.get(keyword).and_then(Value::as_array).map(|list| list.iter().collect());
        let mut all: Vec<&Value> = list("allOf").unwrap_or_default();
        all.extend(reference.and_then(|pointer| self.0.pointer(pointer)));
        (all, ["anyOf", "oneOf"].into_iter().filter_map(list).collect())
    }

    /// Returns the types that a schema accepts.
    fn types(&self, schema: &'s Value, hops: usize) -> u8 {
        if hops > MAX_HOPS || *schema == Value::Bool(false) {
            return if hops > MAX_HOPS { ANY } else { 0 };
        }
        let listed = match (schema.get("const"), schema.get("enum")) {
            (Some(only), _) => type_of(only),
            (None, Some(Value::Array(values))) => values.iter().map(type_of).fold(0, |types, of| types | of),
            _ => ANY,
        };
        let named = match schema.get("type") {
            Some(Value::String(name)) => type_named(name),
            Some(Value::Array(names)) => {
                names.iter().filter_map(Value::as_str).map(type_named).fold(0, |types, of| types | of)
            }
            _ => ANY,
        };
        let (all, unions) = self.parts(schema);
        let all = all.into_iter().map(|part| self.types(part, hops + 1));
        let unions =
            unions.iter().map(|union| union.iter().map(|it| self.types(it, hops + 1)).fold(0, |sum, of| sum | of));
        all.chain(unions).fold(listed & named, |types, of| types & of)
    }

    fn properties(&self, schema: &'s Value, hops: usize, found: &mut Vec<Property<'s>>) {
        if hops > MAX_HOPS {
            return;
        }
        let required = schema.get("required").and_then(Value::as_array);
        for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let is_required = required.is_some_and(|names| names.iter().any(|required| required == name));
            found.push(Property { name, schema, is_required });
        }
        let (all, unions) = self.parts(schema);
        all.into_iter().for_each(|part| self.properties(part, hops + 1, found));
        for union in unions {
            let mut variants: Vec<Vec<Property<'s>>> = Vec::new();
            for variant in union {
                let mut properties = Vec::new();
                self.properties(variant, hops + 1, &mut properties);
                variants.push(properties);
            }
            let requires = |properties: &Vec<Property<'_>>, name| {
                properties.iter().any(|property| property.name == name && property.is_required)
            };
            let required: Vec<_> = variants
                .iter()
                .flatten()
                .map(|property| variants.iter().all(|variant| requires(variant, property.name)))
                .collect();
            let properties = variants.into_iter().flatten().zip(required);
            found.extend(properties.map(|(property, is_required)| Property { is_required, ..property }));
        }
    }

    /// Finds the schemas of additional keys, in this schema and in those that it consists of.
    fn others(&self, schema: &'s Value, hops: usize, found: &mut Vec<&'s Value>) {
        if hops > MAX_HOPS {
            return;
        }
        let here = ["additionalProperties", "unevaluatedProperties"];
        found.extend(here.iter().filter_map(|keyword| schema.get(keyword)));
        found.extend(schema.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::values));
        let (all, unions) = self.parts(schema);
        all.into_iter().chain(unions.into_iter().flatten()).for_each(|part| self.others(part, hops + 1, found));
    }

    fn text_type(&self, schema: &'s Value, hops: usize) -> TextType {
        if schema.get(OWN_READER).is_some() || hops > MAX_HOPS {
            return TextType::Text;
        }
        match self.types(schema, 0) & !NULL {
            BOOLEAN => TextType::Boolean,
            NUMBER => TextType::Number,
            LIST => {
                let items = self.items(schema, 0);
                TextType::List(Box::new(items.map_or(TextType::Text, |items| self.text_type(items, hops + 1))))
            }
            OBJECT => TextType::Object,
            _ => TextType::Text,
        }
    }

    fn items(&self, schema: &'s Value, hops: usize) -> Option<&'s Value> {
        let (all, unions) = self.parts(schema);
        let inner = || all.into_iter().chain(unions.into_iter().flatten()).find_map(|part| self.items(part, hops + 1));
        schema.get("items").or_else(|| if hops > MAX_HOPS { None } else { inner() })
    }
}

fn texts(schema: &Value, keyword: &str) -> Vec<String> {
    let list = schema.get(keyword).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn type_of(value: &Value) -> u8 {
    match value {
        Value::Null => NULL,
        Value::Bool(_) => BOOLEAN,
        Value::Number(_) => NUMBER,
        Value::String(_) => TEXT,
        Value::Array(_) => LIST,
        Value::Object(_) => OBJECT,
    }
}

fn type_named(name: &str) -> u8 {
    match name {
        "null" => NULL,
        "boolean" => BOOLEAN,
        "number" | "integer" => NUMBER,
        "string" => TEXT,
        "array" => LIST,
        "object" => OBJECT,
        _ => 0,
    }
}

/// Returns a field that serde can never read in its place: one inside an enum with a tag among its
/// fields, inside an untagged enum, or inside a flattened type. serde buffers the values there, in
/// a form without 128-bit integers and without map keys other than strings.
pub(crate) fn unreadable(schema: &Value) -> Option<String> {
    let root = Root(schema);
    root.unreadable(schema, false, 0, "")
}

impl<'s> Root<'s> {
    fn unreadable(&self, schema: &'s Value, is_kept: bool, hops: usize, name: &str) -> Option<String> {
        if hops > MAX_HOPS {
            return None;
        }
        let is_wide = matches!(schema.get("format").and_then(Value::as_str), Some("int128" | "uint128"));
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let has_numbers = patterns.is_some_and(|patterns| patterns.keys().any(|pattern| pattern.ends_with("\\d+$")));
        if is_kept && (is_wide || has_numbers) {
            return Some(name.to_owned());
        }
        let own = schema.get(KEEPS).and_then(Value::as_array);
        let is_kept = is_kept || own.is_some();
        let is_own = |name: &str| own.is_some_and(|own| own.iter().any(|own| own == name));
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let mut fields = properties.map(|(name, inner)| (inner, is_kept && !is_own(name), name.as_str()));
        if let Some(found) = fields.find_map(|(inner, is_kept, name)| self.unreadable(inner, is_kept, hops + 1, name)) {
            return Some(found);
        }
        let (all, unions) = self.parts(schema);
        let items = ["items", "additionalProperties"].into_iter().filter_map(|keyword| schema.get(keyword));
        let first = schema.get("prefixItems").and_then(Value::as_array).into_iter().flatten();
        let inner = all.into_iter().chain(unions.into_iter().flatten()).chain(items).chain(first);
        inner
            .chain(patterns.into_iter().flat_map(|patterns| patterns.values()))
            .find_map(|inner| self.unreadable(inner, is_kept, hops + 1, name))
    }
}

/// Returns whether a schema, or one that it consists of, has a keyword.
pub(crate) fn mentions(schema: &Value, keyword: &str) -> bool {
    match schema {
        Value::Object(members) => {
            members.contains_key(keyword) || members.values().any(|member| mentions(member, keyword))
        }
        Value::Array(items) => items.iter().any(|item| mentions(item, keyword)),
        _ => false,
    }
}

const NULL: u8 = 1;
const BOOLEAN: u8 = 2;
const NUMBER: u8 = 4;
const TEXT: u8 = 8;
const LIST: u8 = 16;
const OBJECT: u8 = 32;
const ANY: u8 = 63;
/// A limit for `$ref`s that lead back to themselves.
const MAX_HOPS: usize = 16;
/// The marks of `#[schema]` on a field: its aliases, and that a function reads it.
const ALIASES: &str = "x-velox-aliases";
const OWN_READER: &str = "x-velox-reader";
/// The mark of a type that serde buffers before it decides, except for these fields.
const KEEPS: &str = "x-velox-keeps";
