//! What a shape says of a type without a value.

#![expect(dead_code, reason = "only the schemas are used")]

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::shape;
use crate::validate::{Shape, TextType};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Query {
    text: String,
    page_number: Option<u32>,
    ratio: f32,
    sorted: Option<bool>,
    tags: Option<Vec<String>>,
    ids: Vec<Id>,
    id: Id,
    maybe_id: Option<Id>,
    color: Option<Color>,
    documented: Documented,
    one_or_many: OneOrMany,
    inner: Option<Box<Query>>,
    any: Value,
    letter: char,
}

#[derive(Deserialize, JsonSchema)]
struct Id(i64);

#[derive(Deserialize, JsonSchema)]
enum Color {
    Red,
    Green,
}

#[derive(Deserialize, JsonSchema)]
enum Documented {
    /// One.
    A,
    B,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind")]
enum Tagged {
    A { n: u8, size: u8 },
    B { n: String, size: u8, more: Option<bool> },
}

#[derive(Deserialize, JsonSchema)]
struct Open {
    a: u8,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

#[derive(Deserialize, JsonSchema)]
struct Flat {
    a: u8,
    #[serde(flatten)]
    tagged: Tagged,
}

#[test]
fn text_becomes_what_the_property_is() {
    let shape = shape::<Query>();
    let list = |of| Some(TextType::List(Box::new(of)));
    for (name, expected) in [
        ("text", Some(TextType::Text)),
        ("pageNumber", Some(TextType::Integer)),
        ("page_number", None),
        ("ratio", Some(TextType::Number)),
        ("sorted", Some(TextType::Boolean)),
        ("tags", list(TextType::Text)),
        ("ids", list(TextType::Integer)),
        ("id", Some(TextType::Integer)),
        ("maybeId", Some(TextType::Integer)),
        ("color", Some(TextType::Text)),
        ("documented", Some(TextType::Text)),
        ("oneOrMany", Some(TextType::Any)),
        ("inner", Some(TextType::Any)),
        ("any", Some(TextType::Any)),
        ("letter", Some(TextType::Text)),
    ] {
        assert_eq!(shape.text_type(name), expected, "{name}");
    }
}

#[test]
fn variants_that_disagree_leave_the_text_as_it_is() {
    let shape = shape::<Tagged>();
    assert_eq!(shape.text_type("n"), Some(TextType::Any));
    assert_eq!(shape.text_type("size"), Some(TextType::Integer));
    assert_eq!(shape.text_type("kind"), Some(TextType::Text));
}

#[test]
fn properties_are_listed_once_and_required_if_every_variant_requires_them() {
    let properties = |shape: &Shape| {
        let properties = shape.properties().map(|(name, is_required)| format!("{name} {is_required}"));
        properties.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(properties(&shape::<Tagged>()), "kind true, n true, size true, more false");
    assert_eq!(properties(&shape::<Flat>()), "a true, kind true, n true, size true, more false");
    assert_eq!(properties(&shape::<Option<Open>>()), "a false");
}

#[test]
fn objects_open_ones_and_null_are_told_apart() {
    let kinds = |shape: Shape| (shape.is_object(), shape.is_open(), shape.accepts_null());
    assert_eq!(kinds(shape::<Query>()), (true, false, false));
    assert_eq!(kinds(shape::<Tagged>()), (true, false, false));
    assert_eq!(kinds(shape::<Open>()), (true, true, false));
    assert_eq!(kinds(shape::<Flat>()), (true, false, false));
    assert_eq!(kinds(shape::<HashMap<String, u8>>()), (true, true, false));
    assert_eq!(kinds(shape::<Option<Query>>()), (true, false, true));
    assert_eq!(kinds(shape::<()>()), (false, false, true));
    assert_eq!(kinds(shape::<Vec<u8>>()), (false, false, false));
    assert_eq!(kinds(shape::<Option<u8>>()), (false, false, true));
    assert_eq!(kinds(shape::<OneOrMany>()), (false, false, false));
    assert_eq!(kinds(shape::<Value>()), (false, false, true));
}

#[test]
fn a_schema_that_refers_to_itself_and_nothing_else_does_no_harm() {
    let schema = serde_json::json!({"$ref": "#", "anyOf": [{"$ref": "#"}, {"$ref": "#/nowhere"}]});
    let shape = Shape::new(&schemars::Schema::try_from(schema).expect("a schema"));
    assert_eq!(shape.issues(&Value::Null, crate::validate::Origin::Body), []);
    assert!(!shape.is_open());
    assert_eq!(shape.properties().count(), 0);
}
