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
        "description": "The body of every error. Some errors have more members, such as `resource` if something was not found.",
        "properties": {
            "error": {"type": "string", "description": "The class of the error, such as `ValidationError`."},
            "message": {"type": "string", "description": "A message for people."},
            "statusCode": {"type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status."},
            "code": {"type": "string", "description": "A code for programs, such as `VALIDATION_ERROR`."},
            "details": {
                "type": "array",
                "description": "The issues of an invalid input.",
                "items": {
                    "type": "object",
                    "properties": {
                        "field": {"type": "string", "description": "The field, such as `lineItems[1].qty`. Empty for the whole input."},
                        "message": {"type": "string"},
                    },
                    "required": ["field", "message"],
                },
            },
            "fields": {
                "type": "object",
                "description": "The first issue of each invalid field.",
                "additionalProperties": {"type": "string"},
            },
            "requestId": {"type": "string", "description": "The id of a server error, which the server's log also has."},
        },
        "required": ["error", "message", "statusCode", "code"],
    })
}

/// Returns the failures of an operation by status. All failures without a known status are under
/// `default`.
pub(super) fn responses(entry: &ManifestEntry, takes_body: bool, headers: &Headers) -> Map<String, Value> {
    let mut responses: Vec<(StatusCode, Vec<&str>)> =
        vec![(StatusCode::BAD_REQUEST, vec!["The request or its input is invalid"])];
    if takes_body {
        responses.push((StatusCode::PAYLOAD_TOO_LARGE, vec!["The body is too large"]));
        responses.push((StatusCode::UNSUPPORTED_MEDIA_TYPE, vec!["The content type is not application/json"]));
    }
    for (status, message) in entry.demands().refusals() {
        match responses.iter_mut().find(|(known, _)| *known == status) {
            Some((_, messages)) => messages.push(message),
            None => responses.push((status, vec![message])),
        }
    }
    responses.sort_by_key(|(status, _)| *status);
    let known = responses.into_iter().map(|(status, messages)| (Some(status), sentences(&messages)));
    let all = known.chain([(None, "Any other error".to_owned())]);
    let described = all.map(|(status, description)| {
        let mut response = response(&description);
        headers.add(&mut response, status, entry);
        (status.map_or_else(|| "default".to_owned(), |status| status.as_str().to_owned()), response)
    });
    described.collect()
}

/// Returns one message as it is, and several as sentences.
fn sentences(messages: &[&str]) -> String {
    let ended = |message: &&str| if message.ends_with(['.', '!', '?']) { "" } else { "." };
    match messages {
        [one] => (*one).to_owned(),
        several => several.iter().map(|message| format!("{message}{}", ended(message))).collect::<Vec<_>>().join(" "),
    }
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
