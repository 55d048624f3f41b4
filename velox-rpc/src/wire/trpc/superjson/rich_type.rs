//! Finds the values of a type that need annotations, according to the JSON Schema of the type. The
//! result is made once, when the application is built.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

use crate::error::Type;
use crate::json_schema::corrections::allow_keys;
use crate::router::beyond_json;
use crate::validate::Part;

/// The places in a type that hold dates, bigints, sets and maps.
pub(super) struct RichType {
    nodes: Vec<Node>,
}

/// The nodes that describe one value. If types are joined, several nodes describe it.
pub(super) type Place = Vec<usize>;

/// The JavaScript type of a string or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    Date,
    BigInt,
    /// The strings `NaN`, `Infinity` and `-Infinity`.
    NonFinite,
}

#[derive(Default)]
struct Node {
    types: Option<Vec<Type>>,
    literals: Option<Vec<Value>>,
    leaf: Option<Leaf>,
    is_set: bool,
    is_map: bool,
    fields: HashMap<String, usize>,
    required: Vec<String>,
    others: Option<usize>,
    first: Vec<usize>,
    items: Option<usize>,
    all: Vec<usize>,
    unions: Vec<Vec<usize>>,
    /// `true` if a value of this schema, or a part of it, may need an annotation.
    is_rich: bool,
}

impl RichType {
    /// Examines a type. `settings` are those for reading or for writing, and `schema`
    /// returns the schema of the type.
    pub(super) fn new(settings: SchemaSettings, schema: impl FnOnce(&mut SchemaGenerator) -> Schema) -> Self {
        let mut generator = settings.into_generator();
        let mut schema = Value::from(schema(&mut generator));
        let mut definitions = generator.take_definitions(true);
        allow_keys(std::iter::once(&mut schema), &mut definitions);
        if let Value::Object(members) = &mut schema {
            members.insert("$defs".to_owned(), definitions.into());
        }
        let mut compiler = Compiler { root: schema.clone(), known: HashMap::new(), nodes: Vec::new() };
        compiler.add(&schema);
        let mut rich_type = Self { nodes: compiler.nodes };
        rich_type.find_rich();
        rich_type
    }

    /// Returns whether plain JSON expresses all values of the type.
    pub(super) fn is_plain(&self) -> bool {
        !self.nodes[ROOT].is_rich
    }

    /// Returns the place of the whole value.
    pub(super) fn root(&self, part: Part<'_>) -> Place {
        self.resolve([ROOT], part)
    }

    /// Returns whether the value at this place may need annotations.
    pub(super) fn is_rich(&self, place: &Place) -> bool {
        place.iter().any(|node| self.nodes[*node].is_rich)
    }

    pub(super) fn leaf(&self, place: &Place) -> Option<Leaf> {
        place.iter().find_map(|node| self.nodes[*node].leaf)
    }

    pub(super) fn is_set(&self, place: &Place) -> bool {
        place.iter().any(|node| self.nodes[*node].is_set)
    }

    /// Returns whether the value is an object with numbers as keys.
    pub(super) fn is_map(&self, place: &Place) -> bool {
        place.iter().any(|node| self.nodes[*node].is_map)
    }

    /// Returns whether the type accepts an array at this place.
    pub(super) fn is_list(&self, place: &Place) -> bool {
        place.iter().any(|node| self.nodes[*node].types.as_ref().is_some_and(|types| types.contains(&Type::Array)))
    }

    /// Returns the place of the value under a key.
    pub(super) fn field(&self, place: &Place, key: &str, value: Part<'_>) -> Place {
        let nodes = || place.iter().map(|node| &self.nodes[*node]);
        let named: Vec<_> = nodes().filter_map(|node| node.fields.get(key).copied()).collect();
        if named.is_empty() {
            self.resolve(nodes().filter_map(|node| node.others), value)
        } else {
            self.resolve(named, value)
        }
    }

    /// Returns the place of an item of a list.
    pub(super) fn item(&self, place: &Place, index: usize, value: Part<'_>) -> Place {
        let lists = place.iter().map(|node| &self.nodes[*node]);
        self.resolve(lists.filter_map(|node| node.first.get(index).copied().or(node.items)), value)
    }

    /// Returns all nodes that describe a value. For a union, these include the first alternative
    /// that the value fits.
    fn resolve(&self, nodes: impl IntoIterator<Item = usize>, part: Part<'_>) -> Place {
        let mut place = Place::new();
        let mut pending: Vec<usize> = nodes.into_iter().collect();
        while let Some(at) = pending.pop() {
            if place.contains(&at) {
                continue;
            }
            place.push(at);
            let node = &self.nodes[at];
            pending.extend(&node.all);
            let fitting = |union: &Vec<usize>| union.iter().copied().find(|one| self.fits(*one, part, LOOK_AHEAD));
            pending.extend(node.unions.iter().filter_map(fitting));
        }
        place
    }

    /// Returns whether a value may have this schema. The check goes only a few levels deep, as the
    /// alternatives of a union usually differ near the root.
    fn fits(&self, at: usize, part: Part<'_>, depth: usize) -> bool {
        if depth == 0 {
            return true;
        }
        let (node, depth) = (&self.nodes[at], depth - 1);
        let is_wanted = match part.kind() {
            Type::Text => match node.leaf {
                Some(Leaf::Date) => is_date(&part.said()),
                _ => true,
            },
            Type::Object => {
                let has = |wanted: &String| part.entries().any(|(key, _)| key.said() == *wanted);
                let fits = |(key, value): (Part<'_>, Part<'_>)| {
                    node.fields.get(&*key.said()).is_none_or(|field| self.fits(*field, value, depth))
                };
                node.required.iter().all(has) && part.entries().all(fits)
            }
            Type::Array => {
                let items = part.items().enumerate().take(FEW_ITEMS);
                let item = |index: usize| node.first.get(index).copied().or(node.items);
                items.into_iter().all(|(index, value)| item(index).is_none_or(|item| self.fits(item, value, depth)))
            }
            _ => true,
        };
        is_wanted
            && node.types.as_ref().is_none_or(|types| types.contains(&part.kind()))
            && node.literals.as_ref().is_none_or(|literals| literals.iter().any(|literal| is_literal(part, literal)))
            && node.all.iter().all(|one| self.fits(*one, part, depth))
            && node.unions.iter().all(|union| union.iter().any(|one| self.fits(*one, part, depth)))
    }

    /// Marks each type that has a rich part. Types may be recursive, so the loop runs until nothing
    /// changes.
    fn find_rich(&mut self) {
        let mut has_changed = true;
        while has_changed {
            has_changed = false;
            for at in 0..self.nodes.len() {
                let node = &self.nodes[at];
                let is_rich = node.leaf.is_some()
                    || node.is_set
                    || node.is_map
                    || node.parts().any(|part| self.nodes[part].is_rich);
                has_changed |= is_rich != node.is_rich;
                self.nodes[at].is_rich = is_rich;
            }
        }
    }
}

impl Node {
    fn parts(&self) -> impl Iterator<Item = usize> {
        let lists = self.first.iter().chain(&self.all).chain(self.unions.iter().flatten());
        lists.chain(self.fields.values()).copied().chain(self.others).chain(self.items)
    }
}

struct Compiler {
    root: Value,
    known: HashMap<String, usize>,
    nodes: Vec<Node>,
}

impl Compiler {
    fn add(&mut self, schema: &Value) -> usize {
        let at = self.nodes.len();
        self.nodes.push(Node::default());
        self.nodes[at] = self.node(schema);
        at
    }

    /// Returns the node of a reference. For a recursive type the node may still be incomplete.
    fn referred(&mut self, path: &str) -> Option<usize> {
        if let Some(known) = self.known.get(path) {
            return Some(*known);
        }
        let schema = self.root.pointer(&percent_decode_str(path.strip_prefix('#')?).decode_utf8_lossy())?.clone();
        self.known.insert(path.to_owned(), self.nodes.len());
        Some(self.add(&schema))
    }

    fn node(&mut self, schema: &Value) -> Node {
        let list = |keyword: &str| schema.get(keyword).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let types = match schema.get("type") {
            Some(Value::Array(names)) => Some(names.iter().filter_map(Value::as_str).map(type_named).collect()),
            Some(Value::String(name)) => Some(vec![type_named(name)]),
            _ => None,
        };
        let is = |of: Type| types.as_ref().is_some_and(|types: &Vec<Type>| types.contains(&of));
        let literals = match schema.get("const") {
            Some(only) => Some(vec![only.clone()]),
            None => schema.get("enum").and_then(Value::as_array).cloned(),
        };
        let none = Map::new();
        let members = schema.as_object().unwrap_or(&none);
        let leaf = match () {
            () if beyond_json::is_non_finite(members) => Some(Leaf::NonFinite),
            () if is(Type::Text) && beyond_json::is_date(members) => Some(Leaf::Date),
            () if is(Type::Number) && beyond_json::wide_bits(members).is_some() => Some(Leaf::BigInt),
            () => None,
        };
        Node {
            is_set: is(Type::Array) && beyond_json::is_set(members),
            is_map: beyond_json::is_map(members),
            literals,
            leaf,
            fields: {
                let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
                fields.map(|(name, field)| (name.clone(), self.add(field))).collect()
            },
            required: list("required").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            others: {
                let patterns = schema.get("patternProperties").and_then(Value::as_object);
                let others = ["additionalProperties", "unevaluatedProperties"].into_iter();
                let others = others.filter_map(|keyword| schema.get(keyword)).find(|others| others.is_object());
                let others = others.or_else(|| patterns?.values().next());
                others.map(|others| self.add(others))
            },
            first: list("prefixItems").iter().map(|item| self.add(item)).collect(),
            items: schema.get("items").filter(|items| items.is_object()).map(|items| self.add(items)),
            all: {
                let mut all: Vec<_> = list("allOf").iter().map(|one| self.add(one)).collect();
                all.extend(schema.get("$ref").and_then(Value::as_str).and_then(|path| self.referred(path)));
                all
            },
            unions: ["anyOf", "oneOf"]
                .map(list)
                .into_iter()
                .filter(|union| !union.is_empty())
                .map(|union| union.iter().map(|one| self.add(one)).collect())
                .collect(),
            types,
            is_rich: false,
        }
    }
}

fn type_named(name: &str) -> Type {
    match name {
        "string" => Type::Text,
        "integer" | "number" => Type::Number,
        "boolean" => Type::Boolean,
        "array" => Type::Array,
        "object" => Type::Object,
        _ => Type::Null,
    }
}

fn is_literal(part: Part<'_>, literal: &Value) -> bool {
    match literal {
        Value::String(text) => part.kind() == Type::Text && part.said() == *text,
        other => serde_json::from_str::<Value>(part.text()).is_ok_and(|value| value == *other),
    }
}

/// Returns whether every browser can parse the text as a date: it has a year of four digits, as in
/// RFC 3339, and a time.
pub(super) fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let pattern = b"0000-00-00T00:00:00";
    bytes.len() > pattern.len()
        && bytes.iter().zip(pattern).all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

const ROOT: usize = 0;
const LOOK_AHEAD: usize = 4;
const FEW_ITEMS: usize = 8;
