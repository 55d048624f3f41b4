//! What is received: JSON, and where in it a value is more than JSON says, as plain JSON that the reader of the type takes.
//!
//! The client says what its values are, and a plan what the type wants: a `Map` is an object to a map, and pairs to a list.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::marks::{Mark, Marks, read_marks};
use super::plan::{Place, Plan};
use crate::error::{Error, Result, Type};
use crate::validate::{Part, Tree};
use crate::wire::json;

/// Reads an input. None is TypeScript's `undefined`.
///
/// # Errors
///
/// 400 for what is not superjson, and for values that no Rust type has.
pub(super) fn decode(text: &str, plan: Option<&Plan>) -> Result<Option<String>> {
    // Once over all of it: from here on it is JSON, of bounded depth.
    json::glance(text)?;
    let envelope: Option<HashMap<String, &RawValue>> = serde_json::from_str(text).ok();
    let Some((json, meta)) = envelope.and_then(|mut members| Some((members.remove("json")?, members.remove("meta"))))
    else {
        return Err(Error::bad_request(
            "The input is not superjson: give the links of the client `transformer: superjson`",
        ));
    };
    let tree = meta.map(|_| Tree::new(json.get()));
    let (Some(root), Some(meta)) = (tree.as_ref().and_then(Tree::root), meta) else {
        return Ok(Some(json.get().to_owned()));
    };
    let marks = read_marks(meta.get(), root)?;
    if marks.get(&root.place().start) == Some(&Mark::Undefined) {
        return Ok(None);
    }
    // Only of a `Map` it matters what the type is.
    let plan = plan.filter(|_| marks.values().any(|mark| *mark == Mark::Map));
    let mut decoder = Decoder { plan, marks, json: String::with_capacity(json.get().len()) };
    let place = plan.map_or_else(Place::new, |plan| plan.root(root));
    decoder.value(root, &place)?;
    Ok(Some(decoder.json))
}

/// Writes plain JSON.
struct Decoder<'p> {
    plan: Option<&'p Plan>,
    marks: Marks,
    json: String,
}

impl Decoder<'_> {
    fn mark(&self, part: Part<'_>) -> Option<Mark> {
        self.marks.get(&part.place().start).copied()
    }

    fn value(&mut self, part: Part<'_>, place: &Place) -> Result<()> {
        match (self.mark(part), part.kind()) {
            (Some(Mark::Undefined), _) => self.json.push_str("null"),
            (Some(Mark::MinusZero), _) => self.json.push_str("-0.0"),
            (Some(Mark::BigInt), _) => self.json.push_str(&part.said()),
            (Some(Mark::Map), _) if !self.plan.is_some_and(|plan| plan.is_list(place)) => {
                self.map(part, place)?;
            }
            (_, Type::Array) => self.list(part, place)?,
            (_, Type::Object) => self.object(part, place)?,
            _ => self.json.push_str(part.text()),
        }
        Ok(())
    }

    fn list(&mut self, part: Part<'_>, place: &Place) -> Result<()> {
        self.json.push('[');
        for (index, item) in part.items().enumerate() {
            self.comma(index == 0);
            let of_item = self.plan.map_or_else(Place::new, |plan| plan.item(place, index, item));
            self.value(item, &of_item)?;
        }
        self.json.push(']');
        Ok(())
    }

    /// An object without the members that are `undefined`.
    fn object(&mut self, part: Part<'_>, place: &Place) -> Result<()> {
        self.json.push('{');
        let mut is_first = true;
        for (key, value) in part.entries() {
            if self.mark(value) == Some(Mark::Undefined) {
                continue;
            }
            self.comma(std::mem::take(&mut is_first));
            self.json.push_str(key.text());
            self.member(&key.said(), value, place)?;
        }
        self.json.push('}');
        Ok(())
    }

    /// A `Map` as an object. Keys that JSON writes the same way are refused as those of any object are.
    fn map(&mut self, part: Part<'_>, place: &Place) -> Result<()> {
        self.json.push('{');
        for (index, pair) in part.items().enumerate() {
            self.comma(index == 0);
            let mut pair = pair.items();
            let (Some(key), Some(value)) = (pair.next(), pair.next()) else { continue };
            let key = match (self.mark(key), key.kind()) {
                (None | Some(Mark::BigInt | Mark::Plain), Type::Text) => key.said(),
                (None, Type::Number | Type::Boolean) => Cow::Borrowed(key.text()),
                _ => return Err(Error::bad_request(UNKNOWN_KEY)),
            };
            self.json.push_str(&Value::from(&*key).to_string());
            self.member(&key, value, place)?;
        }
        self.json.push('}');
        Ok(())
    }

    fn member(&mut self, key: &str, value: Part<'_>, place: &Place) -> Result<()> {
        self.json.push(':');
        let of_value = self.plan.map_or_else(Place::new, |plan| plan.field(place, key, value));
        self.value(value, &of_value)
    }

    fn comma(&mut self, is_first: bool) {
        if !is_first {
            self.json.push(',');
        }
    }
}

const UNKNOWN_KEY: &str = "A `Map` of the input has a key that is no string, number, bigint, boolean or date";
