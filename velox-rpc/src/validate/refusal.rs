//! Translates serde's errors into the codes of Zod.
//!
//! serde's own messages repeat the value, so none of them is sent to a client. Only the messages
//! that an author sets with `Error::custom` are kept.

use schemars::Schema;

use crate::error::{Problem, Type};
use crate::validate::broken::out_of_range;
use crate::validate::converted::converted;
use crate::validate::found::{Cause, Found};
use crate::validate::got::{REQUIRED, Said, out_of};
use crate::validate::look::unrecognized;
use crate::validate::number::Num;
use crate::validate::parts::At;
use crate::validate::tree::Part;
use crate::validate::whole;

/// The reason why serde refused a value.
#[derive(Clone, Copy)]
enum Refusal {
    Type,
    Value,
    Length,
    Variant,
    UnknownField,
    MissingField,
    /// A message of serde that must not reach the client.
    Nothing,
    Custom,
}

/// Returns the reason of an error whose message is `text`; what it is about: what was expected, a
/// field, or the author's message; and the type of the value that was refused.
fn reason<'e>(error: &serde_json::Error, text: &'e str) -> (Refusal, &'e str, Option<Type>) {
    if !error.is_data() {
        return (Refusal::Nothing, "", None);
    }
    let text = text.rfind(" at line ").map_or(text, |end| &text[..end]);
    let of_serde = |(prefix, refusal): &(&str, Refusal)| Some((*refusal, text.strip_prefix(prefix)?));
    let Some((refusal, rest)) = MESSAGES.iter().find_map(of_serde) else {
        return (Refusal::Custom, text, None);
    };
    let about = match refusal {
        // The client chose the key, so it may contain these marks itself.
        Refusal::UnknownField => {
            let end = ["`, expected ", "`, there are no fields"].into_iter().filter_map(|mark| rest.rfind(mark)).max();
            &rest[..end.unwrap_or(rest.len())]
        }
        Refusal::MissingField => rest.strip_suffix('`').unwrap_or(rest),
        _ => rest.rsplit_once(", expected ").map_or("", |(_, expected)| expected),
    };
    let received = match refusal {
        Refusal::Type | Refusal::Value => {
            RECEIVED.iter().find(|(word, _)| rest.starts_with(word)).map(|(_, kind)| *kind)
        }
        Refusal::Length => Some(Type::Array),
        Refusal::MissingField => Some(Type::Object),
        _ => None,
    };
    (refusal, about, received)
}

impl Found {
    /// Adds the issue for a part that the reader of its type refused, at the position where the
    /// reader stopped in the text that it got.
    pub(super) fn refuse(
        &mut self,
        error: &serde_json::Error,
        (at, read): (&At<'_, '_>, &str),
        schema: Option<&Schema>,
    ) {
        let part = at.part();
        // An error in the syntax counts the next byte, too.
        let read = offset(read, error.line(), error.column()).saturating_sub(usize::from(!error.is_data()));
        let offset = part.place().start + read;
        let text = error.to_string();
        let refusal = reason(error, &text);
        // serde shows a flattened type only its own fields.
        let is_inside = part.entries().any(|(_, value)| holds(&value, offset));
        if matches!((refusal.0, at), (Refusal::UnknownField, At::Among(_))) && !is_inside {
            return;
        }
        // serde reads a unit struct behind a tag from no fields.
        if let (At::Among(fields), (Refusal::Type, expected, _)) = (at, refusal)
            && expected.starts_with("unit struct ")
            && fields.untaken().next().is_none()
        {
            return;
        }
        let keyword = |name: &str| schema?.get(name)?.as_str();
        match (refusal.0, keyword("type"), keyword("format").and_then(format)) {
            (_, Some("string"), _) if part.kind() != Type::Text && !part.is_text() => {
                self.say(Problem::InvalidType { expected: Type::Text, received: part.kind() });
            }
            // Use Zod's message and not that of another crate, which may repeat the value.
            (Refusal::Custom | Refusal::Nothing, _, Some(format)) if part.kind() == Type::Text => {
                self.say(Problem::InvalidFormat { format });
            }
            // The reader of 128-bit integers does not say what it expects.
            (Refusal::Nothing, Some("integer"), _) => {
                let expected = if keyword("format") == Some("uint128") { "u128" } else { "i128" };
                self.wrong_type(part, expected);
            }
            // The text is JSON, so the number is beyond its type.
            _ if !error.is_data() => self.because(Cause::Form, |found| found.refuse_at(part, offset, refusal)),
            _ => self.refuse_at(part, offset, refusal),
        }
    }

    fn refuse_at(&mut self, part: Part<'_>, offset: usize, refusal: (Refusal, &str, Option<Type>)) {
        match part.kind() {
            Type::Object => {
                if let Some((key, value)) = part.entries().find(|(_, value)| holds(value, offset)) {
                    return self.at_key(&key.said(), |found| found.refuse_at(value, offset, refusal));
                }
            }
            Type::Array => {
                if let Some((index, item)) = part.items().enumerate().find(|(_, item)| holds(item, offset)) {
                    return self.at_index(index, |found| found.refuse_at(item, offset, refusal));
                }
            }
            _ => {}
        }
        let (refusal, about, received) = refusal;
        let is_there = || part.entries().any(|(key, _)| key.said() == about);
        match refusal {
            // The value is somewhere inside a part that serde has buffered.
            _ if received.is_some_and(|received| received != part.kind()) => self.say(Problem::Invalid),
            Refusal::MissingField if is_there() => self.say(Problem::Invalid),
            Refusal::UnknownField if !is_there() => self.say(Problem::Invalid),
            Refusal::Type => self.wrong_type(part, about),
            Refusal::Value => self.wrong_value(part, about),
            Refusal::Length => {
                let size = about.rsplit(' ').next().and_then(|size| size.parse::<usize>().ok());
                let count = part.items().count();
                self.say(size.map_or(Problem::Invalid, |size| out_of(Type::Array, count < size, size, true)));
            }
            Refusal::Variant => {
                let options: Vec<_> = about.split('`').skip(1).step_by(2).map(str::to_owned).collect();
                let received = part.kind();
                self.say(match options.is_empty() {
                    true => Problem::Invalid,
                    false => Problem::InvalidEnumValue { options, received },
                });
            }
            Refusal::UnknownField => self.say(unrecognized(std::iter::once(about.into()))),
            Refusal::MissingField => self.at_key(about, |found| found.say(REQUIRED)),
            // For the reader of 128-bit integers, a fraction is not a number at all.
            Refusal::Nothing => {
                match whole::integer(part.text()).filter(|_| part.kind() == Type::Number && !part.is_text()) {
                    Some(integer) => self.rewrite(part.place(), integer),
                    None => self.say(Problem::Invalid),
                }
            }
            Refusal::Custom => self.say(Said::Message(about.to_owned())),
        }
    }

    fn wrong_type(&mut self, part: Part<'_>, expected: &str) {
        let kind = kind(expected);
        match part.kind() {
            Type::Number if kind == Some(Type::Number) => return self.wrong_number(part, expected),
            // A list of one item, which is no list itself.
            Type::Number | Type::Boolean | Type::Text
                if part.is_text() && kind == Some(Type::Array) && !self.path.ends_with(']') =>
            {
                return self.rewrite(part.place(), format!("[{}]", part.text()));
            }
            // The reader decides which type a text of a path or query should have.
            Type::Number | Type::Boolean if part.is_text() => {
                return self.rewrite(part.place(), format!("\"{}\"", part.text()));
            }
            Type::Text if part.is_text() => {
                if let Some(json) = kind.and_then(|kind| converted(&part.said(), kind)) {
                    return self.rewrite(part.place(), json.into_owned());
                }
            }
            _ => {}
        }
        let Some(kind) = kind else { return self.say(Problem::Invalid) };
        // The value was a text that was converted like JavaScript's `Number` does, and it was not a
        // number.
        let is_nan = part.is_text() && part.kind() == Type::Text && kind == Type::Number;
        let problem = Problem::InvalidType { expected: kind, received: if is_nan { Type::Nan } else { part.kind() } };
        // serde also accepts an empty object for `null`, if it has buffered it.
        let is_empty = kind == Type::Null && part.kind() == Type::Object && part.entries().next().is_none();
        let cause = if is_empty { Cause::Form } else { self.cause };
        self.because(cause, |found| found.say(problem));
    }

    fn wrong_value(&mut self, part: Part<'_>, expected: &str) {
        match (part.kind(), expected) {
            (Type::Number, _) if kind(expected) == Some(Type::Number) => self.wrong_number(part, expected),
            (Type::Text, "a character") => self.say(out_of(Type::Text, part.said().is_empty(), 1, true)),
            _ => self.say(Problem::Invalid),
        }
    }

    /// Adds the issue of a number that does not fit its type.
    fn wrong_number(&mut self, part: Part<'_>, expected: &str) {
        let value = Num::of_text(part.text());
        let Some((min, max)) = bounds(expected) else { return self.say(Problem::Invalid) };
        if value.has_fraction() {
            self.say(FLOAT);
        }
        if value < min {
            self.say(out_of_range(0, min));
        } else if value > max {
            self.say(out_of_range(1, max));
        } else if let Some(integer) =
            whole::integer(part.text()).filter(|integer| !part.is_text() || part.text() == format!("-{integer}"))
        {
            self.rewrite(part.place(), integer);
        } else if is_integer(part.text()) {
            // A number that the type excludes, usually zero.
            self.say(Problem::Invalid);
        } else if !value.has_fraction() {
            self.say(FLOAT);
        }
    }
}

/// Returns Zod's name of a format.
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

/// Returns the type that a reader expects, from serde's description of it.
fn kind(expected: &str) -> Option<Type> {
    if bounds(expected).is_some() || matches!(expected, "f32" | "f64") {
        return Some(Type::Number);
    }
    // In "struct List", the second word is a name.
    let (described, is_struct) = expected.split_once("struct ").map_or((expected, false), |(before, _)| (before, true));
    let of_word = |word: &str| {
        Some(match word {
            "string" | "str" | "character" | "text" => Type::Text,
            "sequence" | "array" | "tuple" | "list" => Type::Array,
            "map" | "object" => Type::Object,
            "boolean" => Type::Boolean,
            "integer" | "number" | "float" => Type::Number,
            "unit" | "null" => Type::Null,
            _ => return None,
        })
    };
    let mut kinds = described.split(|letter: char| !letter.is_alphanumeric()).filter_map(of_word);
    let first = kinds.next().or(is_struct.then_some(Type::Object));
    // "string or map" is neither.
    first.filter(|first| kinds.all(|kind| kind == *first))
}

macro_rules! bounds {
    ($expected:expr; $($type:ident)+) => {
        match $expected {
            $(stringify!($type) => Some((Num::Int(i128::from(<$type>::MIN)), Num::Int(i128::from(<$type>::MAX)))),)+
            // 64 bits, as on all current servers.
            "usize" => Some((Num::Int(0), Num::Int(i128::from(u64::MAX)))),
            "isize" => Some((Num::Int(i128::from(i64::MIN)), Num::Int(i128::from(i64::MAX)))),
            "u128" => Some((Num::Int(0), Num::of_float(u128::MAX as f64))),
            _ => None,
        }
    };
}

/// Returns the least and the greatest value of an integer type. Zero may be excluded.
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

/// Returns whether a reader stopped inside a part, or right before it. It does not begin an array or
/// an object in place of a value of another type.
fn holds(part: &Part<'_>, offset: usize) -> bool {
    part.place().start <= offset && offset <= part.place().end
}

/// Returns the number of bytes that serde_json had read.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    start.saturating_add(column).min(text.len())
}

const FLOAT: Problem = Problem::InvalidType { expected: Type::Integer, received: Type::Float };

/// serde's words for the types of values.
const RECEIVED: [(&str, Type); 7] = [
    ("map", Type::Object),
    ("sequence", Type::Array),
    ("string", Type::Text),
    ("integer", Type::Number),
    ("floating point", Type::Number),
    ("boolean", Type::Boolean),
    ("null", Type::Null),
];

/// The beginnings of the messages of serde itself.
const MESSAGES: [(&str, Refusal); 10] = [
    ("invalid type: ", Refusal::Type),
    ("invalid value: ", Refusal::Value),
    ("invalid length ", Refusal::Length),
    ("unknown variant `", Refusal::Variant),
    ("unknown field `", Refusal::UnknownField),
    ("missing field `", Refusal::MissingField),
    ("duplicate field ", Refusal::Nothing),
    ("data did not match any variant of untagged enum", Refusal::Nothing),
    ("no variant of enum ", Refusal::Nothing),
    ("can only flatten ", Refusal::Nothing),
];
