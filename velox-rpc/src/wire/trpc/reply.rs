//! The envelopes of results and errors.

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
        let mut replies = Replies::default();
        let form = self.superjson.as_ref().map_or(Form::Json, Form::Superjson);
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
            self.reply(&batch.calls[index], result, form, &mut replies, &id);
        }
        replies.json.extend(last.as_bytes());
        batch.head(headers);
        let Replies { json, status, failed, is_fault, .. } = replies;
        Answer { status: status.unwrap_or(StatusCode::OK), json, failed, is_fault }
    }

    /// The line of one call of a stream: the number of its promise, that it is kept, and its value. A transformer is for the line as a whole.
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

    /// The first line and the headers of a streamed reply: each call is a promise, whose value comes in a line with its number.
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

    /// An event as the client is to get it.
    pub(crate) fn event(&self, batch: &Batch, event: RawEvent) -> RawEvent {
        let procedure = batch.calls.first().and_then(|call| call.procedure.as_ref().ok());
        let (Some(superjson), Some(procedure)) = (&self.superjson, procedure) else { return event };
        let mut json = Vec::new();
        superjson.write(*procedure, &event.json, &mut json);
        RawEvent { json, ..event }
    }

    /// What tells a subscription that it has failed: the shape of an error alone.
    pub(crate) fn failed_event(&self, batch: &Batch, error: &Error, id: impl Fn() -> RequestId) -> Vec<u8> {
        let path = batch.calls.first().map(|call| &*call.path);
        let mut text = Vec::new();
        write_shape(&shape(error, path, &id), self.superjson.is_some(), &mut text);
        text
    }

    /// The reply to a request that is refused before any call: one object, also for a batch. The client's links give it to every call.
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

/// How what a call gives stands in its envelope.
#[derive(Clone, Copy)]
enum Form<'a> {
    Json,
    /// Data and errors, each by itself.
    Superjson(&'a Superjson),
    /// As JSON: it is the line that is written as superjson does, with the annotations of what stands in it.
    Line(&'a Superjson),
}

impl Batch {
    /// The headers of every reply.
    pub(crate) fn head(&self, headers: &mut HeaderMap) {
        vary(headers);
        if let Some(allow) = &self.allow {
            headers.insert(ALLOW, allow.clone());
        }
    }
}

/// Which form a reply has depends on these headers, in tRPC's words.
fn vary(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("trpc-accept, accept"));
}

/// The envelopes so far.
#[derive(Default)]
struct Replies {
    json: Vec<u8>,
    /// That of all calls, or 207 where they differ.
    status: Option<StatusCode>,
    failed: bool,
    is_fault: bool,
    /// Of a line: the annotations of its data.
    values: Option<String>,
}

impl Replies {
    fn success(&mut self, procedure: usize, output: &Outcome, gives_nothing: bool, form: Form<'_>) {
        self.note(StatusCode::OK);
        let data = br#"{"result":{"data":"#;
        match form {
            Form::Json | Form::Line(_) if gives_nothing => {
                // TypeScript's `undefined`.
                self.json.extend(br#"{"result":{}}"#);
                return;
            }
            Form::Json => {
                self.json.extend(data);
                self.json.extend(output.as_json());
            }
            Form::Superjson(_) if gives_nothing => {
                self.json.extend(data);
                self.json.extend(UNDEFINED);
            }
            Form::Superjson(superjson) => {
                self.json.extend(data);
                superjson.write(procedure, output.as_json(), &mut self.json);
            }
            Form::Line(superjson) => {
                self.json.extend(data);
                self.values = superjson.write_within(procedure, Some(DATA_OF_LINE), output.as_json(), &mut self.json);
            }
        }
        self.json.extend(b"}}");
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

/// Writes a shape, which has nothing but what JSON has.
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

/// Where the data of a call stand in a line, `[0,0,[[{"result":{"data":…}}]]]`.
const DATA_OF_LINE: &str = "2.0.0.result.data";
const IS_JSON: &str = "keys are text and values are JSON";
