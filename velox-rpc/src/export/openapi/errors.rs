//! Describes the envelope of failures and the responses that contain it.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::named::Headers;
use crate::export::schemas::REFERENCE;
use crate::router::ManifestEntry;

/// The name of the envelope's schema in the components.
pub(super) const NAME: &str = "Error";

/// Returns the schema of the envelope, which is the same for all failures.
pub(super) fn envelope() -> Value {
    json!({
        "type": "object",
        "description": "What every failure answers with. Some have more members, as `resource` where something was not found.",
        "properties": {
            "error": {"type": "string", "description": "The class of the error, as `ValidationError`."},
            "message": {"type": "string", "description": "What went wrong, in words."},
            "statusCode": {"type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status."},
            "code": {"type": "string", "description": "What went wrong, for programs, as `VALIDATION_ERROR`."},
            "details": {
                "type": "array",
                "description": "Where the input did not pass: everything that is wrong with it.",
                "items": {
                    "type": "object",
                    "properties": {
                        "field": {"type": "string", "description": "The field, as `lineItems[1].qty`; empty for the input as a whole."},
                        "message": {"type": "string"},
                    },
                    "required": ["field", "message"],
                },
            },
            "fields": {
                "type": "object",
                "description": "Where the input did not pass: for each field the first thing that is wrong.",
                "additionalProperties": {"type": "string"},
            },
            "requestId": {"type": "string", "description": "Where the server failed: by this its log tells more."},
        },
        "required": ["error", "message", "statusCode", "code"],
    })
}

/// Returns the failures of an operation by status. All failures without a known status are under
/// `default`.
pub(super) fn responses(entry: &ManifestEntry, takes_body: bool, headers: &Headers) -> Map<String, Value> {
    let mut responses: Vec<(StatusCode, Vec<&str>)> =
        vec![(StatusCode::BAD_REQUEST, vec!["The request or its input is not what it should be"])];
    if takes_body {
        responses.push((StatusCode::PAYLOAD_TOO_LARGE, vec!["The body is larger than is allowed"]));
        responses.push((StatusCode::UNSUPPORTED_MEDIA_TYPE, vec!["The body is not sent as application/json"]));
    }
    for (status, message) in entry.demands().refusals() {
        match responses.iter_mut().find(|(known, _)| *known == status) {
            Some((_, messages)) => messages.push(message),
            None => responses.push((status, vec![message])),
        }
    }
    responses.sort_by_key(|(status, _)| *status);
    let known = responses.into_iter().map(|(status, messages)| (Some(status), messages.join("; ")));
    let all = known.chain([(None, "Any other failure".to_owned())]);
    let described = all.map(|(status, description)| {
        let mut response = response(&description);
        headers.add(&mut response, status, entry);
        (status.map_or_else(|| "default".to_owned(), |status| status.as_str().to_owned()), response)
    });
    described.collect()
}

fn response(description: &str) -> Value {
    json!({
        "description": description,
        "content": {"application/json": {"schema": {"$ref": format!("{REFERENCE}{NAME}")}}},
    })
}

/// Returns the standard reason phrase of a status, or "Done" if it has none.
pub(super) fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Done")
}
