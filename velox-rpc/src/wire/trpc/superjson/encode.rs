//! Encodes what the server sends: JSON, with annotations for the values that JSON cannot express.

use std::fmt::Write as _;

use serde_json::value::to_raw_value;

use super::rich_type::{Leaf, Place, RichType, is_date};
use crate::error::Type;
use crate::router::beyond_json::NON_FINITE;
use crate::validate::{Part, Tree};

/// A value in superjson's encoding.
pub(super) struct Encoded {
    pub(super) json: String,
    /// The annotations as JSON. `None` if plain JSON expresses the whole value.
    pub(super) values: Option<String>,
}

/// Encodes a value according to its type. The paths of its annotations begin with
/// `prefix`.
pub(super) fn encode(json: &str, rich_type: &RichType, prefix: Option<&str>) -> Encoded {
    let tree = Tree::new(json);
    let mut encoder =
        Encoder { rich_type, json: String::with_capacity(json.len() + 64), values: Values::below(prefix) };
    if let Some(root) = tree.root() {
        encoder.value(root, &rich_type.root(root));
    }
    Encoded { json: encoder.json, values: encoder.values.written() }
}

struct Encoder<'p> {
    rich_type: &'p RichType,
    json: String,
    values: Values,
}

impl Encoder<'_> {
    fn value(&mut self, part: Part<'_>, place: &Place) {
        if !self.rich_type.is_rich(place) {
            self.json.push_str(part.text());
            return;
        }
        match (part.kind(), self.rich_type.leaf(place)) {
            (Type::Array, _) if self.rich_type.is_set(place) => self.inside("set", |this| this.list(part, place)),
            (Type::Array, _) => self.list(part, place),
            (Type::Object, _) if self.rich_type.is_map(place) => self.inside("map", |this| this.pairs(part, place)),
            (Type::Object, _) => self.object(part, place),
            (Type::Number, Some(Leaf::BigInt)) if is_integer(part.text()) => {
                let digits = part.text();
                write!(self.json, "\"{digits}\"").expect(TO_A_STRING);
                self.values.annotate("bigint");
            }
            (Type::Text, Some(Leaf::Date)) if is_date(&part.said()) => self.annotated(part, "Date"),
            (Type::Text, Some(Leaf::NonFinite)) if NON_FINITE.contains(&&*part.said()) => {
                self.annotated(part, "number");
            }
            _ => self.json.push_str(part.text()),
        }
    }

    fn annotated(&mut self, part: Part<'_>, annotation: &str) {
        self.json.push_str(part.text());
        self.values.annotate(annotation);
    }

    fn list(&mut self, part: Part<'_>, place: &Place) {
        self.json.push('[');
        for (index, item) in part.items().enumerate() {
            self.comma(index);
            let of_item = self.rich_type.item(place, index, item);
            self.at(&index.to_string(), |this| this.value(item, &of_item));
        }
        self.json.push(']');
    }

    fn object(&mut self, part: Part<'_>, place: &Place) {
        self.json.push('{');
        for (index, (key, value)) in part.entries().enumerate() {
            self.comma(index);
            self.json.push_str(key.text());
            self.json.push(':');
            let key = key.said();
            if REFUSED_KEYS.contains(&&*key) {
                self.json.push_str(value.text());
            } else {
                let of_value = self.rich_type.field(place, &key, value);
                self.at(&key, |this| this.value(value, &of_value));
            }
        }
        self.json.push('}');
    }

    /// Writes the entries of a `Map` whose keys are numbers.
    fn pairs(&mut self, part: Part<'_>, place: &Place) {
        self.json.push('[');
        for (index, (key, value)) in part.entries().enumerate() {
            self.comma(index);
            let key = key.said();
            let of_value = self.rich_type.field(place, &key, value);
            self.at(&index.to_string(), |this| {
                this.json.push('[');
                this.at("0", |this| this.number(&key));
                this.json.push(',');
                this.at("1", |this| this.value(value, &of_value));
                this.json.push(']');
            });
        }
        self.json.push(']');
    }

    /// Writes a key as a `number` if that is exact, and otherwise as a string, which is annotated
    /// as a `bigint` if it is an integer.
    fn number(&mut self, key: &str) {
        match key.parse::<i64>() {
            Ok(number) if number.unsigned_abs() <= EXACT => self.json.push_str(key),
            _ => {
                self.json.push_str(&serde_json::Value::from(key).to_string());
                if is_integer(key) {
                    self.values.annotate("bigint");
                }
            }
        }
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.json.push(',');
        }
    }

    fn at(&mut self, key: &str, write: impl FnOnce(&mut Self)) {
        let length = self.values.enter(key);
        write(self);
        self.values.leave(length);
    }

    /// Writes a set or a map. The paths of the annotations inside it are relative to it.
    fn inside(&mut self, annotation: &str, write: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.values, Values::below(None));
        write(self);
        let inner = std::mem::replace(&mut self.values, outer).written();
        let annotation = inner.map_or_else(|| format!("\"{annotation}\""), |inner| format!("\"{annotation}\",{inner}"));
        self.values.push(format!("[{annotation}]"));
    }
}

/// Annotations and their paths.
struct Values {
    path: Option<String>,
    annotations: Vec<(Option<String>, String)>,
}

impl Values {
    fn below(path: Option<&str>) -> Self {
        Self { path: path.map(str::to_owned), annotations: Vec::new() }
    }

    /// Appends a key to the path. Pass the returned value to [`leave`](Self::leave).
    fn enter(&mut self, key: &str) -> Option<usize> {
        let length = self.path.as_ref().map(String::len);
        let path = self.path.get_or_insert_default();
        if length.is_some() {
            path.push('.');
        }
        for letter in key.chars() {
            if matches!(letter, '.' | '\\') {
                path.push('\\');
            }
            path.push(letter);
        }
        length
    }

    fn leave(&mut self, length: Option<usize>) {
        match (length, &mut self.path) {
            (Some(length), Some(path)) => path.truncate(length),
            _ => self.path = None,
        }
    }

    fn annotate(&mut self, annotation: &str) {
        self.push(format!("[\"{annotation}\"]"));
    }

    fn push(&mut self, tree: String) {
        self.annotations.push((self.path.clone(), tree));
    }

    fn written(self) -> Option<String> {
        let mut text = String::new();
        for (path, tree) in &self.annotations {
            // If the root itself has an annotation, the value has no other one.
            let Some(path) = path else { return Some(tree.clone()) };
            let path = to_raw_value(path).expect("a text is JSON");
            let before = if text.is_empty() { '{' } else { ',' };
            write!(text, "{before}{path}:{tree}").expect(TO_A_STRING);
        }
        (!text.is_empty()).then(|| text + "}")
    }
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// superjson refuses the whole reply if it has an annotation below one of these keys. velox sends
/// the values of these keys without annotations.
const REFUSED_KEYS: [&str; 3] = ["__proto__", "constructor", "prototype"];
/// The largest integer that a `number` holds exactly, together with all smaller ones (2^53 - 1).
const EXACT: u64 = (1 << 53) - 1;
const TO_A_STRING: &str = "writing to a string does not fail";
