//! Gathers the schemas of all inputs and outputs, and gives their definitions names that do not
//! collide.
//!
//! A type may have different schemas for reading and for writing: a field with a default, for
//! example, is optional only for reading. If both schemas are the same, the type has one
//! definition. If they differ, the name of the one for reading ends with `Input`.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::json_schema::corrections::{add_tags, allow_keys, each_part};
use crate::json_schema::{Definitions, MAX_HOPS, ORDER};
use crate::router::ManifestEntry;

/// The schemas of all inputs and outputs, in the order of the manifest.
pub(super) struct Schemas {
    pub(super) inputs: Vec<Option<Value>>,
    pub(super) outputs: Vec<Value>,
    pub(super) definitions: Map<String, Value>,
}

/// The rules for the names of definitions.
pub(super) struct Naming {
    pub(super) is_allowed: fn(char) -> bool,
    pub(super) taken: &'static [&'static [&'static str]],
}

type Names = BTreeMap<String, String>;

impl Schemas {
    pub(super) fn gather(entries: &[ManifestEntry], naming: &Naming) -> Self {
        let settings = |settings: schemars::generate::SchemaSettings| {
            settings.with(|settings| PATH.clone_into(settings.definitions_path.to_mut()))
        };
        let mut reader = settings(ManifestEntry::input_settings()).into_generator();
        let mut writer = settings(ManifestEntry::output_settings()).into_generator();
        let mut inputs: Vec<_> =
            entries.iter().map(|entry| entry.input_schema_in(&mut reader).map(Value::from)).collect();
        let mut outputs: Vec<Value> = entries.iter().map(|entry| entry.output_schema(&mut writer).into()).collect();
        let mut read = reader.take_definitions(true);
        let mut written = writer.take_definitions(true);
        outputs.iter_mut().chain(written.values_mut()).for_each(add_tags);
        allow_keys(inputs.iter_mut().flatten(), &mut read);
        allow_keys(outputs.iter_mut(), &mut written);

        let (read_names, written_names) = names(&read, &written, naming);
        let mut schemas = Self { inputs, outputs, definitions: Map::new() };
        schemas.inputs.iter_mut().flatten().for_each(|schema| rename(schema, &read_names));
        schemas.outputs.iter_mut().for_each(|schema| rename(schema, &written_names));
        for (definitions, names) in [(&mut read, &read_names), (&mut written, &written_names)] {
            for (name, mut schema) in std::mem::take(definitions) {
                rename(&mut schema, names);
                schemas.definitions.insert(names[&name].clone(), schema);
            }
        }
        schemas.definitions.sort_keys();
        let definitions = schemas.definitions.values_mut();
        let all = schemas.inputs.iter_mut().flatten().chain(&mut schemas.outputs).chain(definitions);
        all.for_each(tidy);
        schemas
    }

    /// Returns the name of the definition that a schema refers to, or `None` if it is not a
    /// reference.
    pub(super) fn name_of(schema: &Value) -> Option<&str> {
        schema.get("$ref")?.as_str()?.strip_prefix(REFERENCE)
    }

    /// Returns the schema, or the definition that it refers to.
    pub(super) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        for _ in 0..MAX_HOPS {
            let Some(definition) = Self::name_of(schema).and_then(|name| self.definitions.get(name)) else { break };
            schema = definition;
        }
        schema
    }

    /// Returns the definitions, to read a schema with them.
    pub(super) fn defined(&self) -> Definitions<'_> {
        Definitions(Some(&self.definitions))
    }

    /// Returns whether the schema accepts only `null`.
    pub(super) fn is_null(&self, schema: &Value) -> bool {
        self.resolve(schema).get("type").and_then(Value::as_str) == Some("null")
    }
}

/// Returns the names of all definitions that a schema uses, directly or through other definitions.
/// It contains the schema's own name only if the schema is recursive.
pub(super) fn reached(schema: &Value, definitions: &Map<String, Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut pending = vec![schema];
    while let Some(schema) = pending.pop() {
        each_reference(schema, &mut |name| {
            pending.extend(definitions.get(&name).filter(|_| !found.contains(&name)));
            found.insert(name);
        });
    }
    found
}

fn each_reference(value: &Value, visit: &mut impl FnMut(String)) {
    match value {
        Value::Object(members) => {
            if let Some(name) = Schemas::name_of(value) {
                visit(decoded(name));
            }
            members.values().for_each(|member| each_reference(member, visit));
        }
        Value::Array(items) => items.iter().for_each(|item| each_reference(item, visit)),
        _ => {}
    }
}

/// Returns the name or, if it is taken, the name with a number after `gap`.
pub(super) fn free_name(wanted: &str, gap: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{wanted}{gap}{number}"));
    let name = std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !is_taken(name));
    name.expect("numbers never run out")
}

/// Chooses the names of all definitions: those for reading and those for writing.
fn names(read: &Map<String, Value>, written: &Map<String, Value>, naming: &Naming) -> (Names, Names) {
    let differs = |name: &str| written.get(name).is_some_and(|other| other != &read[name]);
    let is_shared = |name: &String| {
        written.contains_key(name)
            && !differs(name)
            && reached(&read[name], read).iter().all(|inner| !read.contains_key(inner) || !differs(inner))
    };
    let mut used: BTreeSet<String> = naming.taken.iter().copied().flatten().map(|&name| name.to_owned()).collect();
    let mut free = |wanted: String| {
        let wanted: String =
            wanted.chars().map(|letter| if (naming.is_allowed)(letter) { letter } else { '_' }).collect();
        let wanted =
            if wanted.starts_with(|first: char| first.is_ascii_digit()) { format!("_{wanted}") } else { wanted };
        let name = free_name(&wanted, "", |name| used.contains(name));
        used.insert(name.clone());
        name
    };
    let written_names: Names = written.keys().map(|name| (name.clone(), free(name.clone()))).collect();
    let mut read_names = Names::new();
    for name in read.keys() {
        let new = match written_names.get(name) {
            Some(shared) if is_shared(name) => shared.clone(),
            Some(_) => free(format!("{name}Input")),
            None => free(name.clone()),
        };
        read_names.insert(name.clone(), new);
    }
    (read_names, written_names)
}

/// Renames the definitions that a schema refers to.
fn rename(schema: &mut Value, names: &Names) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(path)) = members.get_mut("$ref")
                && let Some(name) = path.strip_prefix(REFERENCE).and_then(|encoded| names.get(&decoded(encoded)))
            {
                *path = format!("{REFERENCE}{name}");
            }
            members.values_mut().for_each(|member| rename(member, names));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        _ => {}
    }
}

/// Removes the keywords that are meant for this crate, the parts of descriptions that are meant for
/// readers of the Rust code, and the repetitions of a name that two types in one object have.
fn tidy(schema: &mut Value) {
    if let Value::Object(members) = schema {
        members.retain(|keyword, _| keyword == ORDER || !keyword.starts_with(OWN_KEYWORDS));
        if let Some(Value::String(description)) = members.get_mut("description") {
            *description = prose(description).to_owned();
        }
        if let Some(Value::Array(required)) = members.get_mut("required") {
            let mut seen = HashSet::new();
            required.retain(|name| seen.insert(name.clone()));
        }
    }
    each_part(schema, &mut tidy);
}

/// Returns the part of a doc comment before its examples, which are in Rust.
pub(super) fn prose(comment: &str) -> &str {
    let end = comment.find("\n# Example").unwrap_or(comment.len());
    if comment.starts_with("# Example") { "" } else { comment[..end].trim() }
}

/// Decodes a segment of a JSON pointer in a URI fragment.
fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().replace("~1", "/").replace("~0", "~")
}

/// The prefix of the keywords by which `#[schema]` passes information to this crate beside JSON
/// Schema.
const OWN_KEYWORDS: &str = "x-velox-";
const PATH: &str = "/components/schemas";
pub(super) const REFERENCE: &str = "#/components/schemas/";
