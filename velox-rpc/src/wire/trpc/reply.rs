//! The envelopes of results and errors.

use http::header::{ALLOW, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::batch::{Batch, Call};
use super::procedures::Procedures;
use crate::context::RequestId;
use crate::error::{Error, ErrorKind, INVALID, Result};
use crate::procedure::Outcome;
use crate::wire::{Answer, Results};

impl Procedures {
    pub(crate) fn answer(
        &self,
        batch: &Batch,
        results: Results,
        headers: &mut HeaderMap,
        id: impl Fn() -> RequestId,
    ) -> Answer {
        let mut replies = Replies { json: Vec::new(), status: None, failed: false, is_fault: false };
        let results = match results {
            Results::One(result) => vec![Some(result)],
            Results::Each(results) => results,
        };
        let (first, between, last) = if batch.is_list { ("[", ",", "]") } else { ("", "", "") };
        replies.json.extend(first.as_bytes());
        for (index, result) in results.into_iter().enumerate() {
            if index > 0 {
                replies.json.extend(between.as_bytes());
            }
            self.reply(&batch.calls[index], result, &mut replies, &id);
        }
        replies.json.extend(last.as_bytes());
        batch.head(headers);
        let Replies { json, status, failed, is_fault } = replies;
        Answer { status: status.unwrap_or(StatusCode::OK), json, failed, is_fault }
    }

    /// The line of one call of a stream: the number of its promise, that it is kept, and its value.
    pub(crate) fn line(
        &self,
        batch: &Batch,
        call: usize,
        result: Option<Result<Outcome>>,
        id: impl Fn() -> RequestId,
    ) -> Vec<u8> {
        let json = format!("[{call},0,[[").into_bytes();
        let mut replies = Replies { json, status: None, failed: false, is_fault: false };
        self.reply(&batch.calls[call], result, &mut replies, &id);
        replies.json.extend(b"]]]\n");
        replies.json
    }

    /// What tells a subscription that it has failed: the shape of an error alone.
    pub(crate) fn failed_event(&self, batch: &Batch, error: &Error, id: impl Fn() -> RequestId) -> Vec<u8> {
        let path = batch.calls.first().map(|call| &*call.path);
        serde_json::to_vec(&shape(error, path, &id)).expect(IS_JSON)
    }

    fn reply(&self, call: &Call, result: Option<Result<Outcome>>, replies: &mut Replies, id: &impl Fn() -> RequestId) {
        match (result, &call.procedure) {
            (Some(Ok(output)), Ok(procedure)) => {
                replies.success(&output, self.endpoint(*procedure).meta.gives_nothing);
            }
            (Some(Err(error)), _) => replies.failure(&error, &call.path, id),
            (_, Err(error)) => replies.failure(error, &call.path, id),
            (None, Ok(_)) => replies.failure(&Error::internal("a call that was not run"), &call.path, id),
        }
    }
}

impl Batch {
    /// The first line and the headers of a streamed reply: each call is a promise, whose value comes in a line with its number.
    pub(crate) fn lines(&self) -> (Vec<u8>, HeaderMap) {
        let promise = |call: usize| (call.to_string(), json!([[0], [null, 0, call]]));
        let mut line = Value::Object((0..self.calls.len()).map(promise).collect()).to_string().into_bytes();
        line.push(b'\n');
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        self.head(&mut headers);
        (line, headers)
    }

    /// The headers of every reply.
    pub(crate) fn head(&self, headers: &mut HeaderMap) {
        vary(headers);
        if let Some(allow) = &self.allow {
            headers.insert(ALLOW, allow.clone());
        }
    }
}

/// The reply to a request that is refused before any call: one object, also for a batch. The client's links give it to every call.
pub(crate) fn refusal(error: &Error, headers: &mut HeaderMap, id: impl Fn() -> RequestId) -> Answer {
    vary(headers);
    let is_fault = error.status().is_server_error();
    let json = serde_json::to_vec(&envelope(error, None, &id)).expect(IS_JSON);
    Answer { status: error.status(), json, failed: true, is_fault }
}

/// Which form a reply has depends on these headers, in tRPC's words.
fn vary(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("trpc-accept, accept"));
}

/// The envelopes so far.
struct Replies {
    json: Vec<u8>,
    /// That of all calls, or 207 where they differ.
    status: Option<StatusCode>,
    failed: bool,
    is_fault: bool,
}

impl Replies {
    fn success(&mut self, output: &Outcome, gives_nothing: bool) {
        self.note(StatusCode::OK);
        if gives_nothing {
            // TypeScript's `undefined`.
            self.json.extend(br#"{"result":{}}"#);
            return;
        }
        self.json.extend(br#"{"result":{"data":"#);
        self.json.extend(output.as_json());
        self.json.extend(b"}}");
    }

    fn failure(&mut self, error: &Error, path: &str, id: &impl Fn() -> RequestId) {
        self.note(error.status());
        self.failed = true;
        self.is_fault |= error.status().is_server_error();
        serde_json::to_writer(&mut self.json, &envelope(error, Some(path), id)).expect(IS_JSON);
    }

    fn note(&mut self, status: StatusCode) {
        match self.status {
            Some(other) if other != status => self.status = Some(StatusCode::MULTI_STATUS),
            _ => self.status = Some(status),
        }
    }
}

fn envelope(error: &Error, path: Option<&str>, id: &impl Fn() -> RequestId) -> Value {
    json!({"error": shape(error, path, id)})
}

/// tRPC's error shape, with what velox knows beside it: `tag` is the `code` of REST, and so are the members of an error.
fn shape(error: &Error, path: Option<&str>, id: &impl Fn() -> RequestId) -> Value {
    // Of a call tRPC says that its input is bad, also where it is no JSON.
    let kind = match error.kind() {
        ErrorKind::ParseError if path.is_some() => ErrorKind::BadRequest,
        kind => kind,
    };
    let mut data = Map::new();
    data.insert("code".to_owned(), kind.key().into());
    data.insert("httpStatus".to_owned(), error.status().as_u16().into());
    if let Some(path) = path {
        data.insert("path".to_owned(), path.into());
    }
    let mut message = error.message().to_owned();
    if let Some(issues) = issues(error) {
        // As a `ZodError` does. What a handler says in words of its own stays.
        if message == INVALID {
            message = serde_json::to_string_pretty(&issues).expect(IS_JSON);
        }
        data.insert("issues".to_owned(), issues);
    }
    if error.code() != kind.key() {
        data.insert("tag".to_owned(), error.code().into());
    }
    for (key, value) in error.members().iter().filter(|(key, _)| *key != "details") {
        data.entry(key.as_str()).or_insert_with(|| value.clone());
    }
    if error.status().is_server_error() {
        data.insert("requestId".to_owned(), id().to_string().into());
    }
    json!({"message": message, "code": kind.json_rpc(), "data": data})
}

/// The issues of an input, as Zod has them: each with a list for a path.
fn issues(error: &Error) -> Option<Value> {
    if error.kind() != ErrorKind::BadRequest {
        return None;
    }
    let details = error.members().get("details")?.as_array()?;
    let issue = |detail: &Value| {
        let field = detail["field"].as_str().unwrap_or_default();
        json!({"path": path(field), "message": detail["message"]})
    };
    Some(details.iter().map(issue).collect())
}

/// `items.0.name`, or `items[0].name`, as `["items", 0, "name"]`.
fn path(field: &str) -> Vec<Value> {
    let segment = |segment: &str| segment.parse::<u32>().map_or_else(|_| segment.into(), Value::from);
    field.split(['.', '[', ']']).filter(|segment| !segment.is_empty()).map(segment).collect()
}

const IS_JSON: &str = "keys are text and values are JSON";
