//! Decodes what a client sends, which is JSON with annotations, into plain JSON that serde can read
//! as the input type.
//!
//! The annotations tell the types of the values, and [`RichType`] tells what the input type
//! expects. A `Map`, for example, becomes an object for a map type and a list of pairs for a list
//! type.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::marks::{Mark, Marks, read_marks};
use super::rich_type::{Place, RichType};
use crate::error::{Error, Result, Type};
use crate::validate::{Part, Tree};
use crate::wire::json;

/// Decodes an input. `None` is TypeScript's `undefined`.
///
/// # Errors
///
/// Returns 400 if the text is not superjson or contains a value that no Rust type has.
pub(super) fn decode(text: &str, rich_type: Option<&RichType>) -> Result<Option<String>> {
    // Check the whole text first, so that the code below can rely on valid JSON of bounded depth.
    json::glance(text)?;
    let envelope: Option<HashMap<String, &RawValue>> = serde_json::from_str(text).ok();
    let Some((json, meta)) = envelope.and_then(|mut members| Some((members.remove("json")?, members.remove("meta"))))
    else {
        return Err(Error::bad_request(
            "The input is not superjson: set `transformer: superjson` in the links of the client",
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
    // Only a `Map` depends on what the type expects.
    let rich_type = rich_type.filter(|_| marks.values().any(|mark| *mark == Mark::Map));
    let mut decoder = Decoder { rich_type, marks, json: String::with_capacity(json.get().len()) };
    let place = rich_type.map_or_else(Place::new, |rich_type| rich_type.root(root));
    decoder.value(root, &place)?;
    Ok(Some(decoder.json))
}

/// Writes plain JSON from annotated JSON.
struct Decoder<'p> {
    rich_type: Option<&'p RichType>,
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
            (Some(Mark::Map), _) if !self.rich_type.is_some_and(|rich_type| rich_type.is_list(place)) => {
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
            let of_item = self.rich_type.map_or_else(Place::new, |rich_type| rich_type.item(place, index, item));
            self.value(item, &of_item)?;
        }
        self.json.push(']');
        Ok(())
    }

    /// Writes an object without the members that are `undefined`.
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

    /// Writes a `Map` as an object. If two of its keys have the same text, the reader of the
    /// decoded JSON refuses the repeated key, as in any object.
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
        let of_value = self.rich_type.map_or_else(Place::new, |rich_type| rich_type.field(place, key, value));
        self.value(value, &of_value)
    }

    fn comma(&mut self, is_first: bool) {
        if !is_first {
            self.json.push(',');
        }
    }
}

const UNKNOWN_KEY: &str = "A `Map` of the input has a key that is not a string, number, bigint, boolean or date";
