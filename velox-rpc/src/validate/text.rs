//! The texts of issues, word for word those of Zod 3, save that none repeats the caller's value.

use std::borrow::Cow;
use std::fmt::Display;

use crate::validate::path::push_bounded;

pub(super) const REQUIRED: &str = "Required";
pub(super) const INVALID: &str = "Invalid";
pub(super) const INVALID_INPUT: &str = "Invalid input";
pub(super) const FLOAT: &str = "Expected integer, received float";

pub(super) fn expected(expected: &str, received: &str) -> String {
    format!("Expected {expected}, received {received}")
}

/// `what` is the format's name in Zod: `email`, `url`, …
pub(super) fn invalid(what: &str) -> String {
    format!("Invalid {what}")
}

pub(super) fn must_include(needle: &str) -> String {
    format!("Invalid input: must include \"{needle}\"")
}

/// Zod goes on with `, received '…'`; a value is not repeated here.
pub(super) fn enum_value(options: &str) -> String {
    format!("Invalid enum value. Expected {options}")
}

pub(super) fn discriminator(options: &str) -> String {
    format!("Invalid discriminator value. Expected {options}")
}

/// Options as Zod joins them: `'a' | 'b'`.
pub(super) fn join<T: Display>(options: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<_> = options.into_iter().map(|option| format!("'{option}'")).collect();
    quoted.join(" | ")
}

/// The keys are the caller's: the first [`KEYS`] are named, each cut to a bounded length.
pub(super) fn unrecognized<'k>(keys: impl Iterator<Item = Cow<'k, str>>) -> String {
    let mut text = "Unrecognized key(s) in object: ".to_owned();
    for (index, key) in keys.enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        if index == KEYS {
            text.push('…');
            break;
        }
        text.push('\'');
        push_bounded(&mut text, &key);
        text.push('\'');
    }
    text
}

/// What a length or a bound is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sized {
    /// Of a text.
    Text,
    /// Of a list.
    List,
    /// Of a map.
    Map,
    /// Of a number.
    Number,
}

/// Which side of a bound was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    AtLeast,
    AtMost,
    Exactly,
    Above,
    Below,
}

/// Whether it is about the range of a number.
pub(super) fn is_range(text: &str) -> bool {
    text.starts_with("Number must be ")
}

pub(super) fn bound(sized: Sized, side: Side, limit: impl Display) -> String {
    match sized {
        Sized::Number => {
            let relation = match side {
                Side::AtLeast => "greater than or equal to",
                Side::AtMost => "less than or equal to",
                Side::Exactly => "exactly equal to",
                Side::Above => "greater than",
                Side::Below => "less than",
            };
            format!("Number must be {relation} {limit}")
        }
        Sized::Text => format!("String must contain {} {limit} character(s)", amount(side, "over", "under")),
        Sized::List | Sized::Map => {
            format!("Array must contain {} {limit} element(s)", amount(side, "more than", "less than"))
        }
    }
}

fn amount(side: Side, above: &'static str, below: &'static str) -> &'static str {
    match side {
        Side::AtLeast => "at least",
        Side::AtMost => "at most",
        Side::Exactly => "exactly",
        Side::Above => above,
        Side::Below => below,
    }
}

const KEYS: usize = 5;
