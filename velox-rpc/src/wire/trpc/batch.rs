//! What one request asks for: its calls, in order, and where their inputs are. Pure: method, target and headers go in.

use std::borrow::Cow;
use std::collections::HashMap;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method};
use percent_encoding::percent_decode_str;

use super::procedures::Procedures;
use crate::call::Kind;
use crate::error::{Error, ErrorKind, Result};
use crate::procedure::LAST_EVENT_ID;

/// The calls of one request.
pub(crate) struct Batch {
    pub(super) calls: Vec<Call>,
    /// Whether the client asked for a batch, perhaps of one call: then the reply is a list.
    pub(super) is_list: bool,
    /// Whether it wants a line for each call, as soon as that has ended: `httpBatchStreamLink`.
    pub(in crate::wire) is_stream: bool,
    pub(super) is_get: bool,
    /// The methods that are right, where the one of the request is wrong.
    pub(super) allow: Option<HeaderValue>,
}

/// One call of a batch.
pub(super) struct Call {
    /// As the client wrote it.
    pub(super) path: String,
    /// The procedure by its index, or why it is not run.
    pub(super) procedure: Result<usize>,
}

impl Batch {
    /// Reads a request. `rest` is its path below that of the wire.
    ///
    /// # Errors
    ///
    /// The request as a whole is refused: none of its calls runs.
    pub(super) fn read(parts: &Parts, rest: &str, procedures: &Procedures) -> Result<Self> {
        let is_get = parts.method == Method::GET;
        if !is_get {
            check_type(parts)?;
        }
        let Ok(paths) = percent_decode_str(rest).decode_utf8() else {
            return Err(Error::bad_request(format!("Invalid URL-encoding in path \"{rest}\"")));
        };
        let query = parts.uri.query().unwrap_or_default();
        let is_list = parameter(query, "batch").is_some_and(|value| value == "1");
        if !parameter(query, "connectionParams").is_none_or(|text| are_connection_params(&text)) {
            return Err(Error::new(ErrorKind::ParseError, "Invalid connection params shape"));
        }
        let paths: Vec<_> = if is_list { paths.split(',').collect() } else { vec![&*paths] };
        let limit = procedures.settings.max_batch_size;
        if is_list && limit == 0 {
            return Err(Error::bad_request("Batching is not enabled on the server"));
        }
        if is_list && paths.len() > limit {
            return Err(Error::bad_request("Batch call exceeds maximum size"));
        }
        let is_stream = wants_lines(parts);
        if is_stream && !is_list {
            return Err(Error::bad_request("Streaming requests must be batched (you can do a batch of 1)"));
        }
        let mut batch = Self { calls: Vec::with_capacity(paths.len()), is_list, is_stream, is_get, allow: None };
        let mut kind = None;
        for path in paths {
            let procedure = procedures.find(path);
            let found = procedure.as_ref().ok().map(|index| procedures.kind(*index));
            if let (Some(kind), Some(other)) = (kind, found)
                && kind != other
            {
                return Err(Error::bad_request(format!("Cannot mix procedure types in call: {kind}, {other}")));
            }
            kind = kind.or(found);
            batch.calls.push(Call { path: path.to_owned(), procedure });
        }
        if let Some(kind) = kind {
            batch.check_method(&parts.method, kind, procedures.settings.method_override);
            batch.check_subscription(kind);
        }
        Ok(batch)
    }

    /// A query is sent by GET and a mutation by POST. With another method no call runs, each for that reason.
    fn check_method(&mut self, method: &Method, kind: Kind, method_override: bool) {
        let allow = match kind {
            Kind::Query if method_override => "GET, POST",
            Kind::Query | Kind::Subscription => "GET",
            Kind::Mutation => "POST",
        };
        if allow.split(", ").any(|allowed| allowed == method.as_str()) {
            return;
        }
        self.allow = Some(HeaderValue::from_static(allow));
        for call in self.calls.iter_mut().filter(|call| call.procedure.is_ok()) {
            let message = format!("Unsupported {method}-request to {kind} procedure at path \"{}\"", call.path);
            call.procedure = Err(Error::new(ErrorKind::MethodNotSupported, message));
        }
    }

    /// The events of a subscription are a reply of their own.
    fn check_subscription(&mut self, kind: Kind) {
        if kind == Kind::Subscription && self.is_list {
            for call in self.calls.iter_mut().filter(|call| call.procedure.is_ok()) {
                call.procedure = Err(Error::bad_request("Cannot batch subscription calls"));
            }
        }
    }

    /// The first of the procedures that are known.
    pub(crate) fn first(&self) -> Option<usize> {
        self.calls.iter().find_map(|call| call.procedure.as_ref().ok().copied())
    }

    /// Whether the inputs are in the body, and one of the calls may run: else nobody is asked for it.
    pub(crate) fn wants_body(&self) -> bool {
        !self.is_get && self.calls.iter().any(|call| call.procedure.is_ok())
    }

    /// The id of the last event that the client has seen, where it stands beside the input and not in it.
    pub(super) fn last_event_id_of_query(query: &str) -> Option<Cow<'_, str>> {
        parameter(query, LAST_EVENT_ID).or_else(|| parameter(query, "Last-Event-Id")).filter(|id| !id.is_empty())
    }

    /// The text of the inputs in the query.
    pub(super) fn input_of_query(query: &str) -> Option<Cow<'_, str>> {
        parameter(query, "input")
    }
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value)
}

/// `null`, or an object of texts. Nothing reads them, but a client that sends another thing is to be told.
fn are_connection_params(text: &str) -> bool {
    serde_json::from_str::<Option<HashMap<String, String>>>(text).is_ok()
}

/// Whether the client reads JSON lines: by tRPC's own header, or by `Accept`.
fn wants_lines(parts: &Parts) -> bool {
    let lines = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains("application/jsonl"));
    parts.headers.get("trpc-accept").is_some_and(|value| value == "application/jsonl")
        || parts.headers.get_all(ACCEPT).iter().any(lines)
}

/// Only JSON is read. A body of no type is none that the stock client sends, and one that every site can send.
fn check_type(parts: &Parts) -> Result<()> {
    let mut types = parts.headers.get_all(CONTENT_TYPE).iter();
    let media_type = |value: &HeaderValue| {
        let end = value.as_bytes().iter().position(|byte| *byte == b';').unwrap_or(value.len());
        value.as_bytes()[..end].trim_ascii().eq_ignore_ascii_case(b"application/json")
    };
    match (types.next(), types.next()) {
        (None, _) => Err(Error::new(ErrorKind::UnsupportedMediaType, "Missing content-type header")),
        (Some(value), None) if media_type(value) => Ok(()),
        _ => Err(Error::new(ErrorKind::UnsupportedMediaType, "Unsupported content-type: send application/json")),
    }
}
