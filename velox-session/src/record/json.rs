//! The JSON format of VeloxTS for a record:
//! `{"data":{"userId","userEmail","_createdAt","_lastAccessedAt","_handle","_flash",…own keys},"expiresAt","version","format"}`.
//!
//! Records that VeloxTS wrote have neither `version` (read as 0) nor `format` (read as 1). They
//! contain the id, which is not read. Records of a later format are refused. Unchanged values are
//! written back as they were read, byte for byte.

use std::borrow::Cow;
use std::fmt::Write;

use data_encoding::HEXLOWER;
use serde_json::value::RawValue;

use super::content::{Content, KeptUser};
use super::object::{Object, json, key_of_serde_json, members, string, value_of};

/// The error of reading a record from JSON. It names the field and the problem, and contains no
/// data of the record, so you may log it.
///
/// # Examples
///
/// ```
/// use velox_session::Record;
///
/// let text = br#"{"data":{"_createdAt":"secret"},"expiresAt":3000}"#;
/// let error = Record::try_from_json(text).unwrap_err();
/// assert_eq!(error.to_string(), "data._createdAt is not a whole number");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} {reason}")]
pub struct RecordError {
    place: &'static str,
    reason: Cow<'static, str>,
}

impl RecordError {
    #[cold]
    fn new(place: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { place, reason: reason.into() }
    }

    /// Returns serde_json's error for input that is not JSON. For valid JSON of another shape,
    /// serde_json's message would contain the data.
    #[cold]
    fn unreadable(place: &'static str, error: &serde_json::Error) -> Self {
        if error.is_data() {
            return Self::new(place, RESERVED);
        }
        let reason = error.to_string();
        Self::new(place, format!("cannot be read: {}", reason.split(" at line ").next().unwrap_or_default()))
    }
}

/// Returns the value of `data` in the JSON of a record.
pub(super) fn write_data(content: &Content, saved_at: u64) -> String {
    let (own, flash) = (content.values.as_str(), content.flash.as_str());
    let mut text = String::with_capacity(ORDINARY + own.len() + flash.len());
    text.push('{');
    match &content.user {
        Some(KeptUser { id, email, source }) if source.as_str().is_empty() => {
            text.extend([r#""userId":"#, &json(&**id), r#","userEmail":"#, &json(&**email), ","]);
        }
        Some(KeptUser { source, .. }) => text.extend([inside(source.as_str()), ","]),
        None => {}
    }
    write!(text, r#""_createdAt":{},"_lastAccessedAt":{saved_at}"#, content.created_at).expect(ALL);
    if let Some(max_age) = content.max_age {
        write!(text, r#","_maxAge":{max_age}"#).expect(ALL);
    }
    if let Some(handle) = content.handle.as_deref() {
        text.extend([r#","_handle":""#, &HEXLOWER.encode(handle), "\""]);
    }
    if !flash.is_empty() {
        text.extend([r#","_flash":"#, flash]);
    }
    if !own.is_empty() {
        text.extend([",", inside(own)]);
    }
    text.push('}');
    text
}

/// Returns the members of an object, without the braces.
fn inside(object: &str) -> &str {
    &object[1..object.len() - 1]
}

/// Reads the content of a record, its version, its expiry, and when it was saved.
pub(super) fn read(text: &[u8]) -> Result<(Content, [u64; 3]), RecordError> {
    let text = std::str::from_utf8(text).map_err(|_| RecordError::new("record", "is not valid UTF-8"))?;
    let (mut data, mut expires_at, mut version) = (None, None, 0);
    for (key, value) in members_of(text, "record")? {
        match &*string(key) {
            "data" => data = Some(read_data(value)?),
            "expiresAt" => expires_at = Some(number(value, "expiresAt")?),
            "version" => version = number(value, "version")?,
            "format" if number(value, "format")? != FORMAT => {
                return Err(RecordError::new("format", "is newer than this version supports"));
            }
            _ => {}
        }
    }
    let (content, saved_at) = data.ok_or_else(|| RecordError::new("data", MISSING))?;
    let expires_at = expires_at.ok_or_else(|| RecordError::new("expiresAt", MISSING))?;
    Ok((content, [version, expires_at, saved_at]))
}

/// Reads the content of the session and when it was written.
fn read_data(data: &RawValue) -> Result<(Content, u64), RecordError> {
    let (mut id, mut email, mut created_at, mut saved_at) = (None, None, None, 0);
    let (mut content, mut own) = (Content::default(), Vec::new());
    for (key, value) in members_of(data.get(), "data")? {
        match &*string(key) {
            "userId" => id = Some((key, value)),
            "userEmail" => email = Some((key, value)),
            "_createdAt" => created_at = Some(number(value, "data._createdAt")?),
            "_lastAccessedAt" => saved_at = number(value, "data._lastAccessedAt")?,
            "_maxAge" => content.max_age = Some(number(value, "data._maxAge")?),
            "_handle" => {
                content.handle = text(value).and_then(|text| HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok())
            }
            "_flash" => {
                let messages = members_of(value.get(), "data._flash")?;
                messages.into_iter().try_for_each(|(_, value)| check(value, "data._flash"))?;
                content.flash = Object::new(value.get());
            }
            _ => {
                check(value, "data")?;
                own.push((key, value));
            }
        }
    }
    content.user = user(id, email)?;
    if content.user.is_none() {
        own.extend(id.into_iter().chain(email));
    }
    content.values = Object::of(own.iter().map(|(key, value)| (key.get(), value.get())));
    content.created_at = created_at.ok_or_else(|| RecordError::new("data._createdAt", MISSING))?;
    Ok((content, saved_at))
}

/// Reads the user. If the JSON differs from what [`write_data`] would write, the JSON is kept.
fn user(id: Option<Member<'_>>, email: Option<Member<'_>>) -> Result<Option<KeptUser>, RecordError> {
    let address = match email.filter(|(_, email)| email.get() != "null") {
        Some((_, email)) => text(email).ok_or_else(|| RecordError::new("data.userEmail", "is not a string"))?,
        None => Cow::default(),
    };
    let Some((key, id)) = id.filter(|(_, id)| id.get() != "null") else { return Ok(None) };
    let name = match id.get().as_bytes()[0] {
        b'-' | b'0'..=b'9' => Cow::Borrowed(id.get()),
        b'"' => string(id),
        _ => return Err(RecordError::new("data.userId", "is neither a string nor a number")),
    };
    let is_ours = id.get() == json(&*name) && email.is_some_and(|(_, email)| email.get() == json(&*address));
    let members = [Some((key, id)), email].into_iter().flatten().filter(|_| !is_ours);
    let source = Object::of(members.map(|(key, value)| (key.get(), value.get())));
    Ok(Some(KeptUser { id: name.into(), email: address.into(), source }))
}

fn members_of<'t>(text: &'t str, place: &'static str) -> Result<Vec<Member<'t>>, RecordError> {
    if !text.trim_ascii_start().starts_with('{') {
        return Err(RecordError::new(place, "is not an object"));
    }
    members(text).map_err(|error| RecordError::unreadable(place, &error))
}

fn number(json: &RawValue, place: &'static str) -> Result<u64, RecordError> {
    json.get().parse().map_err(|_| RecordError::new(place, "is not a whole number"))
}

/// Checks that a value can be parsed later.
fn check(json: &RawValue, place: &'static str) -> Result<(), RecordError> {
    if json.get().starts_with('"') {
        return Ok(());
    }
    let value = value_of(json).map_err(|error| RecordError::unreadable(place, &error))?;
    match key_of_serde_json(&value) {
        Some(_) => Err(RecordError::new(place, RESERVED)),
        None => Ok(()),
    }
}

type Member<'t> = (&'t RawValue, &'t RawValue);

/// Returns the text if the value is a string.
fn text(json: &RawValue) -> Option<Cow<'_, str>> {
    json.get().starts_with('"').then(|| string(json))
}

pub(super) const FORMAT: u64 = 1;
/// The capacity that is enough for most records.
const ORDINARY: usize = 384;
const ALL: &str = "writing to a `String` never fails";
const MISSING: &str = "is missing";
const RESERVED: &str = "contains a key that serde_json reserves";

#[cfg(test)]
mod tests;
