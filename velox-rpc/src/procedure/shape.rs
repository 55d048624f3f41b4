//! The shape of an input type, which is derived from its schema on first use.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use super::events::LAST_EVENT_ID;
use crate::error::ErrorMap;
use crate::json_schema::Types;
use crate::validate::{KEEPS, Outline, OutlineField, TextType, mentions, unreadable};

/// The shape of an input type.
pub(crate) struct InputShape {
    schema: fn(&mut SchemaGenerator) -> Schema,
    known: OnceLock<Known>,
    refuses_null: AtomicBool,
    error_map: Mutex<ErrorMap>,
}

/// The settings of an application for the inputs of all its procedures.
#[derive(Clone, Default)]
pub(crate) struct InputSettings {
    /// `true` if `null` is refused for a field that may be missing.
    pub(crate) refuses_null: bool,
    pub(crate) error_map: ErrorMap,
}

struct Known {
    outline: Outline,
    /// `true` if serde accepts more than the schema of the type, so that each input must be checked
    /// again.
    is_lax: bool,
    /// `true` if the type contains an enum of names. serde accepts `{"name": null}` for such a
    /// name.
    has_names: bool,
    /// `true` if serde buffers a type inside. It then accepts `{}` for `null`.
    is_buffered: bool,
    /// `true` if there is an `f32` beside such a type. serde then reads a number beyond it as
    /// infinite.
    has_floats: bool,
    /// The tags of enums inside a type that serde buffers, as JSON. serde accepts the number of a
    /// variant for such a tag.
    tags: Vec<String>,
}

impl InputShape {
    pub(crate) fn of<T: JsonSchema>() -> Self {
        Self::new(|generator| generator.subschema_for::<T>())
    }

    fn new(schema: fn(&mut SchemaGenerator) -> Schema) -> Self {
        Self { schema, known: OnceLock::new(), refuses_null: AtomicBool::default(), error_map: Mutex::default() }
    }

    /// Returns the JSON Schema for deserialization, with its definitions.
    pub(crate) fn schema(&self) -> Schema {
        let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
        let schema = self.schema_in(&mut generator);
        let definitions = generator.take_definitions(true);
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/"));
        let named = name.and_then(|name| definitions.get(name)).and_then(Value::as_object);
        let mut schema = named.map_or(schema, |own| Schema::from(own.clone()));
        if !definitions.is_empty() {
            schema.insert("$defs".to_owned(), definitions.into());
        }
        schema
    }

    /// Returns the JSON Schema for deserialization, with its definitions in this generator. It is a
    /// reference if the type has a name.
    pub(crate) fn schema_in(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }

    /// Returns whether the type accepts `null` or a missing input.
    pub(crate) fn accepts_null(&self) -> bool {
        self.known().outline.types.has_null()
    }

    /// Returns whether the type accepts `null` only, as a unit struct does.
    pub(crate) fn is_null(&self) -> bool {
        self.known().outline.types == Types::NULL
    }

    /// Returns whether the type is an object with fields, or `null`.
    pub(crate) fn may_be_left_out(&self) -> bool {
        self.accepts_null() && !self.known().outline.fields.is_empty()
    }

    /// Returns whether the type accepts an object.
    pub(crate) fn accepts_object(&self) -> bool {
        self.known().outline.types.has_object()
    }

    /// Returns whether the type has a field of this wire name.
    pub(crate) fn has_field(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// Returns whether a field of this wire name should be passed on to the reader, which decides
    /// about it. If the input may be left out, a field that the type ignores is not a part of it.
    pub(crate) fn wants(&self, name: &str) -> bool {
        !self.may_be_left_out() || self.known().outline.is_strict || self.takes(name)
    }

    /// Returns whether the type accepts a field of this wire name: it has the field, or accepts any
    /// as a map does.
    pub(crate) fn takes(&self, name: &str) -> bool {
        self.known().outline.others.is_some() || self.has_field(name)
    }

    /// Returns whether a subscription may begin without an input. This is so if the input has the
    /// field `lastEventId` and no required fields: on its first connection a client has no id to
    /// send.
    pub(crate) fn begins_with_nothing(&self) -> bool {
        self.has_field(LAST_EVENT_ID) && self.known().outline.fields.iter().all(|field| !field.is_required)
    }

    /// Returns the field of this wire name.
    pub(crate) fn field(&self, name: &str) -> Option<&OutlineField> {
        self.known().outline.field(name)
    }

    /// Returns the type to which a string under this wire name is converted.
    pub(crate) fn text_type(&self, name: &str) -> Option<&TextType> {
        self.field(name).map(|field| &field.text).or(self.known().outline.others.as_ref())
    }

    /// Returns a field that cannot be read from a path or query, such as one with an object as its
    /// value, or the values of a map.
    pub(crate) fn field_beyond_text(&self) -> Option<String> {
        let Outline { fields, others, .. } = &self.known().outline;
        let field = fields.iter().find(|field| !field.text.fits()).map(|field| format!("the field `{}`", field.name));
        field.or_else(|| (!others.as_ref()?.fits()).then(|| String::from("a value of a map with arbitrary keys")))
    }

    /// Stores the application's settings.
    pub(crate) fn set(&self, settings: &InputSettings) {
        self.refuses_null.store(settings.refuses_null, Ordering::Relaxed);
        self.error_map.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&settings.error_map);
    }

    /// Returns the error map for its issues.
    pub(super) fn error_map(&self) -> ErrorMap {
        self.error_map.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn refuses_null(&self) -> bool {
        self.refuses_null.load(Ordering::Relaxed)
    }

    /// Returns a field that serde can never read, because of the types around it.
    pub(crate) fn unreadable_field(&self) -> Option<String> {
        unreadable(&Value::from(self.schema()))
    }

    /// Returns whether serde may have accepted JSON that the schema of the type refuses.
    pub(super) fn is_lax(&self, text: &str) -> bool {
        let known = self.known();
        known.is_lax
            || ((known.has_names || self.refuses_null()) && text.contains("null"))
            || known.tags.iter().any(|tag| has_number(text, tag))
            || (known.is_buffered && has_empty_object(text))
            || (known.has_floats && has_large_number(text))
    }

    fn known(&self) -> &Known {
        self.known.get_or_init(|| {
            let schema = Value::from(self.schema());
            let is_buffered = mentions(&schema, KEEPS);
            Known {
                outline: Outline::new(&schema),
                is_lax: mentions(&schema, LAX),
                has_names: ["enum", "const"].iter().any(|keyword| mentions(&schema, keyword)),
                is_buffered,
                has_floats: is_buffered && schema.to_string().contains(r#""format":"float""#),
                tags: if is_buffered { tags(&schema) } else { Vec::new() },
            }
        })
    }
}

/// Returns the names of all properties that have only one value, as JSON.
fn tags(schema: &Value) -> Vec<String> {
    let (mut tags, mut inner) = (Vec::new(), Vec::from([schema]));
    while let Some(schema) = inner.pop() {
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let named = properties.filter(|(_, value)| value.get("const").is_some());
        tags.extend(named.map(|(name, _)| Value::from(&**name).to_string()));
        inner.extend(schema.as_object().into_iter().flat_map(|members| members.values()));
        inner.extend(schema.as_array().into_iter().flatten());
    }
    tags.sort();
    tags.dedup();
    tags
}

/// Returns whether the JSON may have an empty object.
fn has_empty_object(text: &str) -> bool {
    text.match_indices('{').any(|(at, _)| text[at + 1..].trim_start().starts_with('}'))
}

/// Returns whether the JSON may have a number beyond `f32`: one with an exponent or with many digits.
fn has_large_number(text: &str) -> bool {
    let mut digits = 0;
    text.bytes().any(|byte| {
        let is_exponent = digits > 0 && byte.eq_ignore_ascii_case(&b'e');
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        is_exponent || digits > f32::MAX_10_EXP
    })
}

/// Returns whether the JSON may have a number under this name. A name may be escaped.
fn has_number(text: &str, name: &str) -> bool {
    let is_number = |(at, _): (usize, &str)| {
        let value = text[at + name.len()..].trim_start().strip_prefix(':').map(str::trim_start);
        value.is_some_and(|value| value.starts_with(|first: char| first.is_ascii_digit()))
    };
    text.contains('\\') || text.match_indices(name).any(is_number)
}

/// The mark of `#[schema]` on a type with a flattened `Option`. serde reads such an `Option` as
/// `None` if it cannot read it.
const LAX: &str = "x-velox-lax";
