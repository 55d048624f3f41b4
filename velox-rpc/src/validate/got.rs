//! The value that was found for one field, and the issues about it.

use serde::de::DeserializeOwned;

use crate::error::{Problem, Type};
use crate::validate::number::{Num, plain};
use crate::validate::readers::of_text;
use crate::validate::tree::Part;

/// The value that was found for a field.
#[derive(Clone, Copy, Debug)]
pub enum Got<'t> {
    /// A value that its reader accepts.
    Right(Part<'t>),
    /// A value with an issue.
    Wrong(Part<'t>),
    /// No value, and none is required.
    Absent,
}

impl Got<'_> {
    /// Returns the number of items of a list or of keys of a map, even if there are issues with
    /// some of them.
    pub fn count(&self, of: Type) -> Option<u64> {
        let (Self::Right(part) | Self::Wrong(part)) = self else { return None };
        let count = match (part.kind(), of) {
            (Type::Array, Type::Array) => part.items().count(),
            (Type::Object, Type::Record) => part.entries().count(),
            _ => return None,
        };
        u64::try_from(count).ok()
    }

    /// Returns the number that was sent, even if the type cannot hold it.
    pub(super) fn number(&self) -> Option<Num> {
        self.number_text().map(Num::of_text)
    }

    /// Returns the number without an exponent, with all digits if it is whole.
    pub(super) fn plain_number(&self) -> Option<String> {
        self.number_text().map(plain)
    }

    fn number_text(&self) -> Option<&str> {
        let (Self::Right(part) | Self::Wrong(part)) = self else { return None };
        (part.kind() == Type::Number).then(|| part.text())
    }

    /// Returns the value.
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        self.read_with(of_text)
    }

    /// Returns the value, as another reader than that of its type reads it.
    pub fn read_with<T>(&self, read: fn(&str) -> serde_json::Result<T>) -> Option<T> {
        match self {
            Self::Right(part) => read(part.text()).ok(),
            _ => None,
        }
    }

    /// Returns the value that was read, or the default if the field is missing.
    pub fn or_default<T>(&self, read: Option<T>, default: impl FnOnce() -> T) -> Option<T> {
        if matches!(self, Self::Absent) { Some(default()) } else { read }
    }
}

/// The issue of a part.
#[derive(Debug)]
pub(super) enum Said {
    Problem(Problem),
    /// A message by an author.
    Message(String),
}

impl From<Problem> for Said {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Said {
    pub(super) fn is_range(&self) -> bool {
        matches!(self, Self::Problem(problem) if problem.is_range())
    }

    /// Returns whether this is about the value of a number, so that an issue about its type
    /// precedes it.
    pub(super) fn is_of_number(&self) -> bool {
        self.is_range() || matches!(self, Self::Problem(Problem::NotMultipleOf { .. }))
    }
}

/// Makes the problem of a length or a number beyond its limit.
pub(super) fn out_of(origin: Type, is_small: bool, limit: impl ToString, exact: bool) -> Problem {
    let (limit, inclusive) = (limit.to_string(), true);
    match is_small {
        true => Problem::TooSmall { origin, minimum: limit, inclusive, exact },
        false => Problem::TooBig { origin, maximum: limit, inclusive, exact },
    }
}

pub(super) const REQUIRED: Problem = Problem::InvalidType { expected: Type::NonOptional, received: Type::Undefined };
