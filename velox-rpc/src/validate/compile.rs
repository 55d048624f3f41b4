//! From a JSON Schema (draft 2020-12, as schemars writes it) to nodes.

use std::collections::HashMap;

use regex::Regex;
use serde_json::{Map, Value};

use crate::validate::keyword::{choices, map, messages, number_rules, size, text_rules, types};
use crate::validate::node::{At, ListRules, Node, ObjectRules, Others, Property};
use crate::validate::types::Types;
use crate::validate::union::{self, Form, Union};

/// The nodes of `schema`; the first is the root.
pub(super) fn compile(schema: &Value) -> Vec<Node> {
    let mut compiler = Compiler { root: schema, nodes: Vec::new(), by_pointer: HashMap::from([(String::new(), 0)]) };
    compiler.add(schema);
    union::link(&mut compiler.nodes);
    compiler.nodes
}

struct Compiler<'s> {
    root: &'s Value,
    nodes: Vec<Node>,
    by_pointer: HashMap<String, At>,
}

impl<'s> Compiler<'s> {
    fn add(&mut self, schema: &'s Value) -> At {
        let at = self.reserve();
        self.fill(at, schema);
        at
    }

    /// A place that a recursive type can refer to before it is filled.
    fn reserve(&mut self) -> At {
        self.nodes.push(Node::any());
        self.nodes.len() - 1
    }

    fn fill(&mut self, at: At, schema: &'s Value) {
        let schema = match schema {
            Value::Object(schema) => schema,
            Value::Bool(false) => {
                self.nodes[at].types = Types::NONE;
                return;
            }
            _ => return,
        };
        let mut node = Node::any();
        (node.types, node.is_integer) = types(schema);
        node.choices = choices(schema);
        node.text = text_rules(schema);
        node.number = number_rules(schema, node.is_integer);
        node.messages = messages(schema);
        node.rust_name = schema.get("x-velox-field").and_then(Value::as_str).map(str::to_owned);
        node.list = self.list(schema);
        node.object = self.object(schema);
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            node.also.extend(self.follow(reference));
        }
        node.also.extend(self.each(schema, "allOf"));
        for keyword in ["anyOf", "oneOf"] {
            let variants = self.each(schema, keyword);
            if !variants.is_empty() {
                node.unions.push(Union { variants, takes_null: false, form: Form::Plain });
            }
        }
        self.nodes[at] = node;
    }

    /// The node of a `$ref` within the document; any other is not followed and takes everything.
    fn follow(&mut self, reference: &str) -> Option<At> {
        let pointer = percent_decoded(reference.strip_prefix('#')?);
        if let Some(at) = self.by_pointer.get(&pointer) {
            return Some(*at);
        }
        let schema = self.root.pointer(&pointer)?;
        let at = self.reserve();
        self.by_pointer.insert(pointer, at);
        self.fill(at, schema);
        Some(at)
    }

    fn each(&mut self, schema: &'s Map<String, Value>, keyword: &str) -> Vec<At> {
        let schemas = schema.get(keyword).and_then(Value::as_array).map(Vec::as_slice);
        schemas.unwrap_or_default().iter().map(|schema| self.add(schema)).collect()
    }

    fn list(&mut self, schema: &'s Map<String, Value>) -> Option<ListRules> {
        let rules = ListRules {
            first: self.each(schema, "prefixItems"),
            rest: schema.get("items").map(|items| self.add(items)),
            min: size(schema, "minItems"),
            max: size(schema, "maxItems"),
            is_set: schema.get("uniqueItems").and_then(Value::as_bool).unwrap_or(false),
        };
        let is_bare = rules.first.is_empty() && rules.rest.is_none() && rules.min.is_none() && rules.max.is_none();
        (!is_bare).then_some(rules)
    }

    fn object(&mut self, schema: &'s Map<String, Value>) -> Option<ObjectRules> {
        const KEYWORDS: [&str; 5] =
            ["properties", "required", "patternProperties", "additionalProperties", "unevaluatedProperties"];
        if !KEYWORDS.iter().any(|keyword| schema.contains_key(*keyword)) {
            return None;
        }
        let mut rules = ObjectRules::default();
        for (name, property) in map(schema, "properties") {
            let node = self.add(property);
            rules.push(name, node);
        }
        let required = schema.get("required").and_then(Value::as_array).map(Vec::as_slice);
        for name in required.unwrap_or_default().iter().filter_map(Value::as_str) {
            let index = match rules.by_name.get(name) {
                Some(index) => *index,
                None => {
                    let node = self.reserve();
                    rules.push(name, node)
                }
            };
            rules.properties[index].is_required = true;
        }
        for (pattern, property) in map(schema, "patternProperties") {
            let node = self.add(property);
            // A pattern that is no regex of ours is one that no key is held against.
            rules.patterns.extend(Regex::new(pattern).ok().map(|regex| (regex, node)));
        }
        rules.others = self.others(schema.get("additionalProperties"));
        rules.unnamed = self.others(schema.get("unevaluatedProperties"));
        Some(rules)
    }

    fn others(&mut self, schema: Option<&'s Value>) -> Others {
        match schema {
            None => Others::Dropped,
            Some(Value::Bool(false)) => Others::Refused,
            Some(Value::Bool(true)) => Others::Taken,
            Some(schema) => Others::Each(self.add(schema)),
        }
    }
}

impl ObjectRules {
    fn push(&mut self, name: &str, node: At) -> usize {
        let index = self.properties.len();
        self.by_name.insert(name.to_owned(), index);
        self.properties.push(Property { name: name.to_owned(), node, is_required: false });
        index
    }
}

/// schemars writes the names of definitions percent-encoded.
fn percent_decoded(pointer: &str) -> String {
    let mut bytes = Vec::with_capacity(pointer.len());
    let mut rest = pointer.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let escaped = tail.get(..2).filter(|_| *byte == b'%');
        let escaped = escaped.and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
