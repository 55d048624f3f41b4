//! Checks a value against the description of its type. Code that `#[schema]` generates for a type
//! calls this module for each value.
//!
//! Nothing here depends on the type, so it is compiled once. The reader of each type decides
//! whether a part is right; this module only finds the parts.

use std::borrow::Cow;

use crate::error::{Problem, Type};
use crate::validate::broken::Broken;
use crate::validate::found::{Cause, Found, LOOK, MAX_ISSUES, Noted};
use crate::validate::got::{Got, REQUIRED, Said, out_of};
use crate::validate::parts::{At, Field, Fields, Parts, Tag};
use crate::validate::path::bounded;
use crate::validate::tree::{Part, Tree};

impl Found {
    /// Checks a value, unless there are enough issues already. A type can be recursive without end,
    /// so the depth is limited; serde_json reads no deeper, either.
    pub fn look(&mut self, at: At<'_, '_>, parts: &Parts<'_>) {
        if self.depth > MAX_DEPTH || self.fuel == 0 {
            return self.say(Problem::Invalid);
        }
        if self.issues.len() >= MAX_ISSUES {
            return;
        }
        self.fuel = self.fuel.saturating_sub(LOOK);
        match (*parts, at) {
            (Parts::Type(examine, _), at) => examine(at, self),
            (Parts::Unchecked(inner), at) => self.inside(at, inner, false),
            (Parts::Enum(Tag::Untagged, variants), at) => self.untagged(at, variants),
            (_, At::Part(part)) => self.apart(part, parts),
            (_, At::Among(fields)) => self.among(fields, parts),
        }
    }

    /// Checks a value inside another, and its rules if they are nested.
    fn inside(&mut self, at: At<'_, '_>, parts: &Parts<'_>, is_nested: bool) {
        let checks_rules = self.checks_rules;
        self.checks_rules &= is_nested;
        self.look(at, parts);
        self.checks_rules = checks_rules;
    }

    /// Checks a value that is a separate part.
    fn apart(&mut self, part: Part<'_>, parts: &Parts<'_>) {
        let is_null = part.kind() == Type::Null;
        match *parts {
            Parts::Optional(inner) if self.refuses_null && is_null => {
                self.because(Cause::Form, |found| found.look(At::Part(part), inner));
            }
            Parts::Option(_) | Parts::Optional(_) if is_null => {}
            Parts::Option(inner) | Parts::Optional(inner) | Parts::Required(_, inner) => {
                self.look(At::Part(part), inner);
            }
            Parts::List(length, item) => {
                if self.is(part, Type::Array, Type::Array)
                    && length.is_none_or(|length| self.has_length(part, length, true))
                {
                    self.items(part, std::iter::repeat(item));
                }
            }
            Parts::Tuple(least, items) => {
                let length = part.items().count().clamp(least, items.len());
                if self.is(part, Type::Array, Type::Tuple) && self.has_length(part, length, false) {
                    self.items(part, items.iter());
                }
            }
            Parts::Enum(Tag::External, variants) => self.external(part, variants),
            Parts::Map(..) => self.object(part, Type::Record, parts),
            Parts::Object(..) | Parts::Enum(..) => self.object(part, Type::Object, parts),
            // `look` handles these at every place.
            Parts::Type(..) | Parts::Unchecked(_) => {}
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
                fields.is_behind_tag = false;
                // A flattened type gets only what no field here has taken.
                let sent: Vec<_> = all.iter().map(|field| fields.take(field.names)).collect();
                // serde refuses a field that was sent under its name and an alias.
                let again = |field: &Field<'_>| std::iter::from_fn(|| fields.take(field.names)).collect::<Vec<_>>();
                let again: Vec<_> = all.iter().flat_map(again).collect();
                all.iter().zip(sent).for_each(|(field, sent)| self.field(fields, field, sent));
                if !again.is_empty() {
                    self.say(unrecognized(again.iter().map(|(key, _)| key.said())));
                }
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

    fn items<'a>(&mut self, part: Part<'_>, items: impl Iterator<Item = &'a Parts<'a>>) {
        for (index, (it, item)) in part.items().zip(items).enumerate() {
            self.at_index(index, |found| found.look(At::Part(it), item));
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

    /// Checks all fields that nobody has taken, for a map. serde leaves them to other flattened
    /// types, too.
    fn rest(&mut self, fields: &mut Fields<'_>, takes_key: fn(&str) -> bool, value: &Parts<'_>) {
        let (good, bad): (Vec<_>, Vec<_>) = fields.untaken().partition(|(key, _)| takes_key(key.text()));
        fields.is_used |= good.len() + bad.len() > 0;
        for (key, it) in good {
            // Another map has refused this value already.
            if fields.refused.contains(&it.place().start) {
                continue;
            }
            let before = self.issues.len();
            self.at_key(&key.said(), |found| found.look(At::Part(it), value));
            if self.issues.len() > before {
                fields.refused.push(it.place().start);
            }
        }
        if !bad.is_empty() {
            self.say(unrecognized(bad.iter().map(|(key, _)| key.said())));
        }
    }

    /// Checks one field.
    fn field<'t>(&mut self, fields: &mut Fields<'t>, field: &Field<'_>, sent: Option<(Part<'t>, Part<'t>)>) {
        let Some(main) = field.names.first() else {
            let (begin, is_strict, is_used) = (self.issues.len(), fields.is_strict, fields.is_used);
            fields.is_used = false;
            let cause = if field.may_be_missing(false) { Cause::Form } else { self.cause };
            self.because(cause, |found| found.inside(At::Among(fields), field.parts, field.is_nested));
            // An `Option` none of whose fields was sent is `None`.
            if field.may_be_missing(false) && !fields.is_used {
                self.issues.truncate(begin);
            }
            fields.is_used |= is_used;
            // A flattened type does not decide about the fields beside its own.
            fields.is_strict = is_strict;
            return self.rules(&Got::Absent, field, self.issues.len());
        };
        let name = sent.map_or(Cow::Borrowed(*main), |(key, _)| key.said());
        self.at_key(&name, |found| found.value(sent.map(|(_, part)| At::Part(part)), field));
    }

    /// Checks the value of a field, or a value that replaces the whole.
    pub fn value(&mut self, sent: Option<At<'_, '_>>, field: &Field<'_>) {
        let (before, begin) = (self.count(), self.issues.len());
        let is_needed = self.checks_rules && matches!(field.parts, Parts::Required(..));
        let got = match sent {
            Some(at) if !is_needed || at.part().kind() != Type::Null => {
                let part = at.part();
                self.inside(at, field.parts, field.is_nested);
                if self.count() == before { Got::Right(part) } else { Got::Wrong(part) }
            }
            None if field.may_be_missing(is_needed) => Got::Absent,
            _ => return self.missing(field.parts),
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
        let mut inside = self.issues.split_off(begin);
        let (numbers, others): (Vec<_>, Vec<_>) = broken.said().partition(Said::is_of_number);
        let has_range = numbers.iter().any(Said::is_range);
        self.because(Cause::Rule, |found| others.into_iter().for_each(|said| found.say(said)));
        let is_replaced = |noted: &mut Noted| has_range && noted.said.is_range();
        let replaced = inside.extract_if(.., is_replaced).last();
        self.issues.append(&mut inside);
        let cause = replaced.map_or(Cause::Rule, |noted| noted.cause);
        self.because(cause, |found| numbers.into_iter().for_each(|said| found.say(said)));
        self.issues.truncate(MAX_ISSUES);
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

    /// Returns what is wrong with a value, which is not added to this list.
    pub(super) fn trial(&mut self, at: At<'_, '_>, parts: &Parts<'_>) -> Self {
        let mut trial = Self {
            path: self.path.clone(),
            depth: self.depth,
            checks_rules: self.checks_rules,
            cause: self.cause,
            fuel: self.fuel,
            ..Self::new(0, self.refuses_null)
        };
        trial.look(at, parts);
        self.fuel = trial.fuel;
        trial
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
        let mut trial = Self { depth: self.depth, checks_rules: false, ..Self::new(0, true) };
        null.root().into_iter().for_each(|null| trial.look(At::Part(null), parts));
        let received = Type::Undefined;
        self.say(match trial.issues.pop().map(|noted| noted.said) {
            Some(Said::Problem(Problem::InvalidType { expected, .. })) => Problem::InvalidType { expected, received },
            Some(Said::Problem(Problem::InvalidEnumValue { options, .. })) => {
                Problem::InvalidEnumValue { options, received }
            }
            Some(Said::Problem(Problem::InvalidUnion)) => Problem::InvalidUnion,
            _ => REQUIRED,
        });
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
/// serde_json reads no deeper than 128.
const MAX_DEPTH: usize = 160;
