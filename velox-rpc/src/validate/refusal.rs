//! What serde says of a value, in the words of Zod.
//!
//! serde's own texts repeat the value, so none of them goes out. What is left is what the author of a type says, by `Error::custom`.

use schemars::Schema;

use crate::validate::found::Found;
use crate::validate::number::Num;
use crate::validate::text::{self, FLOAT, INVALID_INPUT, REQUIRED, Side, Sized};
use crate::validate::tree::{Kind, Part};
use crate::validate::whole;

/// What serde has said.
enum Said<'e> {
    Type {
        expected: &'e str,
    },
    Value {
        expected: &'e str,
    },
    Length {
        expected: &'e str,
    },
    Variant {
        expected: &'e str,
    },
    UnknownField(&'e str),
    MissingField(&'e str),
    /// In words of its own that say nothing to the caller.
    Nothing,
    Custom(&'e str),
}

impl<'e> Said<'e> {
    /// `text` is the error's.
    fn of(error: &serde_json::Error, text: &'e str) -> Self {
        if !error.is_data() {
            return Said::Nothing;
        }
        let text = text.rfind(" at line ").map_or(text, |end| &text[..end]);
        let expected = || text.rsplit_once(", expected ").map_or("", |(_, expected)| expected);
        let after = |prefix: &str| text.strip_prefix(prefix);
        if after("invalid type: ").is_some() {
            Said::Type { expected: expected() }
        } else if after("invalid value: ").is_some() {
            Said::Value { expected: expected() }
        } else if after("invalid length ").is_some() {
            Said::Length { expected: expected() }
        } else if after("unknown variant `").is_some() {
            Said::Variant { expected: expected() }
        } else if let Some(rest) = after("unknown field `") {
            // The key is the caller's, and may have such a mark in it.
            Said::UnknownField(rest.rsplit_once("`, ").map_or(rest, |(name, _)| name))
        } else if let Some(name) = after("missing field `") {
            Said::MissingField(name.strip_suffix('`').unwrap_or(name))
        } else if SERDE.iter().any(|prefix| text.starts_with(prefix)) {
            Said::Nothing
        } else {
            Said::Custom(text)
        }
    }
}

impl Found {
    /// Says why the reader of a type has refused a part, at the place inside of it where that stopped.
    pub(super) fn refuse(&mut self, error: &serde_json::Error, part: Part<'_>, schema: Option<&Schema>) {
        let offset = part.place().start + offset(part.text(), error.line(), error.column());
        let text = error.to_string();
        let said = Said::of(error, &text);
        let keyword = |name: &str| schema?.get(name)?.as_str();
        match (&said, keyword("type"), keyword("format").and_then(format)) {
            (_, Some("string"), _) if part.kind() != Kind::Text && !self.is_text => {
                self.say(text::expected("string", part.kind().name()));
            }
            // In Zod's words, and not in those of a crate, which may repeat the value.
            (Said::Custom(_) | Said::Nothing, _, Some(format)) if part.kind() == Kind::Text => {
                self.say(text::invalid(format));
            }
            _ => self.refuse_at(part, offset, &said),
        }
    }

    fn refuse_at(&mut self, part: Part<'_>, offset: usize, said: &Said<'_>) {
        let holds = |inner: &Part<'_>| inner.place().start < offset && offset <= inner.place().end;
        match part.kind() {
            Kind::Object => {
                if let Some((key, value)) = part.entries().find(|(_, value)| holds(value)) {
                    return self.at_key(&key.said(), |found| found.refuse_at(value, offset, said));
                }
            }
            Kind::List => {
                if let Some((index, item)) = part.items().enumerate().find(|(_, item)| holds(item)) {
                    return self.at_index(index, |found| found.refuse_at(item, offset, said));
                }
            }
            _ => {}
        }
        match said {
            Said::Type { expected } => self.wrong_type(part, expected),
            Said::Value { expected } => self.wrong_value(part, expected),
            Said::Length { expected } => {
                let size = expected.rsplit(' ').next().and_then(|size| size.parse::<usize>().ok());
                self.say(size.map_or(INVALID_INPUT.to_owned(), |size| text::bound(Sized::List, Side::Exactly, size)));
            }
            Said::Variant { expected } => {
                let options: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
                self.say(if options.is_empty() {
                    INVALID_INPUT.to_owned()
                } else {
                    text::enum_value(&text::join(options))
                });
            }
            Said::UnknownField(name) => self.say(text::unrecognized(std::iter::once((*name).into()))),
            Said::MissingField(name) => self.at_key(name, |found| found.say(REQUIRED)),
            // To the reader of 128 bits a fraction is no number at all.
            Said::Nothing => match whole::integer(part.text()).filter(|_| part.kind() == Kind::Number && !self.is_text)
            {
                Some(integer) => self.rewrite(part.place(), integer),
                None => self.say(INVALID_INPUT),
            },
            Said::Custom(text) => self.say(*text),
        }
    }

    fn wrong_type(&mut self, part: Part<'_>, expected: &str) {
        let kind = kind(expected);
        match part.kind() {
            Kind::Number if kind == Some(Kind::Number) => return self.wrong_number(part, expected),
            // The reader decides what a text of a path or query is to be.
            Kind::Number | Kind::Boolean if self.is_text => {
                return self.rewrite(part.place(), format!("\"{}\"", part.text()));
            }
            Kind::Text if self.is_text && matches!(kind, Some(Kind::Number | Kind::Boolean)) => {
                let said = part.said();
                if serde_json::from_str::<f64>(&said).is_ok() && kind == Some(Kind::Number) {
                    return self.rewrite(part.place(), said.into_owned());
                }
            }
            _ => {}
        }
        let Some(kind) = kind else { return self.say(INVALID_INPUT) };
        // What was a text to begin with was turned into a number as JavaScript's `Number` does, and was none.
        let is_nan = self.is_text && part.kind() == Kind::Text && kind == Kind::Number;
        self.say(text::expected(kind.name(), if is_nan { "nan" } else { part.kind().name() }));
    }

    fn wrong_value(&mut self, part: Part<'_>, expected: &str) {
        match (part.kind(), expected) {
            (Kind::Number, _) if kind(expected) == Some(Kind::Number) => self.wrong_number(part, expected),
            (Kind::Text, "a character") => self.say(text::bound(Sized::Text, Side::Exactly, 1)),
            _ => self.say(INVALID_INPUT),
        }
    }

    /// A number, but none of this type.
    fn wrong_number(&mut self, part: Part<'_>, expected: &str) {
        let value = Num::of_text(part.text());
        let Some((min, max)) = bounds(expected) else { return self.say(INVALID_INPUT) };
        if value.has_fraction() {
            self.say(FLOAT);
        }
        if value < min {
            self.say(text::bound(Sized::Number, Side::AtLeast, min));
        } else if value > max {
            self.say(text::bound(Sized::Number, Side::AtMost, max));
        } else if let Some(integer) =
            whole::integer(part.text()).filter(|integer| !self.is_text || part.text() == format!("-{integer}"))
        {
            self.rewrite(part.place(), integer);
        } else if is_integer(part.text()) {
            // One that the type has not: zero, mostly.
            self.say(INVALID_INPUT);
        } else if !value.has_fraction() {
            self.say(FLOAT);
        }
    }
}

/// What Zod calls a format.
fn format(name: &str) -> Option<&'static str> {
    Some(match name {
        "uuid" => "uuid",
        "date-time" => "datetime",
        "date" => "date",
        "time" => "time",
        "ip" | "ipv4" | "ipv6" => "ip",
        "uri" | "url" => "url",
        "email" => "email",
        _ => return None,
    })
}

/// The type that a reader asks for, by what serde says of it.
fn kind(expected: &str) -> Option<Kind> {
    if bounds(expected).is_some() || matches!(expected, "f32" | "f64") {
        return Some(Kind::Number);
    }
    let has = |words: &[&str]| words.iter().any(|word| expected.contains(word));
    Some(match expected {
        _ if has(&["string or map"]) => return None,
        _ if has(&["string", "character", "text", "str"]) && !has(&["struct"]) => Kind::Text,
        _ if has(&["sequence", "array", "tuple", "list"]) => Kind::List,
        _ if has(&["map", "struct", "object"]) => Kind::Object,
        _ if has(&["boolean"]) => Kind::Boolean,
        _ if has(&["integer", "number", "float"]) => Kind::Number,
        _ if has(&["unit", "null"]) => Kind::Null,
        _ => return None,
    })
}

macro_rules! bounds {
    ($expected:expr; $($type:ident)+) => {
        match $expected {
            $(stringify!($type) => Some((Num::Int(i128::from(<$type>::MIN)), Num::Int(i128::from(<$type>::MAX)))),)+
            // As on every server of today.
            "usize" => Some((Num::Int(0), Num::Int(i128::from(u64::MAX)))),
            "isize" => Some((Num::Int(i128::from(i64::MIN)), Num::Int(i128::from(i64::MAX)))),
            "u128" => Some((Num::Int(0), Num::of_float(u128::MAX as f64))),
            _ => None,
        }
    };
}

/// The least and the most that an integer type holds. Zero may be missing between them.
fn bounds(expected: &str) -> Option<(Num, Num)> {
    let of_type = |expected: &str| bounds!(expected; u8 u16 u32 u64 i8 i16 i32 i64 i128);
    match expected.strip_prefix("a nonzero ") {
        Some(expected) => of_type(expected).map(|(min, max)| (if min == Num::Int(0) { Num::Int(1) } else { min }, max)),
        None => of_type(expected),
    }
}

fn is_integer(token: &str) -> bool {
    token.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// How many bytes serde_json had read.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    start.saturating_add(column).min(text.len())
}

/// What serde itself says beside what is known above: nothing of it is for the caller.
const SERDE: [&str; 4] =
    ["duplicate field ", "data did not match any variant of untagged enum", "no variant of enum ", "can only flatten "];
