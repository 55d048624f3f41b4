//! A JSON object as it was read, and which of its members were changed since: the others are written as they were.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Serialize;
use serde_json::{Map, Value};

use super::reader::{Member, Reader, map};

/// A JSON object as it was read, or nothing; and the keys that were set or removed since.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    text: Box<str>,
    changed: BTreeSet<Box<str>>,
}

impl Source {
    /// An object that can be read, as text.
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.into(), changed: BTreeSet::new() }
    }

    /// An object of these members.
    pub(super) fn of(members: &[Member<'_>]) -> Self {
        let size = members.iter().map(|Member { key, value }| key.text.len() + value.text.len() + 2).sum::<usize>();
        let mut text = Text::with_capacity(size + 1);
        members.iter().for_each(|member| text.member(member.key.text, member.value.text));
        Self { text: text.finish_some().into(), changed: BTreeSet::new() }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Notes that a key was set or removed.
    pub(super) fn change(&mut self, key: &str) {
        if !self.text.is_empty() {
            self.changed.insert(key.into());
        }
    }

    /// The values as they were read.
    pub(super) fn map(&self) -> Map<String, Value> {
        map(&self.text, || Ok(self.members()), "data").expect("the object was read before, or written from values")
    }

    /// The object as it is to be written, where `now` has the values: `None` if nobody has looked at them. Empty if it has no members.
    pub(super) fn text(&self, now: Option<&Map<String, Value>>) -> Cow<'_, str> {
        let Some(now) = now.filter(|_| self.text.is_empty() || !self.changed.is_empty()) else {
            return Cow::Borrowed(&self.text);
        };
        let mut text = Text::with_capacity(self.text.len());
        for Member { key, value } in self.members() {
            if key.string("data").is_ok_and(|key| !self.changed.contains(&*key)) {
                text.member(key.text, value.text);
            }
        }
        for (key, value) in now {
            if self.text.is_empty() || self.changed.contains(&**key) {
                text.member(&json(key), &json(value));
            }
        }
        Cow::Owned(text.finish_some())
    }

    fn members(&self) -> Vec<Member<'_>> {
        match &*self.text {
            "" => Vec::new(),
            text => {
                Reader::new(text).value().members("data").expect("the object was read before, or written from values")
            }
        }
    }
}

/// The text of an object that is being written.
pub(super) struct Text(String);

impl Text {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let mut text = Self(String::with_capacity(bytes));
        text.push("{");
        text
    }

    /// Writes a key, in JSON, and the comma before it. What is pushed next is the value.
    pub(super) fn key(&mut self, key: &str) {
        self.push(if self.0.ends_with('{') { "" } else { "," });
        self.push(key);
        self.push(":");
    }

    pub(super) fn member(&mut self, key: &str, value: &str) {
        self.key(key);
        self.push(value);
    }

    pub(super) fn number(&mut self, key: &str, number: u64) {
        self.key(key);
        write!(self.0, "{number}").expect("a text takes all");
    }

    pub(super) fn push(&mut self, text: &str) {
        self.0.push_str(text);
    }

    pub(super) fn finish(mut self) -> String {
        self.push("}");
        self.0
    }

    /// Nothing, if the object has no members.
    fn finish_some(self) -> String {
        if self.0.len() == 1 { String::new() } else { self.finish() }
    }
}

/// A text or a value as JSON.
pub(super) fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("texts and values are always written")
}
