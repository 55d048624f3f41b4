//! The structure of a type, as far as `#[schema]` sees it, and the places of its values.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use serde::de::DeserializeOwned;

use crate::validate::broken::Broken;
use crate::validate::found::Found;
use crate::validate::got::Got;
use crate::validate::tree::Part;

/// The structure of a type, as far as its syntax shows it. This is data, so that a field of a
/// common type needs no extra code.
#[derive(Clone, Copy)]
pub enum Parts<'a> {
    /// A type with this examiner, which finds everything that is wrong. The second function returns
    /// whether serde accepts a missing key for the type.
    Type(Examiner, fn() -> bool),
    /// An `Option` of this.
    Option(&'a Parts<'a>),
    /// An `Option` field whose `null` is refused if the application sets it.
    Optional(&'a Parts<'a>),
    /// An `Option` that must be `Some`, with its author's message for `None`.
    Required(Option<&'a str>, &'a Parts<'a>),
    /// A list of these items, of this length if it has one.
    List(Option<usize>, &'a Parts<'a>),
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

impl Parts<'_> {
    /// Returns whether serde accepts a missing key for a field of this type.
    pub(super) fn may_be_missing(&self) -> bool {
        match self {
            Self::Type(_, may_be_missing) => may_be_missing(),
            Self::Option(_) | Self::Optional(_) => true,
            Self::Unchecked(inner) | Self::Required(_, inner) => inner.may_be_missing(),
            _ => false,
        }
    }
}

/// A function that finds everything wrong with a value.
pub(crate) type Examiner = fn(At<'_, '_>, &mut Found);

/// The place of a value.
#[derive(Debug)]
pub enum At<'a, 't> {
    /// The value is a separate part.
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

    /// Returns the value as its reader gets it: without the fields that other types have taken. All
    /// positions stay as they are.
    pub(super) fn text(&self) -> Cow<'t, str> {
        match self {
            Self::Part(part) => Cow::Borrowed(part.text()),
            Self::Among(fields) => Cow::Owned(fields.text()),
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

/// The way in which a value names its variant.
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
}

/// A function that checks the rules of a field.
pub(super) type Rules<'a> = &'a dyn Fn(&Got<'_>, &mut Broken);

/// The value that was sent for a field, or `None` for a value that exists already.
pub type Sent<'a, 't> = Option<&'a Got<'t>>;

/// Makes the check of a field that its type's own reader reads. It is compiled once for each type
/// of a field.
pub fn by_type<T: DeserializeOwned>(
    rules: fn(Option<&T>, Sent<'_, '_>, &mut Broken),
) -> impl Fn(&Got<'_>, &mut Broken) {
    move |got, broken| rules(got.read::<T>().as_ref(), Some(got), broken)
}

/// A field of a type.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    /// The name on the wire and the aliases. Empty for a field that is flattened or replaces the
    /// whole.
    pub names: &'a [&'a str],
    /// `Some(true)` if the field may be missing; `None` if its type decides.
    pub may_be_missing: Option<bool>,
    /// The structure of the field.
    pub parts: &'a Parts<'a>,
    /// Set by `#[validate(nested)]`: the rules inside the field are checked, too.
    pub is_nested: bool,
    /// The rules of the field.
    pub rules: Option<Rules<'a>>,
}

/// Makes a field without rules. Most fields have none, and the compiler reads a call faster.
pub const fn plain<'a>(names: &'a [&'a str], parts: &'a Parts<'a>) -> Field<'a> {
    Field { names, may_be_missing: None, parts, is_nested: false, rules: None }
}

impl Field<'_> {
    /// Returns whether the field may be missing, if its rules need it or not.
    pub(super) fn may_be_missing(&self, is_needed: bool) -> bool {
        self.may_be_missing.unwrap_or_else(|| !is_needed && self.parts.may_be_missing())
    }
}

/// The fields of an object.
#[derive(Clone, Debug)]
pub struct Fields<'t> {
    pub(super) part: Part<'t>,
    entries: Vec<Entry<'t>>,
    /// The place of each key among the entries, so that the cost does not depend on the product of
    /// fields and keys.
    places: Rc<HashMap<Cow<'t, str>, usize>>,
    /// `true` if fields that nobody has taken are refused.
    pub(super) is_strict: bool,
    /// The places of the values that a flattened map has refused.
    pub(super) refused: Vec<usize>,
    /// Set once the type being checked has found one of its fields.
    pub(super) is_used: bool,
    /// `true` if the type being checked gets all of them behind a tag, so that serde reads an
    /// enum from a single field.
    pub(super) is_behind_tag: bool,
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
        let entries: Vec<_> = part.entries().map(entry).collect();
        let places = entries.iter().enumerate().map(|(place, entry)| (entry.key.said(), place)).collect();
        let (places, refused) = (Rc::new(places), Vec::new());
        Self { part, entries, places, is_strict: false, refused, is_used: false, is_behind_tag: false }
    }

    /// Returns the object with spaces in place of the fields that somebody has taken.
    fn text(&self) -> String {
        let (whole, start) = (self.part.text(), self.part.place().start);
        let (mut text, mut at) = (String::from("{"), 1);
        for (key, value) in self.untaken() {
            let place = key.place().start - start..value.place().end - start;
            if at > 1 {
                text.push(',');
                at += 1;
            }
            text.extend(std::iter::repeat_n(' ', place.start - at));
            text.push_str(&whole[place.clone()]);
            at = place.end;
        }
        text.extend(std::iter::repeat_n(' ', whole.len() - at - 1));
        text.push('}');
        text
    }

    /// Takes the field with one of these names.
    pub(super) fn take(&mut self, names: &[&str]) -> Option<(Part<'t>, Part<'t>)> {
        let place = self.place(names)?;
        let entry = &mut self.entries[place];
        entry.is_taken = true;
        self.is_used = true;
        Some((entry.key, entry.value))
    }

    /// Returns the place of the first field with one of these names that nobody has taken.
    pub(super) fn place(&self, names: &[&str]) -> Option<usize> {
        let places = names.iter().filter_map(|name| self.places.get(*name).copied());
        places.filter(|place| !self.entries[*place].is_taken).min()
    }

    pub(super) fn untaken(&self) -> impl Iterator<Item = (Part<'t>, Part<'t>)> {
        self.entries.iter().filter(|entry| !entry.is_taken).map(|entry| (entry.key, entry.value))
    }
}
