//! The envelope of failures, and the responses that have it.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::export::schemas::REFERENCE;
use crate::router::ManifestEntry;

/// The name of the envelope's schema.
pub(super) const NAME: &str = "Error";

/// The schema of the one envelope that every failure has.
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
                "additionalProperties": true,
            },
            "requestId": {"type": "string", "description": "Where the server failed: by this its log tells more."},
        },
        "required": ["error", "message", "statusCode", "code"],
    })
}

/// The failures of an operation, by status. What only its handler knows of is under `default`.
pub(super) fn responses(entry: &ManifestEntry, takes_body: bool) -> Map<String, Value> {
    let mut responses: Vec<(u16, Vec<&str>)> = vec![(400, vec!["The request or its input is not what it should be"])];
    if takes_body {
        responses.push((413, vec!["The body is larger than is allowed"]));
        responses.push((415, vec!["The body is not sent as application/json"]));
    }
    for (status, message) in entry.demands().refusals() {
        match responses.iter_mut().find(|(known, _)| *known == status.as_u16()) {
            Some((_, messages)) => messages.push(message),
            None => responses.push((status.as_u16(), vec![message])),
        }
    }
    responses.sort_by_key(|(status, _)| *status);
    let described = responses.into_iter().map(|(status, messages)| (status.to_string(), messages.join("; ")));
    let others = ("default".to_owned(), "Any other failure".to_owned());
    described.chain([others]).map(|(status, description)| (status, response(&description))).collect()
}

fn response(description: &str) -> Value {
    json!({
        "description": description,
        "content": {"application/json": {"schema": {"$ref": format!("{REFERENCE}{NAME}")}}},
    })
}

/// What a status is called.
pub(super) fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Done")
}
