//! What a node says together with its parts: what it refers to, and its variants.

use crate::validate::node::{At, Node};
use crate::validate::types::Types;

/// A property of a node or of a part of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'n> {
    pub(super) name: &'n str,
    pub(super) node: At,
}

/// The properties of a node and its parts, in the schema's order; once for each variant that has it.
pub(super) fn fields(nodes: &[Node], at: At) -> Vec<Field<'_>> {
    let mut found = Vec::new();
    collect(nodes, at, &mut Vec::new(), &mut found);
    found
}

fn collect<'n>(nodes: &'n [Node], at: At, seen: &mut Vec<At>, found: &mut Vec<Field<'n>>) {
    if seen.contains(&at) {
        return;
    }
    seen.push(at);
    let node = &nodes[at];
    if let Some(object) = &node.object {
        found.extend(object.properties.iter().map(|property| Field { name: &property.name, node: property.node }));
    }
    for part in parts(node) {
        collect(nodes, part, seen, found);
    }
}

/// The keys of a node and its parts, each once, and whether a value must have it whatever its variant.
pub(super) fn keys(nodes: &[Node], at: At, hops: usize) -> Vec<(&str, bool)> {
    let mut keys = Vec::new();
    if hops > MAX_HOPS {
        return keys;
    }
    let node = &nodes[at];
    if let Some(object) = &node.object {
        let own = object.properties.iter();
        keys.extend(own.map(|property| (property.name.as_str(), property.is_required)));
    }
    for part in &node.also {
        self::keys(nodes, *part, hops + 1).into_iter().for_each(|key| add(&mut keys, key));
    }
    for union in &node.unions {
        let variants: Vec<_> = union.variants.iter().map(|variant| self::keys(nodes, *variant, hops + 1)).collect();
        for (name, _) in variants.iter().flatten() {
            let is_required = !union.takes_null && variants.iter().all(|variant| variant.contains(&(name, true)));
            add(&mut keys, (name, is_required));
        }
    }
    keys
}

fn add<'n>(keys: &mut Vec<(&'n str, bool)>, (name, is_required): (&'n str, bool)) {
    match keys.iter_mut().find(|(known, _)| *known == name) {
        Some((_, known)) => *known |= is_required,
        None => keys.push((name, is_required)),
    }
}

/// The types a node takes, its parts considered.
pub(super) fn accepts(nodes: &[Node], at: At, hops: usize) -> Types {
    if hops > MAX_HOPS {
        return Types::ANY;
    }
    let node = &nodes[at];
    let mut types = node.types;
    if let Some(choices) = &node.choices {
        types = types.both(choices.values.iter().fold(Types::NONE, |types, value| types.or(Types::of(value))));
    }
    for part in &node.also {
        types = types.both(accepts(nodes, *part, hops + 1));
    }
    for union in &node.unions {
        let null = if union.takes_null { Types::NULL } else { Types::NONE };
        let variants = union.variants.iter().map(|variant| accepts(nodes, *variant, hops + 1));
        types = types.both(variants.fold(null, Types::or));
    }
    types
}

/// Takes keys that neither it nor a part names.
pub(super) fn is_open(nodes: &[Node], at: At, hops: usize) -> bool {
    let node = &nodes[at];
    let is_open_here = node
        .object
        .as_ref()
        .is_some_and(|object| object.others.is_open() || object.unnamed.is_open() || !object.patterns.is_empty());
    is_open_here || (hops < MAX_HOPS && parts(node).any(|part| is_open(nodes, part, hops + 1)))
}

/// What a node refers to, then its variants.
pub(super) fn parts(node: &Node) -> impl Iterator<Item = At> + '_ {
    let variants = node.unions.iter().flat_map(|union| &union.variants);
    node.also.iter().chain(variants).copied()
}

/// `$ref`s that lead back to themselves end here.
pub(super) const MAX_HOPS: usize = 16;
