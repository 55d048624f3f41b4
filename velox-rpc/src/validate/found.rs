//! The issues found in one input, and the position of the part that is checked.

use std::ops::Range;

use crate::error::{ErrorMap, Issue, Problem, Type};
use crate::validate::got::Said;
use crate::validate::path::{push_index, push_key};
use crate::validate::tree::Part;

/// The issues found in one input.
#[derive(Debug)]
pub struct Found {
    pub(super) issues: Vec<Noted>,
    pub(super) path: String,
    pub(super) depth: usize,
    pub(super) checks_rules: bool,
    /// The cause of the issues that are added now.
    pub(super) cause: Cause,
    /// `true` if `null` is refused for a field that may be missing.
    pub(super) refuses_null: bool,
    pub(super) rewrites: Vec<Rewrite>,
    /// The work left. It bounds the cost for every type, because variants of untagged enums that
    /// hold the same type multiply the looks.
    pub(super) fuel: usize,
}

/// An issue and its path.
#[derive(Debug)]
pub(super) struct Noted {
    pub(super) path: String,
    pub(super) said: Said,
    pub(super) cause: Cause,
}

/// The reason why a part has an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// A reader refuses it.
    Reader,
    /// It breaks a rule.
    Rule,
    /// It does not have the form of its type, though serde may accept it: an array for an object,
    /// an object for a name, a `null` that the application refuses, or anything in a flattened
    /// `Option`.
    Form,
}

/// A part that its reader accepts if it is rewritten. For example, `1.0` is an integer in JSON and
/// in JavaScript, but not for serde.
pub(crate) type Rewrite = (Range<usize>, String);

impl Found {
    /// Makes an empty list for an input of `size` bytes.
    pub(crate) fn new(size: usize, refuses_null: bool) -> Self {
        Self {
            issues: Vec::new(),
            path: String::new(),
            depth: 0,
            checks_rules: true,
            cause: Cause::Reader,
            refuses_null,
            rewrites: Vec::new(),
            fuel: size.saturating_mul(FUEL).saturating_add(LEAST_FUEL),
        }
    }

    /// Returns the issues, and the rewrites if there are no issues.
    pub(crate) fn into_parts(self, error_map: impl FnOnce() -> ErrorMap) -> (Vec<Issue>, Vec<Rewrite>) {
        if self.issues.is_empty() {
            return (Vec::new(), self.rewrites);
        }
        let texts = error_map();
        let issue = |Noted { path, said, .. }| match said {
            Said::Problem(problem) => Issue::new(path, texts.text(&problem)),
            Said::Message(message) => Issue::new(path, message),
        };
        (self.issues.into_iter().map(issue).collect(), self.rewrites)
    }

    /// Adds an issue at the current position.
    pub(super) fn say(&mut self, said: impl Into<Said>) {
        if self.issues.len() < MAX_ISSUES {
            self.issues.push(Noted { path: self.path.clone(), said: said.into(), cause: self.cause });
        }
    }

    /// Runs `look`, whose issues have this cause.
    pub(super) fn because<T>(&mut self, cause: Cause, look: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.cause, cause);
        let found = look(self);
        self.cause = before;
        found
    }

    pub(super) fn rewrite(&mut self, place: Range<usize>, text: String) {
        self.rewrites.push((place, text));
    }

    /// Returns the number of issues so far, so that a caller can tell whether a part is right.
    pub(super) fn count(&self) -> usize {
        self.issues.len() + self.rewrites.len()
    }

    /// Runs `look` at a key of the current part.
    pub(super) fn at_key<T>(&mut self, key: &str, look: impl FnOnce(&mut Self) -> T) -> T {
        self.further(|path| push_key(path, key), look)
    }

    /// Runs `look` at an item of the current part.
    pub(super) fn at_index<T>(&mut self, index: usize, look: impl FnOnce(&mut Self) -> T) -> T {
        self.further(|path| push_index(path, index), look)
    }

    fn further<T>(&mut self, step: impl FnOnce(&mut String), look: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        step(&mut self.path);
        self.depth += 1;
        let found = look(self);
        self.depth -= 1;
        self.path.truncate(length);
        found
    }

    /// Leaves only the issues about values that serde accepts, for an input that serde and
    /// `validate()` have accepted. In all other cases serde and `validate()` decide, not the
    /// description of the type.
    pub(crate) fn keep_form(&mut self) {
        self.issues.retain(|noted| noted.cause == Cause::Form);
    }

    /// Returns whether the part is of this kind, and adds an issue if it is not.
    pub(super) fn is(&mut self, part: Part<'_>, kind: Type, expected: Type) -> bool {
        let is_right = part.kind() == kind;
        if !is_right {
            // serde reads an array as an object.
            let cause = if part.kind() == Type::Array { Cause::Form } else { self.cause };
            let received = part.kind();
            match kind {
                // A list of one item.
                Type::Array if part.is_text() => self.rewrite(part.place(), format!("[{}]", part.text())),
                _ => self.because(cause, |found| found.say(Problem::InvalidType { expected, received })),
            }
        }
        is_right
    }
}

/// The maximum number of issues in a reply. Nobody reads more.
pub(super) const MAX_ISSUES: usize = 100;
/// The fuel for each byte of an input. Most types need less than a quarter of it.
const FUEL: usize = 64;
/// The fuel for an empty input.
const LEAST_FUEL: usize = 10_000;
/// The fuel for one look. The fuel for reading a part is its length.
pub(super) const LOOK: usize = 16;
