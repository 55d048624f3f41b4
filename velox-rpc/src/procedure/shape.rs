//! The shape of an input type: what its schema says of it, found out when it is first asked for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use super::events::LAST_EVENT_ID;
use crate::error::ErrorMap;
use crate::validate::{Outline, OutlineField, mentions, unreadable};

/// The shape of an input type.
pub(crate) struct InputShape {
    schema: fn(&mut SchemaGenerator) -> Schema,
    known: OnceLock<Known>,
    refuses_null: AtomicBool,
    error_map: Mutex<ErrorMap>,
}

/// What an application sets for the inputs of all its procedures.
#[derive(Clone, Default)]
pub(crate) struct InputSettings {
    /// A field that may be missing must not be `null`.
    pub(crate) refuses_null: bool,
    pub(crate) error_map: ErrorMap,
}

struct Known {
    outline: Outline,
    /// serde takes more than the type's schema says: what it has read is to be looked at again.
    is_lax: bool,
    /// It has names to choose from, of which serde takes `{"name": null}` for one.
    has_names: bool,
}

impl InputShape {
    pub(crate) fn of<T: JsonSchema>() -> Self {
        Self {
            schema: |generator| generator.subschema_for::<T>(),
            known: OnceLock::new(),
            refuses_null: AtomicBool::default(),
            error_map: Mutex::default(),
        }
    }

    /// The JSON Schema of what is read, with its definitions.
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

    /// The JSON Schema of what is read, in the terms of a generator: a reference, where the type has a name.
    pub(crate) fn schema_in(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }

    /// Whether `null`, or no input at all, is one.
    pub(crate) fn accepts_null(&self) -> bool {
        self.known().outline.accepts_null
    }

    /// Whether it has a field of this wire name.
    pub(crate) fn has_field(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// Whether a field of this wire name is for it: one that it has, or any, as a map takes them and a strict type refuses them.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let outline = &self.known().outline;
        outline.is_open || outline.is_strict || self.has_field(name)
    }

    /// Whether it takes a field of this wire name: one that it has, or any, as a map does.
    pub(crate) fn takes(&self, name: &str) -> bool {
        self.known().outline.is_open || self.has_field(name)
    }

    /// Whether a subscription may begin without an input. A client that has seen an event may have nothing to say but its id: so one that
    /// has not has nothing to say.
    pub(crate) fn begins_with_nothing(&self) -> bool {
        self.has_field(LAST_EVENT_ID) && self.known().outline.fields.iter().all(|field| !field.is_required)
    }

    /// The field of this wire name.
    pub(crate) fn field(&self, name: &str) -> Option<&OutlineField> {
        self.known().outline.field(name)
    }

    /// A field that no text of a path or query can be, such as one with fields of its own.
    pub(crate) fn field_beyond_text(&self) -> Option<&str> {
        self.known().outline.fields.iter().find(|field| !field.fits_text).map(|field| field.name.as_str())
    }

    /// Takes over what the application sets.
    pub(crate) fn set(&self, settings: &InputSettings) {
        self.refuses_null.store(settings.refuses_null, Ordering::Relaxed);
        self.error_map.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&settings.error_map);
    }

    /// What puts its issues into words.
    pub(super) fn error_map(&self) -> ErrorMap {
        self.error_map.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn refuses_null(&self) -> bool {
        self.refuses_null.load(Ordering::Relaxed)
    }

    /// A field that serde can never read where it stands.
    pub(crate) fn unreadable_field(&self) -> Option<String> {
        unreadable(&Value::from(self.schema()))
    }

    /// Whether serde may have read a text that the type's schema refuses.
    pub(super) fn is_lax(&self, text: &str) -> bool {
        let known = self.known();
        known.is_lax || ((known.has_names || self.refuses_null()) && text.contains("null"))
    }

    fn known(&self) -> &Known {
        self.known.get_or_init(|| {
            let schema = Value::from(self.schema());
            Known {
                outline: Outline::new(&schema),
                is_lax: mentions(&schema, LAX),
                has_names: ["enum", "const"].iter().any(|keyword| mentions(&schema, keyword)),
            }
        })
    }
}

/// What `#[schema]` says of a type with a flattened `Option`: serde makes `None` of what it cannot read.
const LAX: &str = "x-velox-lax";
