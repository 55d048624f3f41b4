//! The outline of an input type for the wires: its top-level fields, and how to convert the strings
//! of a path or query for each field. It is derived from the type's JSON Schema.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::json_schema::{Definitions, MAX_HOPS, Types};

/// The type to which a string in a path or query is converted. If the reader of the field asks for
/// another type, that type wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextType {
    Number,
    Boolean,
    List(Box<TextType>),
    /// The string stays as it was sent.
    Text,
    /// No string can hold an object.
    Object,
}

impl TextType {
    /// Returns whether an empty string is a valid value.
    pub(crate) fn may_be_empty(&self) -> bool {
        matches!(self, Self::Text)
    }

    /// Returns whether a path or query can hold such a value. One string is a list of one item.
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
    /// The values of keys that the type does not name, if it accepts such keys as maps and
    /// flattened maps do.
    pub(crate) others: Option<TextType>,
    /// `true` if the type refuses keys that it does not name.
    pub(crate) is_strict: bool,
    /// The JSON types that the type accepts.
    pub(crate) types: Types,
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
        let root = Root::new(schema);
        let (mut fields, mut places): (Vec<OutlineField>, HashMap<String, usize>) = Default::default();
        for property in root.0.properties(schema) {
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
        let others = root.0.others(schema);
        let is_closed = |others: &&Value| **others == Value::Bool(false);
        let mut open = others.iter().filter(|others| !is_closed(others)).map(|others| root.text_type(others, 0));
        let first = open.next();
        Self {
            fields,
            places,
            others: if open.all(|text| first.as_ref() == Some(&text)) { first } else { Some(TextType::Text) },
            is_strict: others.iter().any(is_closed),
            types: root.0.types(schema),
        }
    }

    /// Returns the field with this name or alias.
    pub(crate) fn field(&self, name: &str) -> Option<&OutlineField> {
        self.places.get(name).map(|place| &self.fields[*place])
    }
}

/// A schema, and the definitions to which it refers.
struct Root<'s>(Definitions<'s>);

impl<'s> Root<'s> {
    fn new(schema: &'s Value) -> Self {
        Self(Definitions(schema.get("$defs").and_then(Value::as_object)))
    }

    fn text_type(&self, schema: &'s Value, hops: usize) -> TextType {
        if schema.get(OWN_READER).is_some() || hops > MAX_HOPS {
            return TextType::Text;
        }
        match self.0.types(schema).without_null() {
            Types::BOOLEAN => TextType::Boolean,
            Types::NUMBER => TextType::Number,
            Types::LIST => {
                let items = self.items(schema, 0);
                TextType::List(Box::new(items.map_or(TextType::Text, |items| self.text_type(items, hops + 1))))
            }
            Types::OBJECT => TextType::Object,
            _ => TextType::Text,
        }
    }

    fn items(&self, schema: &'s Value, hops: usize) -> Option<&'s Value> {
        let (all, unions) = self.0.parts(schema);
        let inner = || all.into_iter().chain(unions.into_iter().flatten()).find_map(|part| self.items(part, hops + 1));
        schema.get("items").or_else(|| if hops > MAX_HOPS { None } else { inner() })
    }
}

fn texts(schema: &Value, keyword: &str) -> Vec<String> {
    let list = schema.get(keyword).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Returns a field that serde can never read in its place: one inside an enum with a tag among its
/// fields, inside an untagged enum, or inside a flattened type. serde buffers the values there, in
/// a form without 128-bit integers and without map keys other than strings. Of two fields with one
/// name, the one of the flattened type gets nothing. The name is empty for a value without one, such
/// as a flattened map.
pub(crate) fn unreadable(schema: &Value) -> Option<String> {
    Root::new(schema).unreadable(schema, false, "", &mut HashSet::new())
}

impl<'s> Root<'s> {
    /// Each schema in `visited` was examined before, kept or not. A recursive type leads to it
    /// again.
    fn unreadable(
        &self,
        schema: &'s Value,
        is_kept: bool,
        name: &str,
        visited: &mut HashSet<(*const Value, bool)>,
    ) -> Option<String> {
        if !visited.insert((schema, is_kept)) {
            return None;
        }
        let is_wide = matches!(schema.get("format").and_then(Value::as_str), Some("int128" | "uint128"));
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let has_numbers = patterns.is_some_and(|patterns| patterns.keys().any(|pattern| pattern.ends_with("\\d+$")));
        let own = schema.get(KEEPS).and_then(Value::as_array);
        let is_kept = is_kept || own.is_some();
        if is_kept && (is_wide || has_numbers) {
            return Some(name.to_owned());
        }
        // schemars joins the lists of a type and of what it flattens.
        let (required, mut seen) = (schema.get("required").and_then(Value::as_array), HashSet::new());
        if let Some(twice) = required.into_iter().flatten().filter_map(Value::as_str).find(|name| !seen.insert(*name)) {
            return Some(twice.to_owned());
        }
        let is_own = |name: &str| own.is_some_and(|own| own.iter().any(|own| own == name));
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let mut fields = properties.map(|(name, inner)| (inner, is_kept && !is_own(name), name.as_str()));
        if let Some(found) = fields.find_map(|(inner, is_kept, name)| self.unreadable(inner, is_kept, name, visited)) {
            return Some(found);
        }
        let (all, unions) = self.0.parts(schema);
        // A flattened enum gets no field that the type around it has.
        let needs = |part, name: &str| self.0.properties(part).iter().any(|it| it.name == name && it.is_required);
        let shares = |name: &&str| {
            unions.iter().any(|union| !union.is_empty() && union.iter().all(|variant| needs(*variant, name)))
        };
        let needed = || required.into_iter().flatten().filter_map(Value::as_str);
        // serde removes the tag before it reads the type behind it. That type can get a field of this
        // name only under an alias.
        let is_tag = |name: &str| schema["properties"][name].get("const").is_some();
        let behind = || all.iter().flat_map(|part| self.0.properties(part));
        let is_lost =
            |name: &str| behind().any(|it| it.name == name && it.is_required && it.schema.get(ALIASES).is_none());
        let is_of_tag = |name: &&str| is_kept && is_tag(name) && is_lost(name);
        let shared = needed().filter(|name| is_own(name)).filter(|_| !unions.is_empty()).find(shares);
        if let Some(shared) = shared.or_else(|| needed().find(is_of_tag)) {
            return Some(shared.to_owned());
        }
        let items = ["items", "additionalProperties"].into_iter().filter_map(|keyword| schema.get(keyword));
        let first = schema.get("prefixItems").and_then(Value::as_array).into_iter().flatten();
        let inner = all.into_iter().chain(unions.into_iter().flatten()).chain(items).chain(first);
        inner
            .chain(patterns.into_iter().flat_map(|patterns| patterns.values()))
            .find_map(|inner| self.unreadable(inner, is_kept, name, visited))
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

/// The marks of `#[schema]` on a field: its aliases, and that a function reads it.
const ALIASES: &str = "x-velox-aliases";
const OWN_READER: &str = "x-velox-reader";
/// The mark of a type that serde buffers before it decides, except for these fields.
pub(crate) const KEEPS: &str = "x-velox-keeps";
