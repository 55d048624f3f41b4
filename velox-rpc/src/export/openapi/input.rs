//! Finds the fields of an input, for parameters and for a body.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::export::schemas::Schemas;
use crate::json_schema::{MAX_HOPS, Property};

/// A top-level field of an input.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) schema: Value,
    pub(super) is_required: bool,
}

/// Returns the top-level fields of an input in the schema's order, including those of flattened and
/// tagged types.
pub(super) fn fields(schema: &Value, schemas: &Schemas) -> Vec<Field> {
    let mut found = Vec::new();
    for Property { name, schema, is_required } in schemas.defined().properties(schema) {
        add(&mut found, Field { name: name.to_owned(), schema: schema.clone(), is_required });
    }
    found
}

/// Adds a field. If variants give it different schemas, the field accepts any of them.
fn add(found: &mut Vec<Field>, field: Field) {
    let Some(known) = found.iter_mut().find(|known| known.name == field.name) else {
        found.push(field);
        return;
    };
    known.is_required |= field.is_required;
    if known.schema == field.schema {
        return;
    }
    match known.schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        Some(choices) if choices.contains(&field.schema) => {}
        Some(choices) => choices.push(field.schema),
        None => known.schema = json!({"anyOf": [known.schema.take(), field.schema]}),
    }
}

/// Returns whether the input accepts keys that it does not name, as maps and flattened maps do.
pub(super) fn is_open(schema: &Value, schemas: &Schemas) -> bool {
    schemas.defined().others(schema).into_iter().any(|others| *others != Value::Bool(false))
}

/// Returns the schema of an input without some of its fields. A reference is replaced by its
/// definition.
pub(super) fn less(schema: &Value, names: &BTreeSet<&str>, schemas: &Schemas) -> Value {
    remove(schemas.resolve(schema), names, schemas, MAX_HOPS)
}

fn remove(schema: &Value, names: &BTreeSet<&str>, schemas: &Schemas, hops: usize) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    if hops == 0 || names.is_empty() {
        return schema.clone();
    }
    let mut rest = Map::new();
    for (keyword, value) in members {
        let value = match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                let kept = properties.iter().filter(|(name, _)| !names.contains(name.as_str()));
                Value::Object(kept.map(|(name, property)| (name.clone(), property.clone())).collect())
            }
            ("required", Value::Array(required)) => {
                let kept = required.iter().filter(|name| name.as_str().is_none_or(|name| !names.contains(name)));
                let kept: Vec<_> = kept.cloned().collect();
                if kept.is_empty() {
                    continue;
                }
                Value::Array(kept)
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => {
                parts.iter().map(|part| remove(schemas.resolve(part), names, schemas, hops - 1)).collect()
            }
            _ => value.clone(),
        };
        rest.insert(keyword.clone(), value);
    }
    Value::Object(rest)
}

/// Returns the schema of a parameter in a path or a query. Such a parameter cannot be `null`.
pub(super) fn plain(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let Some(members) = schema.as_object_mut() else { return schema };
    if members.get("default").is_some_and(Value::is_null) {
        members.remove("default");
    }
    if let Some(Value::Array(values)) = members.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            members["type"] = only;
        }
    }
    let is_null = |part: &Value| part.get("type").is_some_and(|name| name == "null");
    if let Some(Value::Array(parts)) = members.get_mut("anyOf")
        && parts.iter().any(is_null)
    {
        parts.retain(|part| !is_null(part));
        if let [Value::Object(only)] = parts.as_mut_slice() {
            let only = std::mem::take(only);
            members.remove("anyOf");
            for (keyword, value) in only {
                members.entry(keyword).or_insert(value);
            }
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schemas(definitions: Value) -> Schemas {
        let Value::Object(definitions) = definitions else { panic!("an object") };
        Schemas { inputs: Vec::new(), outputs: Vec::new(), definitions }
    }

    fn names(schema: &Value, schemas: &Schemas) -> Vec<(String, bool)> {
        fields(schema, schemas).into_iter().map(|field| (field.name, field.is_required)).collect()
    }

    #[test]
    fn a_field_is_required_if_every_variant_needs_it() {
        let text = || json!({"type": "string"});
        let circle =
            json!({"properties": {"kind": {"const": "circle"}, "radius": text()}, "required": ["kind", "radius"]});
        let dot = json!({"properties": {"kind": {"const": "dot"}}, "required": ["kind"]});
        let schemas = schemas(json!({"Circle": circle}));
        let shape = json!({"oneOf": [{"$ref": "#/components/schemas/Circle"}, dot]});
        assert_eq!(names(&shape, &schemas), [("kind".to_owned(), true), ("radius".to_owned(), false)]);
        let kind = &fields(&shape, &schemas)[0].schema;
        assert_eq!(*kind, json!({"anyOf": [{"const": "circle"}, {"const": "dot"}]}));
    }

    #[test]
    fn an_optional_input_requires_nothing() {
        let schemas = schemas(json!({"A": {"properties": {"a": true}, "required": ["a"]}}));
        let optional = json!({"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "null"}]});
        assert_eq!(names(&optional, &schemas), [("a".to_owned(), false)]);
    }

    #[test]
    fn path_parameters_are_removed_from_every_part() {
        let flat = json!({"properties": {"id": true, "text": true}, "required": ["id", "text"]});
        let schemas = schemas(json!({"Flat": flat}));
        let input =
            json!({"allOf": [{"$ref": "#/components/schemas/Flat"}, {"properties": {"id": true}, "required": ["id"]}]});
        let rest = less(&input, &BTreeSet::from(["id"]), &schemas);
        assert_eq!(rest, json!({"allOf": [{"properties": {"text": true}, "required": ["text"]}, {"properties": {}}]}));
    }

    #[test]
    fn a_recursive_input_ends() {
        let schemas = schemas(json!({"A": {"allOf": [{"$ref": "#/components/schemas/A"}], "properties": {"a": true}}}));
        let input = json!({"$ref": "#/components/schemas/A"});
        assert_eq!(names(&input, &schemas), [("a".to_owned(), false)]);
        assert!(!is_open(&input, &schemas));
        assert!(less(&input, &BTreeSet::from(["a"]), &schemas).is_object());
    }

    #[test]
    fn text_is_never_null() {
        assert_eq!(plain(&json!({"type": ["integer", "null"], "default": null})), json!({"type": "integer"}));
        assert_eq!(
            plain(&json!({"type": ["string", "null"], "enum": ["a", null]})),
            json!({"type": "string", "enum": ["a"]})
        );
        let optional = json!({"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "null"}], "description": "D"});
        assert_eq!(plain(&optional), json!({"description": "D", "$ref": "#/components/schemas/A"}));
    }
}
