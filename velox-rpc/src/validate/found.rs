//! The issues found in one input, and the position of the part that is checked.

use std::ops::Range;

use crate::error::{ErrorMap, Issue, Problem, Type};
use crate::validate::got::Said;
use crate::validate::path::{push_index, push_key};
use crate::validate::tree::Part;

/// The issues found in one input.
#[derive(Debug)]
pub struct Found {
    pub(super) issues: Vec<(String, Said)>,
    pub(super) path: String,
    pub(super) depth: usize,
    pub(super) checks_rules: bool,
    /// Whether the values were texts of a path or query.
    pub(super) is_text: bool,
    /// Whether `null` is refused for a field that may be missing.
    pub(super) refuses_null: bool,
    pub(super) rewrites: Vec<Rewrite>,
    /// The number of looks left. It bounds the cost for every type, because nested untagged enums
    /// multiply the looks.
    pub(super) fuel: usize,
}

/// A part that its reader accepts if it is rewritten. For example, `1.0` is an integer in JSON and
/// in JavaScript, but not for serde.
pub(crate) type Rewrite = (Range<usize>, String);

impl Found {
    pub(crate) fn new(is_text: bool, refuses_null: bool) -> Self {
        Self {
            issues: Vec::new(),
            path: String::new(),
            depth: 0,
            checks_rules: true,
            is_text,
            refuses_null,
            rewrites: Vec::new(),
            fuel: FUEL,
        }
    }

    /// Returns the issues, and the rewrites if there are no issues.
    pub(crate) fn into_parts(self, error_map: impl FnOnce() -> ErrorMap) -> (Vec<Issue>, Vec<Rewrite>) {
        if self.issues.is_empty() {
            return (Vec::new(), self.rewrites);
        }
        let texts = error_map();
        let issue = |(path, said)| match said {
            Said::Problem(problem) => Issue::new(path, texts.text(&problem)),
            Said::Message(message) => Issue::new(path, message),
        };
        (self.issues.into_iter().map(issue).collect(), self.rewrites)
    }

    /// Adds an issue at the current position.
    pub(super) fn say(&mut self, said: impl Into<Said>) {
        if self.issues.len() < MAX_ISSUES {
            self.issues.push((self.path.clone(), said.into()));
        }
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

    /// Returns whether the part is of this kind, and adds an issue if it is not.
    pub(super) fn is(&mut self, part: Part<'_>, kind: Type, expected: Type) -> bool {
        let is_right = part.kind() == kind;
        if !is_right {
            self.say(Problem::InvalidType { expected, received: part.kind() });
        }
        is_right
    }
}

/// More issues than anybody reads.
pub(super) const MAX_ISSUES: usize = 100;
/// More than the number of values in a body of one megabyte.
const FUEL: usize = 2_000_000;
