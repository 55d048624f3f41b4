//! Reads the annotations that a client sends beside the JSON.
//!
//! Values that no Rust type has cause an error, and so do annotations whose path leads nowhere. No
//! annotation is silently ignored.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use super::path::parse;
use crate::error::{Error, Issue, Result, Type};
use crate::router::beyond_json::NON_FINITE;
use crate::validate::Part;

/// The annotated values, by the offset at which their text begins.
pub(super) type Marks = HashMap<usize, Mark>;

/// Reads `meta`, the annotations of the JSON value `root`.
pub(super) fn read_marks(meta: &str, root: Part<'_>) -> Result<Marks> {
    let Ok(meta) = serde_json::from_str::<Option<serde_json::Map<String, Value>>>(meta) else {
        return Err(malformed(UNKNOWN));
    };
    let Some(members) = meta else { return Ok(Marks::new()) };
    let meta = Meta::of(members)?;
    let mut notes = Notes { root, is_legacy: meta.is_legacy, marks: Marks::new(), index: HashMap::new() };
    if let Some(values) = &meta.values {
        notes.annotate(values, root, &Trail::default())?;
    }
    if let Some(equal) = &meta.referential_equalities {
        notes.check_equalities(equal)?;
    }
    Ok(notes.marks)
}

struct Meta {
    values: Option<Value>,
    referential_equalities: Option<Value>,
    /// `true` if paths have the format of superjson before version 2, in which only `\.` is an
    /// escape.
    is_legacy: bool,
}

impl Meta {
    fn of(mut members: serde_json::Map<String, Value>) -> Result<Self> {
        let is_legacy = match members.get("v") {
            None => true,
            Some(version) => version.as_f64().ok_or_else(|| malformed(UNKNOWN))? < 1.0,
        };
        let (values, referential_equalities) = (members.remove("values"), members.remove("referentialEqualities"));
        Ok(Self { values, referential_equalities, is_legacy })
    }
}

/// The meaning of an annotation for its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Undefined,
    BigInt,
    Map,
    /// `-0`. The other numbers that JSON lacks (`NaN`, `Infinity`) stay strings.
    MinusZero,
    /// A value that needs no change: dates, sets, URLs, typed arrays and non-finite numbers.
    Plain,
}

/// Collects the annotations of all values.
struct Notes<'t> {
    root: Part<'t>,
    is_legacy: bool,
    marks: Marks,
    /// The parts of each list and object that a path has passed through. This cache keeps the cost
    /// of a path proportional to its length.
    index: HashMap<usize, Parts<'t>>,
}

enum Parts<'t> {
    List(Vec<Part<'t>>),
    Object(HashMap<Cow<'t, str>, Part<'t>>),
}

impl<'t> Notes<'t> {
    /// Applies a tree of annotations: `["Date"]`, `["set", {…}]`, or `{"a.b": …}` with paths as
    /// keys.
    fn annotate(&mut self, tree: &Value, part: Part<'t>, trail: &Trail<'_>) -> Result<()> {
        let below = match tree {
            Value::Object(_) => Some(tree),
            Value::Array(tree) if (1..=2).contains(&tree.len()) => {
                let mark = mark(&tree[0], part, trail)?;
                if self.marks.insert(part.place().start, mark).is_some() {
                    return Err(malformed("describes a value twice"));
                }
                tree.get(1)
            }
            _ => return Err(malformed(UNKNOWN)),
        };
        match below {
            None => Ok(()),
            Some(Value::Object(below)) => below.iter().try_for_each(|(key, tree)| {
                let part = self.find(part, key)?;
                self.annotate(tree, part, &Trail { above: Some(trail), path: key })
            }),
            Some(_) => Err(malformed(UNKNOWN)),
        }
    }

    /// Returns the value that a path leads to.
    fn find(&mut self, from: Part<'t>, path: &str) -> Result<Part<'t>> {
        let keys = parse(path, self.is_legacy).ok_or_else(|| malformed("has an invalid path"))?;
        let mut part = from;
        for key in keys {
            let parts = self.index.entry(part.place().start).or_insert_with(|| match part.kind() {
                Type::Object => Parts::Object(part.entries().map(|(key, value)| (key.said(), value)).collect()),
                Type::Array => Parts::List(part.items().collect()),
                _ => Parts::List(Vec::new()),
            });
            let next = match parts {
                Parts::Object(members) => members.get(&*key),
                Parts::List(items) => key.parse().ok().and_then(|index: usize| items.get(index)),
            };
            part = *next.ok_or_else(|| malformed("has a path to a value that does not exist"))?;
        }
        Ok(part)
    }

    /// Checks `referentialEqualities`. An object that is used in two places becomes two equal
    /// values in Rust. A client with `dedupe` sends `null` in place of the second one, and so does
    /// any client in place of an object that contains itself. Such a `null` is refused, as it is
    /// not the value.
    fn check_equalities(&mut self, equal: &Value) -> Result<()> {
        let unknown = || malformed(UNKNOWN);
        let (of_root, others) = match equal {
            Value::Array(equal) => (equal.first(), equal.get(1)),
            others => (None, Some(others)),
        };
        if let Some(paths) = of_root {
            self.check_equal(self.root, paths)?;
        }
        let none = serde_json::Map::new();
        for (path, paths) in others.map_or(Some(&none), Value::as_object).ok_or_else(unknown)? {
            let part = self.find(self.root, path)?;
            self.check_equal(part, paths)?;
        }
        Ok(())
    }

    fn check_equal(&mut self, part: Part<'t>, paths: &Value) -> Result<()> {
        let paths = paths.as_array().ok_or_else(|| malformed(UNKNOWN))?;
        for path in paths {
            let path = path.as_str().ok_or_else(|| malformed(UNKNOWN))?;
            if self.find(self.root, path)?.kind() == Type::Null && part.kind() != Type::Null {
                let issue = Issue::new(bounded(path), "Send the value here too: use superjson without `dedupe`");
                return Err(Error::invalid(vec![issue]));
            }
        }
        Ok(())
    }
}

/// The path by which a value was reached. The text is built only for an error message.
#[derive(Default)]
struct Trail<'a> {
    above: Option<&'a Trail<'a>>,
    path: &'a str,
}

impl Trail<'_> {
    fn path(&self) -> String {
        let mut paths: Vec<_> =
            std::iter::successors(Some(self), |trail| trail.above).map(|trail| trail.path).collect();
        // The root has no path of its own.
        paths.pop();
        paths.reverse();
        bounded(&paths.join("."))
    }
}

/// Shortens a path before it goes into a message, since the caller chooses its length.
fn bounded(path: &str) -> String {
    path.chars().take(MAX_PATH).collect()
}

/// Reads one annotation, and checks that the value has the JSON that superjson writes for it.
fn mark(annotation: &Value, part: Part<'_>, trail: &Trail<'_>) -> Result<Mark> {
    let name = match annotation {
        Value::String(name) => name,
        Value::Array(parts) => parts.first().and_then(Value::as_str).unwrap_or_default(),
        _ => return Err(malformed(UNKNOWN)),
    };
    let said = part.said();
    let is_text = part.kind() == Type::Text;
    let (mark, is_right) = match name {
        "undefined" => (Mark::Undefined, part.kind() == Type::Null),
        "bigint" => (Mark::BigInt, is_text && is_integer(&said)),
        "Date" | "URL" => (Mark::Plain, is_text),
        "number" if said == "-0" => (Mark::MinusZero, is_text),
        "number" => (Mark::Plain, is_text && NON_FINITE.contains(&&*said)),
        "set" | "typed-array" => (Mark::Plain, part.kind() == Type::Array),
        "map" => (Mark::Map, part.kind() == Type::Array && part.items().all(is_pair)),
        "regexp" | "Error" | "symbol" | "class" | "custom" => {
            let what = match name {
                "regexp" => "RegExp",
                "class" => "an instance of a class",
                "custom" => "a value of a custom transformer",
                other => other,
            };
            return Err(Error::invalid(vec![Issue::new(
                trail.path(),
                format!("Invalid input: {what} cannot be sent"),
            )]));
        }
        _ => return Err(malformed("has an unknown annotation")),
    };
    if is_right { Ok(mark) } else { Err(malformed("describes a value as a type that it does not have")) }
}

fn is_pair(part: Part<'_>) -> bool {
    part.kind() == Type::Array && part.items().count() == 2
}

/// Returns whether the text is an integer, in the format that both `BigInt.prototype.toString` and
/// JSON use.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits == "0" || !digits.starts_with('0');
    text != "-0" && is_plain && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cold]
fn malformed(what: &str) -> Error {
    Error::bad_request(format!("The `meta` of the input {what}"))
}

const MAX_PATH: usize = 256;
const UNKNOWN: &str = "is not in the format of superjson";
