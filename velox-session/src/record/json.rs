//! VeloxTS's JSON of a record: `{"data":{"userId","userEmail","_createdAt","_lastAccessedAt","_flash",…own
//! keys},"expiresAt","version","format"}`.
//!
//! VeloxTS's own records have neither `version` (read as 0) nor `format` (read as 1), and have the id, which is not
//! read. A later format is not read at all.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Content, Record, key_of_serde_json};
use crate::user::SessionUser;

pub(super) fn write(record: &Record) -> String {
    serde_json::to_string(&text(record)).expect("strings, numbers and JSON values are always written")
}

/// As [`write`], with the id in front, and with what a script must find: at the end, in this order.
#[cfg(feature = "redis")]
pub(super) fn write_stored(record: &Record, id: Option<&crate::id::SessionId>, listed_until: u64) -> String {
    let id = id.map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    let created_at = Some(record.created_at());
    let text = Text { id, created_at, listed_until: Some(listed_until), ..text(record) };
    serde_json::to_string(&text).expect("strings, numbers and JSON values are always written")
}

fn text(record: &Record) -> Text {
    let content = record.content();
    Text {
        id: None,
        data: Data {
            user_id: content.user().map(|user| user.id.to_owned()),
            user_email: content.user().map(|user| user.email.to_owned()),
            created_at: content.created_at(),
            last_accessed_at: record.saved_at,
            flash: content.flash().clone(),
            own: content.data().clone(),
        },
        expires_at: record.expires_at,
        created_at: None,
        version: record.version,
        listed_until: None,
        format: FORMAT,
    }
}

pub(super) fn read(text: &[u8]) -> Option<Record> {
    let Text { data, expires_at, version, format, .. } = serde_json::from_slice(text).ok()?;
    if format != FORMAT {
        return None;
    }
    let user = data.user_id.map(|id| SessionUser { id, email: data.user_email.unwrap_or_default() });
    let mut own = data.own;
    // The engine's own marks, of a later version or of VeloxTS: nothing an application wrote.
    own.retain(|key, _| !key.starts_with('_'));
    if own.values().chain(data.flash.values()).any(|value| key_of_serde_json(value).is_some()) {
        return None;
    }
    let content = Content::loaded(user, data.created_at, own, data.flash);
    Some(Record::new(Arc::new(content), version, expires_at, data.last_accessed_at))
}

#[derive(Serialize, Deserialize)]
struct Text {
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    data: Data,
    #[serde(rename = "expiresAt")]
    expires_at: u64,
    #[serde(rename = "createdAt", skip_deserializing, skip_serializing_if = "Option::is_none")]
    created_at: Option<u64>,
    #[serde(default)]
    version: u64,
    #[serde(rename = "listedUntil", skip_deserializing, skip_serializing_if = "Option::is_none")]
    listed_until: Option<u64>,
    #[serde(default = "first_format")]
    format: u8,
}

#[derive(Serialize, Deserialize)]
struct Data {
    #[serde(rename = "userId", default, skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(rename = "userEmail", default, skip_serializing_if = "Option::is_none")]
    user_email: Option<String>,
    #[serde(rename = "_createdAt")]
    created_at: u64,
    #[serde(rename = "_lastAccessedAt", default)]
    last_accessed_at: u64,
    #[serde(rename = "_flash", default, skip_serializing_if = "Map::is_empty")]
    flash: Map<String, Value>,
    #[serde(flatten)]
    own: Map<String, Value>,
}

fn first_format() -> u8 {
    FORMAT
}

const FORMAT: u8 = 1;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record() -> Record {
        let mut content = Content::new(1_000);
        content.set("cart", json!(["a", 2]));
        content.set_flash("success", json!("Saved"));
        content.log_in(SessionUser::new("u1", "ada@example.com"), 1_500);
        Record::new(Arc::new(content), 3, 9_000, 2_000)
    }

    #[test]
    fn a_record_is_written_in_the_layout_of_veloxts() {
        let text: Value = serde_json::from_str(&record().to_json()).expect("JSON");
        assert_eq!(
            text,
            json!({
                "data": {
                    "userId": "u1", "userEmail": "ada@example.com", "_createdAt": 1500, "_lastAccessedAt": 2000,
                    "_flash": {"success": "Saved"}, "cart": ["a", 2]
                },
                "expiresAt": 9000, "version": 3, "format": 1
            })
        );
    }

    #[test]
    fn what_is_written_reads_back() {
        assert_eq!(Record::from_json(record().to_json().as_bytes()), Some(record()));
    }

    #[test]
    fn a_record_of_veloxts_reads_as_version_zero() {
        let text = r#"{"id":"abc","data":{"_createdAt":1,"_lastAccessedAt":2,"_other":1,"k":true},"expiresAt":3}"#;
        let record = Record::from_json(text.as_bytes()).expect("a record");
        assert_eq!((record.version(), record.created_at(), record.expires_at()), (0, 1, 3));
        assert_eq!(record.data().len(), 1);
        assert_eq!(record.user(), None);
    }

    #[test]
    fn damaged_texts_are_no_record() {
        let good = record().to_json();
        for end in 0..good.len() {
            assert_eq!(Record::from_json(&good.as_bytes()[..end]), None);
        }
        for text in [
            r#"{"data":{},"expiresAt":3}"#,
            r#"{"data":{"_createdAt":"1"},"expiresAt":3}"#,
            r#"{"data":{"_createdAt":1,"userId":7},"expiresAt":3}"#,
            r#"{"data":{"_createdAt":1},"expiresAt":-3}"#,
            r#"{"data":{"_createdAt":1},"expiresAt":3,"format":2}"#,
            r#"{"data":[],"expiresAt":3}"#,
            r#"{"data":{"_createdAt":1,"a":[{"b":{"a":1,"$serde_json::private::RawValue":"{"}}]},"expiresAt":3}"#,
            "null",
            "\u{0}",
        ] {
            assert_eq!(Record::from_json(text.as_bytes()), None, "{text}");
        }
    }
}
