//! Names the other components: bodies that are a part of an input, and headers of replies.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::export::schemas::{REFERENCE, free_name};
use crate::procedure::ReplyHeader;
use crate::router::ManifestEntry;

/// The bodies that contain a part of a named input, by name. The path gives the rest of the input.
pub(super) struct Bodies<'a> {
    taken: &'a Map<String, Value>,
    named: Map<String, Value>,
}

impl<'a> Bodies<'a> {
    /// Makes an empty collection. The names in `taken` are not used again.
    pub(super) fn new(taken: &'a Map<String, Value>) -> Self {
        Self { taken, named: Map::new() }
    }

    /// Names the body of an input, such as `UpdateUserBody`, and returns a reference to it.
    pub(super) fn refer(&mut self, input: &str, schema: Value) -> Value {
        let known = self.named.iter().find(|(_, known)| **known == schema).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| {
            let name = free_name(&format!("{input}Body"), "", |name| {
                self.taken.contains_key(name) || self.named.contains_key(name)
            });
            self.named.insert(name.clone(), schema);
            name
        });
        json!({"$ref": format!("{REFERENCE}{name}")})
    }

    pub(super) fn into_named(self) -> Map<String, Value> {
        self.named
    }
}

/// The headers of all replies. Each different description of a header has its own name.
pub(super) struct Headers(Vec<(String, ReplyHeader)>);

impl Headers {
    pub(super) fn of(entries: &[ManifestEntry]) -> Self {
        let mut named: Vec<(String, ReplyHeader)> = Vec::new();
        for header in entries.iter().filter(|entry| entry.rest().is_some()).flat_map(|entry| entry.demands().headers())
        {
            if named.iter().all(|(_, known)| !is_same(known, header)) {
                let name = free_name(header.name.as_str(), "", |name| named.iter().any(|(taken, _)| taken == name));
                named.push((name, header.clone()));
            }
        }
        Self(named)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn to_value(&self) -> Value {
        let described = |header: &ReplyHeader| json!({"description": header.description, "schema": {"type": "string"}});
        Value::Object(self.0.iter().map(|(name, header)| (name.clone(), described(header))).collect())
    }

    /// Adds its headers to a response. The status `None` stands for any other failure.
    pub(super) fn add(&self, response: &mut Value, status: Option<StatusCode>, entry: &ManifestEntry) {
        let has = |header: &&ReplyHeader| header.status.is_none() || header.status == status;
        for header in entry.demands().headers().iter().filter(has) {
            if let Some((name, _)) = self.0.iter().find(|(_, known)| is_same(known, header)) {
                response["headers"][header.name.as_str()] = json!({"$ref": format!("#/components/headers/{name}")});
            }
        }
    }
}

fn is_same(one: &ReplyHeader, other: &ReplyHeader) -> bool {
    (&one.name, &one.description) == (&other.name, &other.description)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bodies_share_a_schema_and_others_get_their_own() {
        let taken = Map::from_iter([("UserBody".to_owned(), json!({}))]);
        let mut bodies = Bodies::new(&taken);
        let name = |bodies: &mut Bodies<'_>, part| bodies.refer("User", json!({"required": [part]}))["$ref"].clone();
        assert_eq!(name(&mut bodies, "a"), "#/components/schemas/UserBody2");
        assert_eq!(name(&mut bodies, "b"), "#/components/schemas/UserBody3");
        assert_eq!(name(&mut bodies, "a"), "#/components/schemas/UserBody2");
        assert_eq!(bodies.into_named().len(), 2);
    }
}
