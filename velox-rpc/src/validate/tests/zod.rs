//! The same schemas in Zod 3.25: texts, paths and order have to agree. `zod.json` is what `zod.mjs` writes
//! (`npm install zod@3`, then `node zod.mjs`).

#![expect(dead_code, reason = "only the schemas are used")]

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use validator::Validate;

use super::shape;
use crate::validate::{Origin, Shape, TextType};

static ZIP: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\d{5}$").expect("a valid pattern"));

#[derive(Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct User {
    #[validate(length(min = 1, max = 100))]
    user_name: String,
    #[validate(email)]
    email: String,
    #[validate(range(min = 0, max = 150))]
    age: Option<u32>,
    #[validate(nested)]
    address: Option<Address>,
    #[serde(default)]
    #[validate(nested, length(max = 2))]
    line_items: Vec<Item>,
}

#[derive(Deserialize, Validate, JsonSchema)]
struct Address {
    #[validate(length(min = 1))]
    city: String,
    #[validate(regex(path = *ZIP, message = "Invalid zip"))]
    #[schemars(extend("x-velox-messages" = {"regex": "Invalid zip"}))]
    zip: String,
}

#[derive(Deserialize, Serialize, Validate, JsonSchema)]
struct Item {
    #[validate(range(min = 1))]
    qty: u8,
    #[validate(url)]
    link: Option<String>,
}

#[derive(Deserialize, Validate, JsonSchema)]
struct Texts {
    #[validate(length(equal = 2))]
    exact: String,
    bare: String,
    #[validate(contains(pattern = "@"))]
    handle: String,
    #[validate(length(min = 5), email)]
    both: String,
    #[schemars(extend("format" = "uuid"))]
    id: String,
    flag: bool,
    nothing: (),
}

#[derive(Deserialize, Validate, JsonSchema)]
struct Numbers {
    any: f64,
    #[validate(range(min = 0.5, max = 1.5))]
    ratio: f64,
    small: i8,
    count: u32,
    #[validate(range(min = 0.0000001))]
    tiny: f64,
}

#[derive(Deserialize, Validate, JsonSchema)]
struct Lists {
    #[validate(length(min = 1))]
    tags: Vec<String>,
    exact: [f64; 2],
    pair: (f64, bool),
    nested: Vec<Vec<Text>>,
    record: BTreeMap<String, bool>,
}

#[derive(Deserialize, Validate, JsonSchema)]
#[serde(transparent)]
struct Text {
    #[validate(length(min = 1))]
    text: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Color {
    Red,
    Green,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Figure {
    Circle { radius: f64 },
    Square { side: u8 },
    Nothing,
}

#[derive(Deserialize, Validate, JsonSchema)]
struct Mail {
    #[validate(email)]
    to: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Target {
    One(String),
    Many(Vec<String>),
    Mail(Mail),
}

#[derive(Deserialize, JsonSchema)]
struct Enums {
    color: Color,
    maybe: Option<Color>,
    shape: Figure,
    target: Target,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Strict {
    a: f64,
    inner: Option<StrictInner>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StrictInner {
    b: String,
}

#[derive(Deserialize, JsonSchema)]
struct Tree {
    name: String,
    #[serde(default)]
    children: Vec<Tree>,
}

#[derive(Deserialize, JsonSchema)]
struct Report {
    on: bool,
}

#[derive(Deserialize, Validate, JsonSchema)]
struct Query {
    #[validate(range(min = 1))]
    page: u32,
    ratio: Option<f64>,
    ids: Option<Vec<i64>>,
    #[validate(length(min = 2))]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Vector {
    input: Value,
    issues: Vec<(String, String)>,
}

#[test]
fn issues_are_those_of_zod_3() {
    let vectors: HashMap<String, Vec<Vector>> =
        serde_json::from_str(include_str!("zod.json")).expect("the vectors are well formed");
    for (name, shape) in [
        ("User", shape::<User>()),
        ("Texts", shape::<Texts>()),
        ("Numbers", shape::<Numbers>()),
        ("Lists", shape::<Lists>()),
        ("Enums", shape::<Enums>()),
        ("Strict", shape::<Strict>()),
        ("Tree", shape::<Tree>()),
        ("Reports", shape::<Vec<Report>>()),
    ] {
        for Vector { input, issues } in &vectors[name] {
            assert_eq!(&pairs(&shape, input, Origin::Body), issues, "{name} {input}");
        }
    }
}

#[test]
fn issues_of_coerced_texts_are_those_of_zod_3() {
    let vectors: HashMap<String, Vec<Vector>> =
        serde_json::from_str(include_str!("zod.json")).expect("the vectors are well formed");
    let shape = shape::<Query>();
    for Vector { input, issues } in &vectors["Query"] {
        let fields = input.as_object().expect("a query is an object").iter();
        let coerced = fields.map(|(name, value)| {
            let wanted = shape.text_type(name).expect("the property is there");
            (name.clone(), coerce(value, &wanted))
        });
        assert_eq!(&pairs(&shape, &coerced.collect(), Origin::Text), issues, "{input}");
    }
}

fn pairs(shape: &Shape, input: &Value, origin: Origin) -> Vec<(String, String)> {
    let issues = shape.issues(input, origin).into_iter();
    issues.map(|issue| (issue.field, issue.message)).collect()
}

fn coerce(value: &Value, wanted: &TextType) -> Value {
    match (value, wanted) {
        (Value::String(text), TextType::Number | TextType::Integer) => {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        (Value::Array(items), TextType::List(wanted)) => items.iter().map(|item| coerce(item, wanted)).collect(),
        (value, _) => value.clone(),
    }
}
