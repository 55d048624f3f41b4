//! Reads the text of a record from front to back: objects are taken apart, so that each value in them can be read, or kept as it is written.
//!
//! This looks for braces, quotes, colons and commas. What a value is, and whether it is JSON, serde_json says of all but the plainest.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::error::RecordError;
use super::maps::key_of_serde_json;

/// A text, and how far it has been read.
pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// What stands before it.
    before: usize,
}

/// A value in the text of a record, or a key.
#[derive(Clone, Copy)]
pub(super) struct Piece<'t> {
    pub(super) text: &'t str,
    /// Where it begins.
    offset: usize,
}

/// A member of an object.
#[derive(Clone, Copy)]
pub(super) struct Member<'t> {
    pub(super) key: Piece<'t>,
    pub(super) value: Piece<'t>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, before: 0 }
    }

    /// Begins an object. Answers whether it has a member.
    pub(super) fn enter(&mut self, place: &'static str) -> Result<bool, RecordError> {
        if self.take(b'{') { Ok(!self.take(b'}')) } else { Err(self.error(place, "is not an object")) }
    }

    /// Goes on after a member. Answers whether the object has another one.
    pub(super) fn more(&mut self) -> Result<bool, RecordError> {
        if self.take(b',') {
            return Ok(true);
        }
        if self.take(b'}') { Ok(false) } else { Err(self.error(RECORD, NO_JSON)) }
    }

    pub(super) fn key(&mut self) -> Result<Piece<'t>, RecordError> {
        let key = self.value();
        if self.take(b':') { Ok(key) } else { Err(self.error(RECORD, NO_JSON)) }
    }

    pub(super) fn value(&mut self) -> Piece<'t> {
        self.skip_space();
        let start = self.at;
        self.at = end_of_value(self.text.as_bytes(), start);
        Piece { text: &self.text[start..self.at], offset: self.before + start }
    }

    /// Nothing may follow.
    pub(super) fn end(&mut self) -> Result<(), RecordError> {
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.error(RECORD, NO_JSON)) }
    }

    fn take(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.text.as_bytes().get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.as_bytes().get(self.at) {
            self.at += 1;
        }
    }

    #[cold]
    fn error(&self, place: &'static str, reason: &'static str) -> RecordError {
        RecordError::new(place, reason, self.before + self.at)
    }
}

impl<'t> Piece<'t> {
    /// The members of an object.
    pub(super) fn members(self, place: &'static str) -> Result<Vec<Member<'t>>, RecordError> {
        let (mut reader, mut members) = (Reader { text: self.text, at: 0, before: self.offset }, Vec::new());
        let mut more = reader.enter(place)?;
        while more {
            members.push(Member { key: reader.key()?, value: reader.value() });
            more = reader.more()?;
        }
        reader.end().map(|()| members)
    }

    pub(super) fn is_null(self) -> bool {
        self.text == "null"
    }

    pub(super) fn number(self, place: &'static str) -> Result<u64, RecordError> {
        self.whole().ok_or_else(|| self.error(place, "is not a whole number"))
    }

    pub(super) fn string(self, place: &'static str) -> Result<Cow<'t, str>, RecordError> {
        match self.plain() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => serde_json::from_str(&readable(self.text))
                .map(Cow::Owned)
                .map_err(|_| self.error(place, "is not a string")),
        }
    }

    /// Reads the value as JSON, whatever it is.
    pub(super) fn check(self, place: &'static str) -> Result<(), RecordError> {
        match self.plain().is_some() || self.whole().is_some() {
            true => Ok(()),
            false => self.value(place).map(drop),
        }
    }

    pub(super) fn value(self, place: &'static str) -> Result<Value, RecordError> {
        let value = serde_json::from_str(&readable(self.text)).map_err(|error| self.refused(place, &error))?;
        match key_of_serde_json(&value) {
            Some(_) => Err(self.error(place, RESERVED)),
            None => Ok(value),
        }
    }

    /// The text of a string that has no escapes in it.
    pub(super) fn plain(self) -> Option<&'t str> {
        let text = self.text.strip_prefix('"')?.strip_suffix('"')?;
        let is_odd = text.bytes().fold(false, |odd, byte| odd | (byte == b'\\') | (byte < b' '));
        (!is_odd).then_some(text)
    }

    /// Of JSON's numbers those that Rust reads too: it also reads a plus, and zeros in front.
    fn whole(self) -> Option<u64> {
        if self.text.len() > 1 && self.text.starts_with(['+', '0']) { None } else { self.text.parse().ok() }
    }

    #[cold]
    pub(super) fn error(self, place: &'static str, reason: impl Into<Cow<'static, str>>) -> RecordError {
        RecordError::new(place, reason, self.offset)
    }

    /// What serde_json says of a text that is not JSON. Of one that is, and is not what it looked for, it would say what is in it.
    #[cold]
    fn refused(self, place: &'static str, error: &serde_json::Error) -> RecordError {
        if error.is_data() {
            return self.error(place, RESERVED);
        }
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        let before: usize = self.text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let at = before + error.column().saturating_sub(1);
        RecordError::new(place, format!("cannot be read: {reason}"), self.offset + at)
    }
}

/// The values of an object by their names. Of several that have one name, the last counts, as in JavaScript.
pub(super) fn map<'t>(
    object: &str,
    members: impl FnOnce() -> Result<Vec<Member<'t>>, RecordError>,
    place: &'static str,
) -> Result<Map<String, Value>, RecordError> {
    if object.is_empty() {
        return Ok(Map::new());
    }
    let map: Option<Map<_, _>> = serde_json::from_str(&readable(object)).ok();
    if let Some(map) = map.filter(|map| map.values().all(|value| key_of_serde_json(value).is_none())) {
        return Ok(map);
    }
    // One by one, to see which it is.
    let value = |member: &Member<'_>| Ok((member.key.string(place)?.into_owned(), member.value.value(place)?));
    members()?.iter().map(value).collect()
}

/// Where the value ends that begins there, or else the text.
fn end_of_value(text: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at = end_of_string(text, at),
            b'{' | b'[' => (at, depth) = (at + 1, depth + 1),
            b'}' | b']' if depth > 0 => (at, depth) = (at + 1, depth - 1),
            _ if depth > 0 => at += 1,
            // A number, `true`, `false` or `null`; or nothing of JSON's.
            _ => {
                let is_in = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
                return at + text[at..].iter().position(|byte| !is_in(byte)).unwrap_or(text.len() - at);
            }
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Where the string ends that begins at a quote: after the quote at its end, or else the text.
fn end_of_string(text: &[u8], quote: usize) -> usize {
    let mut at = quote + 1;
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if text[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

/// The JSON with U+FFFD for each half of a surrogate pair that has no other half. JavaScript leaves one where it cuts a text
/// within an emoji; it is no character, and serde_json refuses it.
fn readable(json: &str) -> Cow<'_, str> {
    let (mut readable, mut at) = (Cow::Borrowed(json), 0);
    while let Some(found) = json.as_bytes().get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += found;
        at += match (code_unit(json, at), code_unit(json, at + ESCAPE.len())) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 2 * ESCAPE.len(),
            (Some(0xd800..=0xdfff), _) => {
                readable.to_mut().replace_range(at..at + ESCAPE.len(), ESCAPE);
                ESCAPE.len()
            }
            _ => 2,
        };
    }
    readable
}

/// The unit of UTF-16 that is escaped there.
fn code_unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + ESCAPE.len())?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

/// As long as what it stands for, so that places in the text stay what they were.
const ESCAPE: &str = "\\ufffd";
const RECORD: &str = "record";
const NO_JSON: &str = "is not JSON";
const RESERVED: &str = "has a key in it that serde_json keeps for itself";
