//! The shape of an input type: its schema, compiled when it is first asked for.

use std::sync::OnceLock;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use crate::validate::{Shape, TextType};

/// The shape of an input type.
pub(crate) struct InputShape {
    schema: fn(&mut SchemaGenerator) -> Schema,
    compiled: OnceLock<Compiled>,
}

struct Compiled {
    shape: Shape,
    fields: Vec<(String, TextType)>,
    is_object: bool,
    is_open: bool,
    accepts_null: bool,
}

impl InputShape {
    pub(super) fn of<T: JsonSchema>() -> Self {
        Self { schema: |generator| generator.subschema_for::<T>(), compiled: OnceLock::new() }
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

    /// The compiled schema.
    pub(super) fn get(&self) -> &Shape {
        &self.compiled().shape
    }

    /// Whether it takes objects, and nothing else but perhaps null.
    pub(crate) fn is_object(&self) -> bool {
        self.compiled().is_object
    }

    /// Whether `null`, or no input at all, is one.
    pub(crate) fn accepts_null(&self) -> bool {
        self.compiled().accepts_null
    }

    /// Whether it has a field of this wire name.
    pub(crate) fn has_field(&self, name: &str) -> bool {
        self.text_type(name).is_some()
    }

    /// Whether it takes a field of this wire name: one that it has, or any, as a map does.
    pub(crate) fn takes(&self, name: &str) -> bool {
        self.compiled().is_open || self.has_field(name)
    }

    /// What a text given for a field becomes.
    pub(crate) fn text_type(&self, name: &str) -> Option<&TextType> {
        self.compiled().fields.iter().find(|(field, _)| field == name).map(|(_, text_type)| text_type)
    }

    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| {
            let shape = Shape::new(&self.schema());
            let names = shape.properties().map(|(name, _)| name);
            let fields = names.filter_map(|name| Some((name.to_owned(), shape.text_type(name)?))).collect();
            Compiled {
                fields,
                is_object: shape.is_object(),
                is_open: shape.is_open(),
                accepts_null: shape.accepts_null(),
                shape,
            }
        })
    }
}
