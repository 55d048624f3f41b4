//! Rules of one text or one number.

use regex::Regex;
use serde_json::Number;

use crate::validate::format::Format;
use crate::validate::node::Messages;
use crate::validate::number::Num;
use crate::validate::text::{self, Side, Sized};

#[derive(Debug, Default)]
pub(super) struct TextRules {
    pub(super) min: Option<usize>,
    pub(super) max: Option<usize>,
    pub(super) format: Option<Format>,
    pub(super) pattern: Option<Pattern>,
}

#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    /// The pattern is a plain text, as from `contains`.
    pub(super) needle: Option<String>,
}

impl TextRules {
    /// In validator's order: length, format, contains or regex.
    pub(super) fn broken(&self, value: &str, messages: &Messages) -> Vec<String> {
        let mut texts = Vec::new();
        if self.min.is_some() || self.max.is_some() {
            let count = value.chars().count();
            if let Some(text) = length(Sized::Text, count, self.min, self.max) {
                texts.push(messages.or("length", || text));
            }
        }
        if let Some(format) = self.format
            && !format.accepts(value)
        {
            texts.push(messages.or(format.zod(), || text::invalid(format.zod())));
        }
        if let Some(pattern) = &self.pattern
            && !pattern.regex.is_match(value)
        {
            texts.push(match &pattern.needle {
                Some(needle) => messages.or("contains", || messages.or("regex", || text::must_include(needle))),
                None => messages.or("regex", || text::INVALID.to_owned()),
            });
        }
        texts
    }
}

/// The text of a missed length, if it is missed. Equal bounds are an exact length.
pub(super) fn length(sized: Sized, count: usize, min: Option<usize>, max: Option<usize>) -> Option<String> {
    let exact = min.is_some() && min == max;
    let (side, limit) = match (min, max) {
        (Some(min), _) if count < min => (Side::AtLeast, min),
        (_, Some(max)) if count > max => (Side::AtMost, max),
        _ => return None,
    };
    Some(text::bound(sized, if exact { Side::Exactly } else { side }, limit))
}

#[derive(Debug, Default)]
pub(super) struct NumberRules {
    pub(super) bounds: Vec<Bound>,
    pub(super) step: Option<Num>,
    /// 128 bits: serde_json hands out what is beyond 64 bits as a float.
    pub(super) is_wide: bool,
}

#[derive(Debug)]
pub(super) struct Bound {
    pub(super) side: Side,
    pub(super) limit: Num,
    /// Comes from the Rust type, so a message of the user's own `range` is not about it.
    pub(super) of_type: bool,
}

impl NumberRules {
    pub(super) fn broken(&self, value: &Number, is_integer: bool, messages: &Messages) -> Vec<String> {
        let num = Num::new(value);
        let mut texts: Vec<_> =
            self.bounds.iter().filter(|bound| bound.is_broken_by(num)).map(|bound| bound.text(messages)).collect();
        // serde takes no `1.0` for an integer. One that is out of bounds is told by the bound.
        let is_odd = value.is_f64() && !(self.is_wide && num.is_beyond_64_bits()) && texts.is_empty();
        if is_integer && (!num.is_whole() || is_odd) {
            texts.insert(0, text::FLOAT.to_owned());
        }
        if let Some(step) = self.step
            && !num.is_multiple_of(step)
        {
            texts.push(text::multiple_of(step));
        }
        texts
    }
}

impl Bound {
    fn is_broken_by(&self, value: Num) -> bool {
        match self.side {
            Side::AtLeast => value < self.limit,
            Side::AtMost => value > self.limit,
            Side::Above => value <= self.limit,
            Side::Below => value >= self.limit,
            Side::Exactly => value != self.limit,
        }
    }

    fn text(&self, messages: &Messages) -> String {
        let text = || text::bound(Sized::Number, self.side, self.limit);
        if self.of_type { text() } else { messages.or("range", text) }
    }
}

/// The bounds of an integer type that its JSON Schema only names: schemars writes them down for 8 and 16 bits alone.
pub(super) fn bounds_of_type(format: &str) -> Option<(i128, i128)> {
    Some(match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" | "int" => (i64::MIN.into(), i64::MAX.into()),
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint64" | "uint" => (0, u64::MAX.into()),
        _ => return None,
    })
}
