//! VeloxTS's JSON of a record: `{"data":{"userId","userEmail","_createdAt","_lastAccessedAt","_handle","_flash",…own
//! keys},"expiresAt","version","format"}`.
//!
//! VeloxTS's own records have neither `version` (read as 0) nor `format` (read as 1), and have the id, which is not
//! read. A later format is not read at all. What nobody changes is written back as it was read, byte for byte.

use std::borrow::Cow;
use std::sync::Arc;

use super::content::User;
use super::data::Data;
use super::error::RecordError;
use super::reader::{Member, Piece, Reader};
use super::source::{Text, json};
use super::{Content, Record, UserText};
use crate::hex::{hex, read_hex};

pub(super) fn write(record: &Record) -> String {
    write_with(record, None, None)
}

/// As [`write`], with the id in front, and with what a script must find: at the end, in this order.
#[cfg(feature = "redis")]
pub(super) fn write_stored(record: &Record, id: Option<&crate::id::SessionId>, listed_until: u64) -> String {
    let id = id.map(|id| String::from_utf8_lossy(id.as_bytes()));
    write_with(record, id.as_deref(), Some(listed_until))
}

fn write_with(record: &Record, id: Option<&str>, listed_until: Option<u64>) -> String {
    let content = record.content();
    let (own, flash) = content.texts();
    let mut text = Text::with_capacity(ORDINARY + own.len() + flash.len());
    if let Some(id) = id {
        text.member(r#""id""#, &json(id));
    }
    text.key(r#""data""#);
    text.push("{");
    match content.user_text().map(UserText::parts) {
        Some([id, email, ""]) => {
            text.member(r#""userId""#, &json(id));
            text.member(r#""userEmail""#, &json(email));
        }
        Some([_, _, read]) => text.member(r#""userId""#, read),
        None => {}
    }
    text.number(r#""_createdAt""#, content.created_at());
    text.number(r#""_lastAccessedAt""#, record.saved_at);
    if let Some(handle) = content.handle() {
        text.member(r#""_handle""#, &json(&hex(handle)));
    }
    if !flash.is_empty() {
        text.member(r#""_flash""#, &flash);
    }
    if !own.is_empty() {
        text.push(",");
        text.push(&own[1..own.len() - 1]);
    }
    text.push("}");
    text.number(r#""expiresAt""#, record.expires_at);
    if listed_until.is_some() {
        text.number(r#""createdAt""#, content.created_at());
    }
    text.number(r#""version""#, record.version);
    if let Some(listed_until) = listed_until {
        text.number(r#""listedUntil""#, listed_until);
    }
    text.number(r#""format""#, FORMAT);
    text.finish()
}

pub(super) fn read(text: &[u8]) -> Result<Record, RecordError> {
    let text = std::str::from_utf8(text).map_err(|error| RecordError::no_text(error.valid_up_to()))?;
    let mut reader = Reader::new(text);
    let (mut data, mut expires_at, mut version) = (None, None, 0);
    let mut more = reader.enter("record")?;
    while more {
        match &*reader.key()?.string("record")? {
            "data" => data = Some(read_data(&mut reader)?),
            "expiresAt" => expires_at = Some(reader.value().number("expiresAt")?),
            "version" => version = reader.value().number("version")?,
            "format" => {
                let format = reader.value();
                if format.number("format")? != FORMAT {
                    return Err(format.error("format", "is a later one"));
                }
            }
            _ => reader.value().check("record")?,
        }
        more = reader.more()?;
    }
    reader.end()?;
    let (content, saved_at) = data.ok_or_else(|| RecordError::missing("data"))?;
    let expires_at = expires_at.ok_or_else(|| RecordError::missing("expiresAt"))?;
    Ok(Record::new(Arc::new(content), version, expires_at, saved_at))
}

/// What the session holds, and when it was written.
fn read_data(reader: &mut Reader<'_>) -> Result<(Content, u64), RecordError> {
    let (mut id, mut email, mut created_at, mut saved_at) = (None, None, None, 0);
    let (mut handle, mut flash, mut own) = (None, None, Vec::new());
    let mut more = reader.enter("data")?;
    while more {
        let key = reader.key()?;
        match &*key.string("data")? {
            "userId" => id = Some(Member { key, value: reader.value() }),
            "userEmail" => email = Some(Member { key, value: reader.value() }),
            "_createdAt" => created_at = Some(reader.value().number("data._createdAt")?),
            "_lastAccessedAt" => saved_at = reader.value().number("data._lastAccessedAt")?,
            "_handle" => {
                let value = reader.value();
                value.check("data._handle")?;
                handle = value.string("data._handle").ok().and_then(|text| read_hex(&text));
            }
            "_flash" => flash = Some(reader.value()),
            _ => own.push(Member { key, value: reader.value() }),
        }
        more = reader.more()?;
    }
    let user = read_user(id.map(|id| id.value), email.map(|email| email.value))?;
    if user.is_none() {
        own.extend(id.into_iter().chain(email));
    }
    let created_at = created_at.ok_or_else(|| RecordError::missing("data._createdAt"))?;
    Ok((Content::read(user, created_at, handle, Data::read(&own, flash)?), saved_at))
}

/// The user. Where the JSON is not what [`write`] makes of id and address, it is kept.
fn read_user(id: Option<Piece<'_>>, email: Option<Piece<'_>>) -> Result<Option<UserText>, RecordError> {
    let address = match email {
        Some(email) if !email.is_null() => email.string("data.userEmail")?,
        _ => Cow::default(),
    };
    let Some(id) = id.filter(|id| !id.is_null()) else { return Ok(None) };
    let name = if id.text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        id.check("data.userId")?;
        Cow::Borrowed(id.text)
    } else {
        id.string("data.userId").map_err(|_| id.error("data.userId", "is neither a string nor a number"))?
    };
    let user = User { id: &name, email: &address };
    let is_ours = |piece: Piece<'_>, text| piece.plain().is_some() || piece.text == json(text);
    if is_ours(id, user.id) && email.is_some_and(|email| is_ours(email, user.email)) {
        return Ok(Some(UserText::new(user)));
    }
    let email = email.map(|email| format!(r#","userEmail":{}"#, email.text)).unwrap_or_default();
    Ok(Some(UserText::as_read(user, &format!("{}{email}", id.text))))
}

const FORMAT: u64 = 1;
/// Bytes that the text of most records has, and no more.
const ORDINARY: usize = 384;

#[cfg(test)]
mod tests;
