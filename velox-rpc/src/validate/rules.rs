//! What validator found, put into wire names. validator knows fields by their Rust names, keeps them in a hash map and
//! holds no texts of its own; names, order and texts come from here.

use std::borrow::Cow;

use serde_json::Value;
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

use crate::validate::fields::{Field, MAX_HOPS, accepts, fields, parts};
use crate::validate::found::Found;
use crate::validate::node::{At, Node};
use crate::validate::number::Num;
use crate::validate::path::Path;
use crate::validate::scalar::length;
use crate::validate::text::{self, Side, Sized};
use crate::validate::types::Types;

pub(super) struct Rules<'n> {
    nodes: &'n [Node],
}

/// Where one entry of validator's belongs.
struct Place<'e> {
    /// Position in the schema; fields that are not in it come after those that are.
    order: usize,
    /// None: the entry is about the value itself.
    name: Option<Cow<'e, str>>,
    node: Option<At>,
}

impl<'n> Rules<'n> {
    pub(super) fn new(nodes: &'n [Node]) -> Rules<'n> {
        Rules { nodes }
    }

    pub(super) fn walk(&self, errors: &ValidationErrors, at: Option<At>, path: &Path<'_>, found: &mut Found) {
        let fields = at.map(|at| fields(self.nodes, at)).unwrap_or_default();
        let mut entries: Vec<_> =
            errors.errors().iter().map(|(name, kind)| (self.place(name, kind, at, &fields), name, kind)).collect();
        entries.sort_by(|(a, name_a, _), (b, name_b, _)| (a.order, name_a).cmp(&(b.order, name_b)));
        for (place, _, kind) in entries {
            if found.is_full() {
                return;
            }
            let field_path;
            let path = match &place.name {
                Some(name) => {
                    field_path = path.key(name);
                    &field_path
                }
                None => path,
            };
            match kind {
                ValidationErrorsKind::Field(errors) => {
                    errors.iter().for_each(|error| found.push(path, || message(error)));
                }
                ValidationErrorsKind::Struct(inner) => self.walk(inner, place.node, path, found),
                ValidationErrorsKind::List(items) => {
                    let list = place.node.and_then(|node| self.list(node, 0));
                    for (index, inner) in items {
                        if found.is_full() {
                            return;
                        }
                        match list {
                            // The index counts a hash map or set in an order that the caller does not know.
                            Some(List::Unordered) => self.without_keys(inner, path, found),
                            Some(List::Ordered(item)) => self.walk(inner, item, &path.index(*index), found),
                            None => self.walk(inner, None, &path.index(*index), found),
                        }
                    }
                }
            }
        }
    }

    fn place<'e>(
        &self,
        rust_name: &'e str,
        kind: &ValidationErrorsKind,
        at: Option<At>,
        fields: &[Field<'e>],
    ) -> Place<'e>
    where
        'n: 'e,
    {
        let here = |order| Place { order, name: None, node: at };
        if matches!(rust_name, WHOLE | COLLECTION) {
            return here(usize::MAX);
        }
        let rust_name = rust_name.strip_prefix("r#").unwrap_or(rust_name);
        if let Some(order) = self.position(rust_name, fields) {
            return Place { order, name: Some(Cow::Borrowed(fields[order].name)), node: Some(fields[order].node) };
        }
        // A transparent type: its one field is the value.
        if at.is_some_and(|at| !accepts(self.nodes, at, 0).contains(Types::OBJECT)) {
            return here(0);
        }
        // A flattened type: its fields are ours.
        if let ValidationErrorsKind::Struct(inner) = kind {
            let positions = inner.errors().keys().filter_map(|name| self.position(name, fields));
            if let Some(first) = positions.min() {
                return here(first);
            }
        }
        Place { order: usize::MAX - 1, name: Some(Cow::Borrowed(rust_name)), node: None }
    }

    /// The field of a Rust name: the one marked with it, else the one of the same name, else of the same letters.
    fn position(&self, rust_name: &str, fields: &[Field<'_>]) -> Option<usize> {
        let marked = |field: &Field<'_>| self.nodes[field.node].rust_name.as_deref();
        let unmarked = |field: &&Field<'_>| marked(field).is_none();
        let by_mark = fields.iter().position(|field| marked(field) == Some(rust_name));
        let by_name = || fields.iter().position(|field| unmarked(&field) && field.name == rust_name);
        let by_letters = || {
            let sought = letters(rust_name);
            fields.iter().position(|field| unmarked(&field) && letters(field.name) == sought)
        };
        by_mark.or_else(by_name).or_else(by_letters)
    }

    fn list(&self, at: At, hops: usize) -> Option<List> {
        if hops > MAX_HOPS {
            return None;
        }
        let node = &self.nodes[at];
        if let Some(list) = &node.list {
            return Some(if list.is_set { List::Unordered } else { List::Ordered(list.rest) });
        }
        if node.object.as_ref().is_some_and(|object| object.properties.is_empty()) {
            return Some(List::Unordered);
        }
        parts(node).find_map(|part| self.list(part, hops + 1))
    }

    /// Issues of an entry that has no path: they are told of the whole map or set, each text once.
    fn without_keys(&self, errors: &ValidationErrors, path: &Path<'_>, found: &mut Found) {
        let mut inner = Found::default();
        self.walk(errors, None, path, &mut inner);
        for issue in inner.into_issues() {
            found.push_once(path, issue.message);
        }
    }
}

#[derive(Clone, Copy)]
enum List {
    Ordered(Option<At>),
    Unordered,
}

/// A name without what renaming rules change.
fn letters(name: &str) -> String {
    let letters = name.chars().filter(|char| !matches!(char, '_' | '-'));
    letters.flat_map(char::to_lowercase).collect()
}

fn message(error: &ValidationError) -> String {
    match &error.message {
        Some(message) => message.clone().into_owned(),
        None => rule_text(error),
    }
}

/// The text of a rule without a message. A code of the user's own hides the rule's name, so bounds are told by what they
/// are given as.
fn rule_text(error: &ValidationError) -> String {
    match &*error.code {
        "email" => text::invalid("email"),
        "url" => text::invalid("url"),
        "ip" => text::invalid("ip"),
        "required" => text::REQUIRED.to_owned(),
        _ => size_text(error)
            .or_else(|| range_text(error))
            .or_else(|| needle_text(error))
            .unwrap_or_else(|| text::INVALID.to_owned()),
    }
}

fn size_text(error: &ValidationError) -> Option<String> {
    let (sized, count) = match error.params.get("value")? {
        Value::String(value) => (Sized::Text, value.chars().count()),
        Value::Array(items) => (Sized::List, items.len()),
        // Zod has no text for the size of a map.
        Value::Object(_) if error.code == "length" => return Some(text::INVALID_INPUT.to_owned()),
        _ => return None,
    };
    let size = |name| usize::try_from(error.params.get(name)?.as_u64()?).ok();
    match size("equal") {
        Some(equal) => length(sized, count, Some(equal), Some(equal)),
        None => length(sized, count, size("min"), size("max")),
    }
}

fn range_text(error: &ValidationError) -> Option<String> {
    let value = Num::new(error.params.get("value")?.as_number()?);
    let limit = |name| Some(Num::new(error.params.get(name).and_then(Value::as_number)?));
    let broken = |name, side, is_broken: fn(&Num, &Num) -> bool| {
        let limit = limit(name).filter(|limit| is_broken(&value, limit))?;
        Some(text::bound(Sized::Number, side, limit))
    };
    broken("min", Side::AtLeast, |value, limit| value < limit)
        .or_else(|| broken("exclusive_min", Side::Above, |value, limit| value <= limit))
        .or_else(|| broken("max", Side::AtMost, |value, limit| value > limit))
        .or_else(|| broken("exclusive_max", Side::Below, |value, limit| value >= limit))
}

/// `contains` and its opposite both give a needle; only the first has a text in Zod.
fn needle_text(error: &ValidationError) -> Option<String> {
    let needle = error.params.get("needle")?.as_str()?;
    (error.code == "contains").then(|| text::must_include(needle))
}

/// validator's name for what is said of a struct as a whole.
const WHOLE: &str = "__all__";
/// validator's name for the elements of a collection that is itself the value.
const COLLECTION: &str = "_tmp_validator";
