//! Corrects the schemas of schemars where they differ from what serde writes and reads.

use serde_json::{Map, Value, json};

use super::{Definitions, Types};

/// Adds the tags of structs, which serde writes but does not read.
pub(crate) fn add_tags(schema: &mut Value) {
    if let Value::Object(members) = schema
        && let Some([Value::String(tag), name]) =
            members.remove(TAG).as_ref().and_then(Value::as_array).map(Vec::as_slice)
    {
        let required = members.entry("required").or_insert_with(|| json!([]));
        required.as_array_mut().into_iter().for_each(|required| required.insert(0, tag.as_str().into()));
        members.entry("properties").or_insert_with(|| json!({}))[tag] = json!({"type": "string", "const": name});
    }
    each_part(schema, &mut add_tags);
}

/// Allows what serde writes among the keys of an object for types that are no objects: nothing for
/// the unit behind a tag and in a flattened untagged enum, and `"name": null` for a unit variant of
/// another enum that is flattened or behind a tag. (schemars knows this only of flattened variants
/// without a doc comment.) A map in a flattened enum stands beside the other keys, of any type.
pub(crate) fn allow_keys<'s>(schemas: impl Iterator<Item = &'s mut Value>, definitions: &'s mut Map<String, Value>) {
    let known = definitions.clone();
    schemas.chain(definitions.values_mut()).for_each(|schema| allow_keys_in(schema, &known));
}

fn allow_keys_in(schema: &mut Value, definitions: &Map<String, Value>) {
    if let Value::Object(members) = schema
        && members.get("type").is_some_and(|name| name == "object")
    {
        let part = members.get("$ref").map(|path| json!({"$ref": path}));
        let types = part.as_ref().map(|part| Definitions(Some(definitions)).types(part));
        // Nothing is known of a schema without a type.
        if types.is_some_and(|types| types.has_null() && types != Types::ANY) {
            members.remove("$ref");
            if types != Some(Types::NULL) {
                members.insert("anyOf".to_owned(), json!([part, {}]));
            }
        }
        // The enum behind a tag has unit variants only.
        if types == Some(Types::TEXT)
            && let Some(mut names) =
                std::iter::successors(part.as_ref(), |it| Definitions(Some(definitions)).referred(it)).last().cloned()
        {
            as_keys(&mut names);
            members.remove("$ref");
            members.insert("allOf".to_owned(), json!([names]));
        }
        // Beside the keys of a type, the variants are those of a flattened enum.
        if members.contains_key("properties") {
            variants(members).for_each(as_keys);
        }
    }
    each_part(schema, &mut |part| allow_keys_in(part, definitions));
}

/// Turns a variant of a flattened enum into what it adds to the object.
fn as_keys(variant: &mut Value) {
    let Value::Object(members) = variant else { return };
    // schemars lists the unit variants without a doc comment in one schema.
    if let Some(Value::Array(names)) = members.remove("enum") {
        members.remove("type");
        members.insert("oneOf".to_owned(), names.iter().map(|name| json!({"const": name})).collect());
    }
    if let Some(name) = members.get("const").and_then(Value::as_str).map(str::to_owned) {
        members.remove("const");
        members.insert("type".to_owned(), "object".into());
        members.insert("properties".to_owned(), json!({&name: {"type": "null"}}));
        members.insert("required".to_owned(), json!([name]));
    } else if members.get("type").is_some_and(|name| name == "null") {
        members.clear();
    } else if let Some(others @ Value::Object(_)) = members.get_mut("additionalProperties") {
        *others = Value::Bool(true);
    } else {
        variants(members).for_each(as_keys);
    }
}

fn variants(members: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    let lists = members.iter_mut().filter(|(keyword, _)| ["allOf", "anyOf", "oneOf"].contains(&keyword.as_str()));
    lists.filter_map(|(_, list)| list.as_array_mut()).flatten()
}

/// Visits the schemas that a schema consists of. The names of properties and the values of
/// `default` and its like are the user's, so they are not taken for keywords.
pub(crate) fn each_part(schema: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    for (keyword, inner) in schema.as_object_mut().into_iter().flatten() {
        match (keyword.as_str(), inner) {
            ("const" | "default" | "enum" | "examples", _) => {}
            ("properties" | "patternProperties", Value::Object(parts)) => parts.values_mut().for_each(&mut *visit),
            (_, Value::Array(parts)) => parts.iter_mut().for_each(&mut *visit),
            (_, part) => visit(part),
        }
    }
}

/// The mark of `#[schema]` on a struct with a tag: the tag, and the name that it holds.
const TAG: &str = "x-velox-tag";
