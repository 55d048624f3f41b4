//! Finds everything that is wrong with one input. Code that `#[schema]` generates for a type calls
//! this module for each part.
//!
//! Nothing here depends on the type, so it is compiled once. The reader of each type decides
//! whether a part is right; this module only keeps track of the position.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::DeserializeOwned;

use crate::error::{ErrorMap, Issue, Problem, Type};
use crate::validate::broken::Broken;
use crate::validate::got::{Got, REQUIRED, Said, out_of};
use crate::validate::path::{bounded, push_index, push_key};
use crate::validate::tree::{Part, Tree};

/// The structure of a type, as far as its syntax shows it. This is data, so that a field of a
/// common type needs no code of its own.
#[derive(Clone, Copy)]
pub enum Parts<'a> {
    /// A type with this examiner, which finds everything that is wrong.
    Type(Examiner),
    /// An `Option` of this.
    Option(&'a Parts<'a>),
    /// An `Option` field whose `null` is refused if the application sets it.
    Optional(&'a Parts<'a>),
    /// An `Option` that must be `Some`, with its author's message for `None`.
    Required(Option<&'a str>, &'a Parts<'a>),
    /// A list of these items.
    List(&'a Parts<'a>),
    /// A list of this length.
    Array(usize, &'a Parts<'a>),
    /// A tuple of these items, with at least this many.
    Tuple(usize, &'a [Parts<'a>]),
    /// A map of these values. The function returns whether a key is valid.
    Map(fn(&str) -> bool, &'a Parts<'a>),
    /// An object of these fields, and whether it refuses all others.
    Object(&'a [Field<'a>], bool),
    /// An enum of these variants.
    Enum(Tag<'a>, &'a [Variant<'a>]),
    /// A part whose own rules are not checked.
    Unchecked(&'a Parts<'a>),
}

/// A function that finds everything wrong with a value.
pub(crate) type Examiner = fn(At<'_, '_>, &mut Found);

/// Where a value is.
#[derive(Debug)]
pub enum At<'a, 't> {
    /// The value is a part of its own.
    Part(Part<'t>),
    /// The fields of the value are among those of another type.
    Among(&'a mut Fields<'t>),
}

impl<'t> At<'_, 't> {
    /// Returns the value, with all fields beside it.
    pub fn part(&self) -> Part<'t> {
        match self {
            Self::Part(part) => *part,
            Self::Among(fields) => fields.part,
        }
    }

    /// Runs `look`, which leaves all fields to the types beside it.
    pub(super) fn with<T>(&self, look: impl FnOnce(At<'_, 't>) -> T) -> T {
        match self {
            Self::Part(part) => look(At::Part(*part)),
            Self::Among(fields) => look(At::Among(&mut Fields::clone(fields))),
        }
    }
}

/// How a value names its variant.
#[derive(Clone, Copy, Debug)]
pub enum Tag<'a> {
    /// `"Unit"`, or `{ "Variant": content }`.
    External,
    /// `{ "tag": "Variant", fields }`.
    Internal(&'a str),
    /// `{ "tag": "Variant", "content": content }`, and whether all other keys are refused.
    Adjacent(&'a str, &'a str, bool),
    /// The value does not name it.
    Untagged,
}

/// A variant of an enum.
#[derive(Clone, Copy)]
pub struct Variant<'a> {
    /// The name on the wire and the aliases. Empty for the variant that accepts all other names.
    pub names: &'a [&'a str],
    /// The content of the variant.
    pub content: Option<Parts<'a>>,
    /// Whether the content may be missing.
    pub is_optional: fn() -> bool,
}

/// A function that checks the rules of a field.
type Rules<'a> = &'a dyn Fn(&Got<'_>, &mut Broken);

/// The issues found in one input.
#[derive(Debug)]
pub struct Found {
    issues: Vec<(String, Said)>,
    path: String,
    depth: usize,
    checks_rules: bool,
    /// Whether the values were texts of a path or query.
    pub(super) is_text: bool,
    /// Whether `null` is refused for a field that may be missing.
    refuses_null: bool,
    rewrites: Vec<Rewrite>,
    /// The number of looks left. It bounds the cost for every type, because nested untagged enums
    /// multiply the looks.
    fuel: usize,
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

    /// Adds the issue that the current part is missing. To find what is expected, it checks `null`
    /// in its place.
    pub(crate) fn missing(&mut self, parts: &Parts<'_>) {
        let parts = match parts {
            Parts::Required(Some(message), _) => return self.say(Said::Message((*message).to_owned())),
            Parts::Required(None, inner) => inner,
            other => other,
        };
        let null = Tree::new("null");
        let trial = null.root().and_then(|null| self.trial(At::Part(null), parts, true).issues.pop());
        let received = Type::Undefined;
        self.say(match trial {
            Some((_, Said::Problem(Problem::InvalidType { expected, .. }))) => {
                Problem::InvalidType { expected, received }
            }
            Some((_, Said::Problem(Problem::InvalidEnumValue { options, .. }))) => {
                Problem::InvalidEnumValue { options, received }
            }
            Some((_, Said::Problem(Problem::InvalidUnion))) => Problem::InvalidUnion,
            _ => REQUIRED,
        });
    }

    pub(super) fn rewrite(&mut self, place: Range<usize>, text: String) {
        self.rewrites.push((place, text));
    }

    pub(super) fn checks_rules(&self) -> bool {
        self.checks_rules
    }

    /// Returns the number of issues so far, so that a caller can tell whether a part is right.
    fn count(&self) -> usize {
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
    fn is(&mut self, part: Part<'_>, kind: Type, expected: Type) -> bool {
        let is_right = part.kind() == kind;
        if !is_right {
            self.say(Problem::InvalidType { expected, received: part.kind() });
        }
        is_right
    }

    /// Checks a value, unless there are enough issues already. A type can be recursive without end,
    /// so the depth is limited; serde_json reads no deeper, either.
    pub fn look(&mut self, at: At<'_, '_>, parts: &Parts<'_>) {
        if self.depth > MAX_DEPTH || self.fuel == 0 {
            return self.say(Problem::Invalid);
        }
        if self.issues.len() >= MAX_ISSUES {
            return;
        }
        // `Unchecked` wraps most fields and does not count as a look.
        self.fuel -= usize::from(!matches!(parts, Parts::Unchecked(_)));
        match (*parts, at) {
            (Parts::Type(examine), at) => examine(at, self),
            (Parts::Unchecked(inner), at) => {
                let checks_rules = std::mem::replace(&mut self.checks_rules, false);
                self.look(at, inner);
                self.checks_rules = checks_rules;
            }
            (Parts::Enum(Tag::Untagged, variants), at) => self.untagged(at, variants),
            (_, At::Part(part)) => self.apart(part, parts),
            (_, At::Among(fields)) => self.among(fields, parts),
        }
    }

    /// Checks a value that is a part of its own.
    fn apart(&mut self, part: Part<'_>, parts: &Parts<'_>) {
        let is_null = part.kind() == Type::Null;
        match *parts {
            Parts::Optional(inner) if self.refuses_null => self.look(At::Part(part), inner),
            Parts::Option(_) | Parts::Optional(_) if is_null => {}
            Parts::Required(..) if is_null => self.missing(parts),
            Parts::Option(inner) | Parts::Optional(inner) | Parts::Required(_, inner) => {
                self.look(At::Part(part), inner);
            }
            Parts::List(item) => self.items(part, Type::Array, std::iter::repeat(item)),
            Parts::Array(length, item) => {
                if self.is(part, Type::Array, Type::Array) && self.has_length(part, length, true) {
                    self.items(part, Type::Array, std::iter::repeat(item));
                }
            }
            Parts::Tuple(least, items) => {
                let length = part.items().count().clamp(least, items.len());
                if self.is(part, Type::Array, Type::Tuple) && self.has_length(part, length, false) {
                    self.items(part, Type::Tuple, items.iter());
                }
            }
            Parts::Enum(Tag::External, variants) => self.external(part, variants),
            Parts::Map(..) => self.object(part, Type::Record, parts),
            Parts::Object(..) | Parts::Enum(..) => self.object(part, Type::Object, parts),
            // `look` handles these at every place.
            Parts::Type(_) | Parts::Unchecked(_) => {}
        }
    }

    /// Checks a value whose fields are those of an object.
    fn object(&mut self, part: Part<'_>, expected: Type, parts: &Parts<'_>) {
        if self.is(part, Type::Object, expected) {
            let mut fields = Fields::new(part);
            self.among(&mut fields, parts);
            self.unknown(&fields);
        }
    }

    /// Checks a value whose fields are among those of another type.
    fn among(&mut self, fields: &mut Fields<'_>, parts: &Parts<'_>) {
        match *parts {
            Parts::Object(all, is_strict) => {
                all.iter().for_each(|field| self.field(fields, field));
                fields.is_strict |= is_strict;
            }
            Parts::Map(takes_key, value) => self.rest(fields, takes_key, value),
            Parts::Enum(tag, variants) => self.variant(fields, tag, variants),
            Parts::Option(inner) | Parts::Optional(inner) | Parts::Required(_, inner) => {
                self.look(At::Among(fields), inner);
            }
            // serde cannot flatten any other type.
            _ => self.look(At::Part(fields.part), parts),
        }
    }

    /// Checks each item of a list.
    fn items<'a>(&mut self, part: Part<'_>, kind: Type, items: impl Iterator<Item = &'a Parts<'a>>) {
        if self.is(part, Type::Array, kind) {
            for (index, (it, item)) in part.items().zip(items).enumerate() {
                self.at_index(index, |found| found.look(At::Part(it), item));
            }
        }
    }

    fn has_length(&mut self, part: Part<'_>, length: usize, exact: bool) -> bool {
        let count = part.items().count();
        if count != length {
            self.say(out_of(Type::Array, count < length, length, exact));
        }
        // As in Zod, a tuple that is too short has no issues for its items.
        count >= length
    }

    /// Checks all fields that nobody has taken, for a map.
    fn rest(&mut self, fields: &mut Fields<'_>, takes_key: fn(&str) -> bool, value: &Parts<'_>) {
        let (good, bad): (Vec<_>, Vec<_>) = fields.untaken().partition(|(key, _)| takes_key(key.text()));
        for (key, it) in good {
            self.at_key(&key.said(), |found| found.look(At::Part(it), value));
        }
        if !bad.is_empty() {
            self.say(unrecognized(bad.iter().map(|(key, _)| key.said())));
        }
        fields.entries.iter_mut().for_each(|entry| entry.is_taken = true);
    }

    /// Checks one field.
    fn field(&mut self, fields: &mut Fields<'_>, field: &Field<'_>) {
        let Some(main) = field.names.first() else {
            let (begin, untaken, is_strict) = (self.issues.len(), fields.untaken().count(), fields.is_strict);
            self.look(At::Among(fields), field.parts);
            // An `Option` none of whose fields was sent is `None`.
            if (field.may_be_missing)() && fields.untaken().count() == untaken {
                self.issues.truncate(begin);
            }
            // A flattened type does not decide about the fields beside its own.
            fields.is_strict = is_strict;
            return self.rules(&Got::Absent, field, self.issues.len());
        };
        let sent = fields.take(field.names);
        let name = sent.map_or(Cow::Borrowed(*main), |(key, _)| key.said());
        self.at_key(&name, |found| found.value(sent.map(|(_, part)| At::Part(part)), field));
    }

    /// Checks the value of a field, or a value that replaces the whole.
    pub fn value(&mut self, sent: Option<At<'_, '_>>, field: &Field<'_>) {
        let (before, begin) = (self.count(), self.issues.len());
        let got = match sent {
            Some(at) => {
                let part = at.part();
                self.look(at, field.parts);
                if self.count() == before { Got::Right(part) } else { Got::Wrong(part) }
            }
            None if (field.may_be_missing)() => Got::Absent,
            None => return self.missing(field.parts),
        };
        self.rules(&got, field, begin);
    }

    /// Checks the rules of a field whose issues start at `begin`.
    fn rules(&mut self, got: &Got<'_>, field: &Field<'_>, begin: usize) {
        if let Some(rules) = field.rules.filter(|_| self.checks_rules) {
            let mut broken = Broken::new();
            rules(got, &mut broken);
            self.broken(broken, begin);
        }
    }

    /// Adds the broken rules of the current part, whose other issues start at `begin`. The order is
    /// that of Zod: "not an integer" comes before the range, and the size of a list before its
    /// items. A broken range rule replaces the issue that the type itself reports for its range.
    fn broken(&mut self, broken: Broken, begin: usize) {
        let inside = self.issues.split_off(begin);
        let (numbers, others): (Vec<_>, Vec<_>) = broken.said().partition(Said::is_of_number);
        let has_range = numbers.iter().any(Said::is_range);
        others.into_iter().for_each(|said| self.say(said));
        self.issues.extend(inside.into_iter().filter(|(_, said)| !(has_range && said.is_range())));
        numbers.into_iter().for_each(|said| self.say(said));
        self.issues.truncate(MAX_ISSUES);
    }

    /// Reads the whole type, for rules that concern more than one field.
    pub fn whole<T: DeserializeOwned>(&self, part: Part<'_>) -> Option<T> {
        if self.checks_rules { serde_json::from_str(part.text()).ok() } else { None }
    }

    /// Checks the rules of the whole type, whose fields' issues start at `begin`.
    pub fn of_whole(&mut self, begin: usize, rules: impl FnOnce(&mut Broken)) {
        let end = self.issues.len();
        let mut broken = Broken::beside(begin < end);
        rules(&mut broken);
        self.broken(broken, end);
    }

    /// Returns the number of issues.
    pub fn issues(&self) -> usize {
        self.issues.len()
    }

    /// Refuses fields that nobody has taken, for a type that accepts no others.
    pub(super) fn unknown(&mut self, fields: &Fields<'_>) {
        if !fields.is_strict {
            return;
        }
        let mut unknown = fields.untaken().map(|(key, _)| key.said()).peekable();
        if unknown.peek().is_some() {
            self.say(unrecognized(unknown));
        }
    }

    /// Returns what is wrong with a value, apart from its rules.
    fn trial(&mut self, at: At<'_, '_>, parts: &Parts<'_>, refuses_null: bool) -> Self {
        let (depth, fuel) = (self.depth, self.fuel);
        let mut trial = Self { depth, fuel, checks_rules: false, ..Self::new(self.is_text, refuses_null) };
        trial.look(at, parts);
        self.fuel = trial.fuel;
        trial
    }

    /// Returns how a value fits, apart from its rules.
    pub(super) fn fit(&mut self, at: At<'_, '_>, parts: &Parts<'_>) -> Fit {
        let trial = self.trial(at, parts, self.refuses_null);
        match (trial.issues.is_empty(), trial.rewrites.is_empty()) {
            (true, true) => Fit::AsWritten,
            (true, false) => Fit::Rewritten,
            (false, _) => Fit::Wrong,
        }
    }
}

/// The way a value fits a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    AsWritten,
    /// It fits if some numbers are rewritten.
    Rewritten,
    Wrong,
}

/// A field of a type.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    /// The name on the wire and the aliases. Empty for a field that is flattened or replaces the
    /// whole.
    pub names: &'a [&'a str],
    /// Whether the field may be missing.
    pub may_be_missing: fn() -> bool,
    /// The structure of the field.
    pub parts: &'a Parts<'a>,
    /// The rules of the field.
    pub rules: Option<Rules<'a>>,
}

/// The fields of an object.
#[derive(Clone, Debug)]
pub struct Fields<'t> {
    pub(super) part: Part<'t>,
    entries: Vec<Entry<'t>>,
    /// Whether fields that nobody has taken are refused.
    pub(super) is_strict: bool,
}

#[derive(Clone, Debug)]
struct Entry<'t> {
    key: Part<'t>,
    value: Part<'t>,
    is_taken: bool,
}

impl<'t> Fields<'t> {
    pub(super) fn new(part: Part<'t>) -> Self {
        let entry = |(key, value)| Entry { key, value, is_taken: false };
        Self { part, entries: part.entries().map(entry).collect(), is_strict: false }
    }

    /// Takes the field with one of these names.
    pub(super) fn take(&mut self, names: &[&str]) -> Option<(Part<'t>, Part<'t>)> {
        let entry = self.entries.iter_mut().find(|entry| names.contains(&&*entry.key.said()))?;
        entry.is_taken = true;
        Some((entry.key, entry.value))
    }

    pub(super) fn untaken(&self) -> impl Iterator<Item = (Part<'t>, Part<'t>)> {
        self.entries.iter().filter(|entry| !entry.is_taken).map(|entry| (entry.key, entry.value))
    }
}

/// Makes the problem of unknown keys. The client chose the keys, so only the first [`KEYS`] are
/// named, each cut to a bounded length.
pub(super) fn unrecognized<'k>(keys: impl Iterator<Item = Cow<'k, str>>) -> Problem {
    let mut keys: Vec<String> = keys.take(KEYS + 1).map(|key| bounded(&key)).collect();
    let has_more = keys.len() > KEYS;
    keys.truncate(KEYS);
    Problem::UnrecognizedKeys { keys, has_more }
}

const KEYS: usize = 5;
/// More issues than anybody reads.
const MAX_ISSUES: usize = 100;
/// serde_json reads no deeper than 128.
const MAX_DEPTH: usize = 160;
/// More than the number of values in a body of one megabyte.
const FUEL: usize = 2_000_000;
