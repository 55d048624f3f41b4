//! Makes the reply to a REST call: the JSON of a result, or the envelope of a failure.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::routes::Route;
use crate::context::{ReplyHead, RequestId, is_without_body};
use crate::error::Error;
use crate::procedure::Outcome;
use crate::wire::Answer;

/// Makes the reply to a successful call.
pub(crate) fn success(route: &Route, output: Outcome, head: &ReplyHead) -> Answer {
    let json = output.into_json();
    let status = head.status.unwrap_or_else(|| route.success.status(json == b"null"));
    let json = if is_without_body(status) { Vec::new() } else { json };
    Answer { status, json, failed: false, is_fault: false }
}

/// Makes the reply to a failed call. If the server is at fault, it contains the id under which the
/// log has the details.
pub(crate) fn failure(error: &Error, id: impl Fn() -> RequestId) -> Answer {
    let is_fault = error.status().is_server_error();
    let id = is_fault.then(id);
    let envelope = Envelope { error, id: id.as_ref() };
    let json = serde_json::to_vec(&envelope).expect("the envelope's keys are strings and its values are JSON");
    Answer { status: error.status(), json, failed: true, is_fault }
}

struct Envelope<'a> {
    error: &'a Error,
    id: Option<&'a RequestId>,
}

impl Serialize for Envelope<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { error, id } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("error", error.name())?;
        map.serialize_entry("message", error.message())?;
        map.serialize_entry("statusCode", &error.status().as_u16())?;
        map.serialize_entry("code", error.code())?;
        for (key, value) in error.members() {
            if !OWN_MEMBERS.contains(&key.as_str()) {
                map.serialize_entry(key, value)?;
            }
        }
        if let Some(id) = id {
            map.serialize_entry("requestId", &id.to_string())?;
        }
        map.end()
    }
}

const OWN_MEMBERS: [&str; 5] = ["error", "message", "statusCode", "code", "requestId"];
