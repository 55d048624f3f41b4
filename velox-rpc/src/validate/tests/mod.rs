//! Real types, with the real derives, against the issues that are expected.

mod accepted;
mod cost;
mod locate;
mod rules;
mod shape;
mod types;
mod zod;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::error::Issue;
use crate::validate::{Origin, Shape};

fn shape<T: JsonSchema>() -> Shape {
    Shape::new(&schemars::SchemaGenerator::default().into_root_schema_for::<T>())
}

/// The issues of a body, each as `field: message`.
fn issues<T: JsonSchema>(value: impl Serialize) -> Vec<String> {
    issues_from::<T>(value, Origin::Body)
}

fn issues_from<T: JsonSchema>(value: impl Serialize, origin: Origin) -> Vec<String> {
    let value: Value = serde_json::to_value(value).expect("test values are JSON");
    lines(shape::<T>().issues(&value, origin))
}

fn lines(issues: Vec<Issue>) -> Vec<String> {
    issues.into_iter().map(|issue| format!("{}: {}", issue.field, issue.message)).collect()
}
