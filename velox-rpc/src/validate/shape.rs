//! The shape of an input type, compiled once from its JSON Schema.

use serde_json::Value;
use validator::ValidationErrors;

use crate::error::Issue;
use crate::validate::check::Check;
use crate::validate::compile::compile;
use crate::validate::fields::{MAX_HOPS, accepts, fields, is_open, keys};
use crate::validate::found::Found;
use crate::validate::node::{At, Node};
use crate::validate::path::Path;
use crate::validate::rules::Rules;
use crate::validate::types::Types;
use crate::validate::union::Form;

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A JSON document: types are as sent.
    Body,
    /// Path and query, coerced: a text that is still one where a number should be was not a number.
    Text,
}

/// What a text in a path or query is turned into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextType {
    Text,
    Number,
    Integer,
    Boolean,
    List(Box<TextType>),
    /// Anything else, which stays as it was sent.
    Any,
}

/// A compiled JSON Schema.
#[derive(Debug)]
pub(crate) struct Shape {
    nodes: Vec<Node>,
    /// Top-level properties, those of flattened and tagged types among them.
    properties: Vec<(String, bool)>,
}

impl Shape {
    /// Compiles a schema. Keywords that schemars does not write are passed over.
    pub(crate) fn new(schema: &schemars::Schema) -> Shape {
        let nodes = compile(schema.as_value());
        let keys = keys(&nodes, ROOT, 0).into_iter();
        let properties = keys.map(|(name, is_required)| (name.to_owned(), is_required)).collect();
        Shape { nodes, properties }
    }

    /// Every issue of `value`, types and rules together, in the order of the schema's properties; 100 at most.
    pub(crate) fn issues(&self, value: &Value, origin: Origin) -> Vec<Issue> {
        let mut found = Found::default();
        Check::new(&self.nodes, origin).node(ROOT, value, &Path::root(), 0, &mut found);
        found.into_issues()
    }

    /// What validator found, by wire names and in the order of the schema's properties; 100 at most.
    pub(crate) fn rule_issues(&self, errors: &ValidationErrors) -> Vec<Issue> {
        let mut found = Found::default();
        Rules::new(&self.nodes).walk(errors, Some(ROOT), &Path::root(), &mut found);
        found.into_issues()
    }

    /// What a text given for a top-level property becomes; `None` if there is no such property.
    pub(crate) fn text_type(&self, name: &str) -> Option<TextType> {
        let mut types = fields(&self.nodes, ROOT)
            .into_iter()
            .filter(|field| field.name == name)
            .map(|field| text_type(&self.nodes, field.node, 0));
        let first = types.next()?;
        // Variants of one enum that differ in the type leave it open.
        Some(if types.all(|other| other == first) { first } else { TextType::Any })
    }

    /// Takes objects, and nothing else but perhaps null.
    pub(crate) fn is_object(&self) -> bool {
        accepts(&self.nodes, ROOT, 0).without(Types::NULL) == Types::OBJECT
    }

    /// Takes keys that it does not name, as maps and flattened maps do.
    pub(crate) fn is_open(&self) -> bool {
        is_open(&self.nodes, ROOT, 0)
    }

    /// The top-level properties in the schema's order, and whether each is required.
    pub(crate) fn properties(&self) -> impl Iterator<Item = (&str, bool)> {
        self.properties.iter().map(|(name, is_required)| (name.as_str(), *is_required))
    }

    /// Takes `null`.
    pub(crate) fn accepts_null(&self) -> bool {
        accepts(&self.nodes, ROOT, 0).contains(Types::NULL)
    }
}

fn text_type(nodes: &[Node], at: At, hops: usize) -> TextType {
    let node = &nodes[at];
    if hops > MAX_HOPS {
        return TextType::Any;
    }
    match accepts(nodes, at, 0).only() {
        Some("string") => return TextType::Text,
        Some("boolean") => return TextType::Boolean,
        Some("number" | "array") => {}
        _ => return TextType::Any,
    }
    if let Some(items) = node.list.as_ref().and_then(|list| list.rest) {
        return TextType::List(Box::new(text_type(nodes, items, hops + 1)));
    }
    if node.is_integer {
        return TextType::Integer;
    }
    match (node.also.as_slice(), node.unions.as_slice(), node.types.only()) {
        ([only], [], _) => text_type(nodes, *only, hops + 1),
        ([], [union], _) => match &union.form {
            Form::One(only) => text_type(nodes, *only, hops + 1),
            _ => TextType::Any,
        },
        (_, _, Some("number")) => TextType::Number,
        (_, _, Some("array")) => TextType::List(Box::new(TextType::Any)),
        _ => TextType::Any,
    }
}

pub(super) const ROOT: At = 0;
