//! Writes the envelopes of results and errors.

use http::header::{ALLOW, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::batch::{Batch, Call};
use super::procedures::Procedures;
use super::superjson::{Superjson, UNDEFINED, wrap};
use crate::context::RequestId;
use crate::error::{Error, ErrorKind, INVALID, Result};
use crate::procedure::{Outcome, RawEvent};
use crate::wire::{Answer, Results};

impl Procedures {
    pub(crate) fn answer(
        &self,
        batch: &Batch,
        results: Results,
        headers: &mut HeaderMap,
        id: impl Fn() -> RequestId,
    ) -> Answer {
        let form = self.superjson.as_ref().map_or(Form::Json, Form::Superjson);
        let results = match results {
            Results::One(result) => vec![Some(result)],
            Results::Each(results) => results,
        };
        let (first, between, last) = if batch.is_list { ("[", ",", "]") } else { ("", "", "") };
        // The exact length of plain JSON, so that the text is never moved while it grows.
        let outputs = results.iter().flatten().flatten();
        let length: usize = outputs.map(|output| DATA.len() + output.as_json().len() + END.len()).sum();
        let around = first.len() + between.len() * results.len().saturating_sub(1) + last.len();
        let mut replies = Replies { json: Vec::with_capacity(length + around), ..Replies::default() };
        replies.json.extend(first.as_bytes());
        for (index, result) in results.into_iter().enumerate() {
            if index > 0 {
                replies.json.extend(between.as_bytes());
            }
            self.reply(&batch.calls[index], result, form, &mut replies, &id);
        }
        replies.json.extend(last.as_bytes());
        batch.head(headers);
        let Replies { json, status, failed, is_fault, .. } = replies;
        Answer { status: status.unwrap_or(StatusCode::OK), json, failed, is_fault }
    }

    /// Writes the line of one call of a streamed reply: the number of its promise, the status
    /// "fulfilled" (0) and the value. A transformer applies to the line as a whole.
    pub(crate) fn line(
        &self,
        batch: &Batch,
        call: usize,
        result: Option<Result<Outcome>>,
        id: impl Fn() -> RequestId,
    ) -> Vec<u8> {
        let mut replies = Replies::default();
        let form = self.superjson.as_ref().map_or(Form::Json, Form::Line);
        self.reply(&batch.calls[call], result, form, &mut replies, &id);
        let Replies { json, values, .. } = replies;
        self.transformed_line(|line| {
            line.extend(format!("[{call},0,[[").as_bytes());
            line.extend(json);
            line.extend(b"]]]");
            values
        })
    }

    /// Returns the first line and the headers of a streamed reply. In that line each call is a
    /// promise; a later line with the same number gives its value.
    pub(crate) fn lines(&self, batch: &Batch) -> (Vec<u8>, HeaderMap) {
        let promise = |call: usize| (call.to_string(), json!([[0], [null, 0, call]]));
        let promises = Value::Object((0..batch.calls.len()).map(promise).collect());
        let line = self.transformed_line(|line| {
            line.extend(promises.to_string().as_bytes());
            None
        });
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        batch.head(&mut headers);
        (line, headers)
    }

    fn transformed_line(&self, write: impl FnOnce(&mut Vec<u8>) -> Option<String>) -> Vec<u8> {
        let mut line = Vec::new();
        if self.superjson.is_some() {
            wrap(&mut line, write);
        } else {
            write(&mut line);
        }
        line.push(b'\n');
        line
    }

    /// Encodes an event with superjson if the application uses it.
    pub(crate) fn event(&self, batch: &Batch, event: RawEvent) -> RawEvent {
        let procedure = batch.calls.first().and_then(|call| call.procedure.as_ref().ok());
        let (Some(superjson), Some(procedure)) = (&self.superjson, procedure) else { return event };
        let mut json = Vec::new();
        superjson.write(*procedure, &event.json, &mut json);
        RawEvent { json, ..event }
    }

    /// Returns the data of the event that reports a failed subscription: the error shape without an
    /// envelope.
    pub(crate) fn failed_event(&self, batch: &Batch, error: &Error, id: impl Fn() -> RequestId) -> Vec<u8> {
        let path = batch.calls.first().map(|call| &*call.path);
        let mut text = Vec::new();
        write_shape(&shape(error, path, &id), self.superjson.is_some(), &mut text);
        text
    }

    /// Returns the reply to a request that is refused before any call runs. It is one object, even
    /// for a batch; the client's links hand it to every call.
    pub(crate) fn refusal(&self, error: &Error, headers: &mut HeaderMap, id: impl Fn() -> RequestId) -> Answer {
        vary(headers);
        let is_fault = error.status().is_server_error();
        let mut json = Vec::new();
        write_failure(error, None, self.superjson.is_some(), &id, &mut json);
        Answer { status: error.status(), json, failed: true, is_fault }
    }

    fn reply(
        &self,
        call: &Call,
        result: Option<Result<Outcome>>,
        form: Form<'_>,
        replies: &mut Replies,
        id: &impl Fn() -> RequestId,
    ) {
        match (result, &call.procedure) {
            (Some(Ok(output)), Ok(procedure)) => {
                let gives_nothing = self.endpoint(*procedure).meta.gives_nothing;
                replies.success(*procedure, &output, gives_nothing, form);
            }
            (Some(Err(error)), _) => replies.failure(&error, &call.path, form, id),
            (_, Err(error)) => replies.failure(error, &call.path, form, id),
            (None, Ok(_)) => replies.failure(&Error::internal("a call that was not run"), &call.path, form, id),
        }
    }
}

/// The encoding of a result or an error in its envelope.
#[derive(Clone, Copy)]
enum Form<'a> {
    Json,
    /// Each result and each error is encoded separately.
    Superjson(&'a Superjson),
    /// As plain JSON. superjson then encodes the whole line, with the annotations of the data in
    /// it.
    Line(&'a Superjson),
}

impl Batch {
    /// Sets the headers that every reply has.
    pub(crate) fn head(&self, headers: &mut HeaderMap) {
        vary(headers);
        if let Some(allow) = &self.allow {
            headers.insert(ALLOW, allow.clone());
        }
    }
}

/// The format of a reply depends on these request headers. tRPC sends the same value.
fn vary(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("trpc-accept, accept"));
}

/// The envelopes that have been written so far.
#[derive(Default)]
struct Replies {
    json: Vec<u8>,
    /// The status of all calls, or 207 if they have different ones.
    status: Option<StatusCode>,
    failed: bool,
    is_fault: bool,
    /// The superjson annotations of the data in a line.
    values: Option<String>,
}

impl Replies {
    fn success(&mut self, procedure: usize, output: &Outcome, gives_nothing: bool, form: Form<'_>) {
        self.note(StatusCode::OK);
        match form {
            Form::Json | Form::Line(_) if gives_nothing => {
                // tRPC sends TypeScript's `undefined` as a result without `data`.
                self.json.extend(br#"{"result":{}}"#);
                return;
            }
            Form::Json => {
                self.json.extend(DATA);
                self.json.extend(output.as_json());
            }
            Form::Superjson(_) if gives_nothing => {
                self.json.extend(DATA);
                self.json.extend(UNDEFINED);
            }
            Form::Superjson(superjson) => {
                self.json.extend(DATA);
                superjson.write(procedure, output.as_json(), &mut self.json);
            }
            Form::Line(superjson) => {
                self.json.extend(DATA);
                self.values = superjson.write_within(procedure, Some(DATA_OF_LINE), output.as_json(), &mut self.json);
            }
        }
        self.json.extend(END);
    }

    fn failure(&mut self, error: &Error, path: &str, form: Form<'_>, id: &impl Fn() -> RequestId) {
        self.note(error.status());
        self.failed = true;
        self.is_fault |= error.status().is_server_error();
        write_failure(error, Some(path), matches!(form, Form::Superjson(_)), id, &mut self.json);
    }

    fn note(&mut self, status: StatusCode) {
        match self.status {
            Some(other) if other != status => self.status = Some(StatusCode::MULTI_STATUS),
            _ => self.status = Some(status),
        }
    }
}

fn write_failure(error: &Error, path: Option<&str>, is_wrapped: bool, id: &impl Fn() -> RequestId, to: &mut Vec<u8>) {
    to.extend(br#"{"error":"#);
    write_shape(&shape(error, path, id), is_wrapped, to);
    to.push(b'}');
}

/// Writes an error shape. It needs no superjson annotations, as JSON can express all of it.
fn write_shape(shape: &Value, is_wrapped: bool, to: &mut Vec<u8>) {
    let write = |to: &mut Vec<u8>| {
        to.extend(shape.to_string().as_bytes());
        None
    };
    if is_wrapped {
        wrap(to, write);
    } else {
        write(to);
    }
}

/// Makes tRPC's error shape. velox adds `tag`, which is the `code` of the REST envelope, and the
/// other members of the error.
fn shape(error: &Error, path: Option<&str>, id: &impl Fn() -> RequestId) -> Value {
    // For a call, tRPC reports an input that is not JSON as BAD_REQUEST, not as PARSE_ERROR.
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
        // A `ZodError` has its issues as the message. A message that a handler has set stays.
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

/// Returns the issues of an input in Zod's format: each path is a list.
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

/// Turns `items.0.name` or `items[0].name` into `["items", 0, "name"]`.
fn path(field: &str) -> Vec<Value> {
    let segment = |segment: &str| segment.parse::<u32>().map_or_else(|_| segment.into(), Value::from);
    field.split(['.', '[', ']']).filter(|segment| !segment.is_empty()).map(segment).collect()
}

/// The envelope of a result, before and after its JSON.
const DATA: &[u8] = br#"{"result":{"data":"#;
const END: &[u8] = b"}}";

/// The path to the data of a call in a line, `[0,0,[[{"result":{"data":…}}]]]`.
const DATA_OF_LINE: &str = "2.0.0.result.data";
const IS_JSON: &str = "keys are text and values are JSON";
