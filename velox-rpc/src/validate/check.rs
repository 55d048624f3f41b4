//! The walk of a value along the nodes.

use std::collections::HashMap;

use serde_json::Value;

use crate::validate::choices::{Choices, Refusal};
use crate::validate::fields::MAX_HOPS;
use crate::validate::found::Found;
use crate::validate::node::{At, ListRules, Node};
use crate::validate::path::Path;
use crate::validate::scalar::length;
use crate::validate::shape::Origin;
use crate::validate::text::{self, Side, Sized};
use crate::validate::types::{Types, type_name};

/// How bad it is. Zod tells rules that are broken (its "dirty") from what has the wrong form, and in a union prefers a
/// variant of the right form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Valid,
    BrokenRule,
    Invalid,
    /// The value itself has the wrong type, so that no other part of the node has more to say of it.
    WrongType,
}

impl Verdict {
    /// As the part of a larger value: that one has the right type.
    pub(super) fn of_part(self) -> Verdict {
        self.min(Verdict::Invalid)
    }
}

pub(super) struct Check<'n> {
    pub(super) nodes: &'n [Node],
    origin: Origin,
    /// Visits left. What a walk costs is bounded by it, whatever the schema.
    pub(super) fuel: usize,
    /// Verdicts of large values as variants of a union, by the place of the variant and of the value. Without it, unions
    /// within each other would multiply the work at every level.
    pub(super) known: HashMap<(At, usize), Verdict>,
}

impl<'n> Check<'n> {
    pub(super) fn new(nodes: &'n [Node], origin: Origin) -> Check<'n> {
        Check { nodes, origin, fuel: FUEL, known: HashMap::new() }
    }

    /// `hops` counts nodes visited for the same value: a `$ref` may lead back to itself.
    pub(super) fn node(&mut self, at: At, value: &Value, path: &Path<'_>, hops: usize, found: &mut Found) -> Verdict {
        if self.fuel == 0 || found.is_full() {
            return Verdict::Invalid;
        }
        if hops > MAX_HOPS || path.depth() > MAX_DEPTH {
            return Verdict::Valid;
        }
        self.fuel -= 1;
        let nodes = self.nodes;
        let node = &nodes[at];
        if let Some(choices) = &node.choices {
            let verdict = choose(choices, value, path, found);
            if verdict != Verdict::Valid {
                return verdict;
            }
        }
        if !node.types.contains(Types::of(value)) {
            found.push(path, || self.wrong_type(node.types, value, path));
            return Verdict::WrongType;
        }
        let mut verdict = self.own_rules(node, value, path, found);
        for part in &node.also {
            if found.is_quiet() && verdict >= Verdict::Invalid {
                return verdict;
            }
            match self.node(*part, value, path, hops + 1, found) {
                Verdict::WrongType => return Verdict::WrongType,
                other => verdict = verdict.max(other),
            }
        }
        for union in &node.unions {
            if found.is_quiet() && verdict >= Verdict::Invalid {
                return verdict;
            }
            match self.union(union, value, path, hops, found) {
                Verdict::WrongType => return Verdict::WrongType,
                other => verdict = verdict.max(other),
            }
        }
        if let (Some(rules), Value::Object(object)) = (&node.object, value) {
            verdict = verdict.max(self.unnamed(at, rules, object, path, found));
        }
        verdict
    }

    fn own_rules(&mut self, node: &Node, value: &Value, path: &Path<'_>, found: &mut Found) -> Verdict {
        let broken = match (value, &node.text, &node.number, &node.list, &node.object) {
            (Value::String(value), Some(rules), ..) => rules.broken(value, &node.messages),
            (Value::Number(value), _, Some(rules), ..) => rules.broken(value, node.is_integer, &node.messages),
            (Value::Array(items), _, _, Some(rules), _) => return self.list(node, rules, items, path, found),
            (Value::Object(object), .., Some(rules)) => return self.object(rules, object, path, found),
            _ => return Verdict::Valid,
        };
        let verdict = if broken.is_empty() { Verdict::Valid } else { Verdict::BrokenRule };
        for text in broken {
            found.push(path, || text);
        }
        verdict
    }

    fn list(&mut self, node: &Node, rules: &ListRules, items: &[Value], path: &Path<'_>, found: &mut Found) -> Verdict {
        let mut verdict = Verdict::Valid;
        if let Some((text, worse)) = missed_size(rules, items.len()) {
            found.push(path, || node.messages.or("length", || text));
            // As Zod does: a tuple that is too short has no elements to speak of.
            if worse == Verdict::Invalid {
                return worse;
            }
            verdict = worse;
        }
        for (index, item) in items.iter().enumerate() {
            let Some(at) = rules.first.get(index).copied().or(rules.rest) else {
                break;
            };
            if found.is_full() || (found.is_quiet() && verdict >= Verdict::Invalid) {
                break;
            }
            verdict = verdict.max(self.node(at, item, &path.index(index), 0, found).of_part());
        }
        verdict
    }

    fn wrong_type(&self, types: Types, value: &Value, path: &Path<'_>) -> String {
        let Some(name) = types.only() else {
            return text::INVALID_INPUT.to_owned();
        };
        // What was a text to begin with was turned into a number as JavaScript's `Number` does, and was none.
        let is_coerced = self.origin == Origin::Text && value.is_string() && name == "number" && path.is_text_place();
        text::expected(name, if is_coerced { "nan" } else { type_name(value) })
    }
}

/// Holds a value against listed ones.
pub(super) fn choose(choices: &Choices, value: &Value, path: &Path<'_>, found: &mut Found) -> Verdict {
    let (verdict, text) = match choices.refuse(value) {
        None => return Verdict::Valid,
        Some(Refusal::Type(text)) => (Verdict::WrongType, text),
        Some(Refusal::Value(text)) => (Verdict::Invalid, text),
    };
    found.push(path, || text);
    verdict
}

fn missed_size(rules: &ListRules, count: usize) -> Option<(String, Verdict)> {
    if rules.first.is_empty() {
        return length(Sized::List, count, rules.min, rules.max).map(|text| (text, Verdict::BrokenRule));
    }
    match (rules.min, rules.max) {
        (Some(min), _) if count < min => Some((text::bound(Sized::List, Side::AtLeast, min), Verdict::Invalid)),
        (_, Some(max)) if count > max => Some((text::bound(Sized::List, Side::AtMost, max), Verdict::BrokenRule)),
        _ => None,
    }
}

/// Above what a body of a megabyte can hold in values, a few times over.
const FUEL: usize = 4_000_000;
/// serde_json reads no deeper than 128.
const MAX_DEPTH: usize = 160;
