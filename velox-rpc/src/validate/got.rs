//! What was found of one field, and what is said of it.

use serde::de::DeserializeOwned;

use crate::error::{Problem, Type};
use crate::validate::number::{Num, plain};
use crate::validate::tree::Part;

/// What was found of a field.
#[derive(Clone, Copy, Debug)]
pub enum Got<'t> {
    /// A value that its reader takes.
    Right(Part<'t>),
    /// Something is wrong with it.
    Wrong(Part<'t>),
    /// It is not there, and need not be.
    Absent,
}

impl Got<'_> {
    /// How many items a list has, or how many keys a map: also where something is wrong with one of them.
    pub fn count(&self, of: Type) -> Option<u64> {
        let (Self::Right(part) | Self::Wrong(part)) = self else { return None };
        let count = match (part.kind(), of) {
            (Type::Array, Type::Array) => part.items().count(),
            (Type::Object, Type::Record) => part.entries().count(),
            _ => return None,
        };
        u64::try_from(count).ok()
    }

    /// The same, or that of what stands for it where it is not there.
    pub fn count_or(&self, of: Type, default: impl FnOnce() -> usize) -> Option<u64> {
        if matches!(self, Self::Absent) { u64::try_from(default()).ok() } else { self.count(of) }
    }

    /// The number that was sent, also where it is none of the type's.
    pub(super) fn number(&self) -> Option<Num> {
        self.number_text().map(Num::of_text)
    }

    /// The same without an exponent, to the last digit if it is whole.
    pub(super) fn plain_number(&self) -> Option<String> {
        self.number_text().map(plain)
    }

    fn number_text(&self) -> Option<&str> {
        let (Self::Right(part) | Self::Wrong(part)) = self else { return None };
        (part.kind() == Type::Number).then(|| part.text())
    }

    /// The value.
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        self.read_with(|text| serde_json::from_str(text))
    }

    /// The value, by a reader that is none of its type's own.
    pub fn read_with<T>(&self, read: fn(&str) -> serde_json::Result<T>) -> Option<T> {
        match self {
            Self::Right(part) => read(part.text()).ok(),
            _ => None,
        }
    }

    /// What was read, or what stands for it where it is not there.
    pub fn or_default<T>(&self, read: Option<T>, default: impl FnOnce() -> T) -> Option<T> {
        if matches!(self, Self::Absent) { Some(default()) } else { read }
    }
}

/// What is said of a part.
#[derive(Debug)]
pub(super) enum Said {
    Problem(Problem),
    /// In the words of an author.
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

    /// Whether it stands behind what is wrong with the type of a number.
    pub(super) fn is_of_number(&self) -> bool {
        self.is_range() || matches!(self, Self::Problem(Problem::NotMultipleOf { .. }))
    }
}

/// A length or a number that is out of its limit.
pub(super) fn out_of(origin: Type, is_small: bool, limit: impl ToString, exact: bool) -> Problem {
    let (limit, inclusive) = (limit.to_string(), true);
    match is_small {
        true => Problem::TooSmall { origin, minimum: limit, inclusive, exact },
        false => Problem::TooBig { origin, maximum: limit, inclusive, exact },
    }
}

pub(super) const REQUIRED: Problem = Problem::InvalidType { expected: Type::NonOptional, received: Type::Undefined };
