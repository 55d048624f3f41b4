//! Writes a document in order. The maps of serde_json sort their keys alphabetically, so the
//! document carries the order as extra members until it is written.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use crate::json_schema::{ORDER, in_order, properties};

/// Returns the document as text, in its order.
pub(super) fn text(document: &Value) -> String {
    serde_json::to_string(&Ordered(document)).expect("a tree of JSON can be written")
}

/// Removes the members that carry the order.
pub(super) fn strip(document: &mut Value) {
    match document {
        Value::Object(members) => {
            members.remove(ORDER);
            for (name, member) in members {
                match member {
                    // A property may have this name, too.
                    Value::Object(properties) if name == "properties" => properties.values_mut().for_each(strip),
                    _ => strip(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

struct Ordered<'a>(&'a Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => object(members, serializer),
            Value::Array(items) => serializer.collect_seq(items.iter().map(Ordered)),
            other => other.serialize(serializer),
        }
    }
}

/// Writes an object. In a schema, the order member gives the order of its properties; in any other
/// object, it gives the order of the object's own members.
fn object<S: Serializer>(members: &Map<String, Value>, serializer: S) -> Result<S::Ok, S::Error> {
    let is_schema = members.get("properties").is_some_and(Value::is_object);
    let order = members.get(ORDER).filter(|_| !is_schema);
    let mut map = serializer.serialize_map(None)?;
    for (name, value) in in_order(members.iter().filter(|(name, _)| *name != ORDER), order) {
        if name == "properties" && is_schema {
            map.serialize_entry(name, &Properties(members))?;
        } else {
            map.serialize_entry(name, &Ordered(value))?;
        }
    }
    map.end()
}

struct Properties<'a>(&'a Map<String, Value>);

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(properties(self.0).into_iter().map(|(name, value)| (name, Ordered(value))))
    }
}
