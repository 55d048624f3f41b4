//! Reads the calls of one request, in order, and where their inputs are. The code is pure: it sees
//! the method, the target and the headers only.

use std::borrow::Cow;
use std::collections::HashMap;

use http::header::ACCEPT;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use percent_encoding::percent_decode_str;

use super::procedures::Procedures;
use crate::call::Kind;
use crate::error::{Error, ErrorKind, Result};
use crate::procedure::LAST_EVENT_ID;
use crate::wire::body::{self, Unsupported};

/// The calls of one request.
pub(crate) struct Batch {
    pub(super) calls: Vec<Call>,
    /// `true` if the client asked for a batch, even of one call. The reply is then a list.
    pub(super) is_list: bool,
    /// `true` if the client (`httpBatchStreamLink`) wants a line for each call as soon as the call
    /// has ended.
    pub(in crate::wire) is_stream: bool,
    pub(super) is_get: bool,
    /// The allowed methods, if the request has another one.
    pub(super) allow: Option<HeaderValue>,
}

pub(super) struct Call {
    /// The path as the client wrote it.
    pub(super) path: String,
    /// The index of the procedure, or the error that keeps the call from running.
    pub(super) procedure: Result<usize>,
}

impl Batch {
    /// Reads a request. `rest` is the part of its path below the path of this wire.
    ///
    /// # Errors
    ///
    /// An error refuses the request as a whole: none of its calls runs.
    pub(super) fn read(parts: &Parts, rest: &str, procedures: &Procedures) -> Result<Self> {
        let is_get = parts.method == Method::GET;
        if !is_get {
            check_type(&parts.headers)?;
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

    /// Checks the method: queries use GET and mutations use POST. If the method is wrong, no call
    /// runs, and each one fails with that error.
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

    /// Refuses subscriptions in a batch, since the events of a subscription need the whole reply.
    fn check_subscription(&mut self, kind: Kind) {
        if kind == Kind::Subscription && self.is_list {
            for call in self.calls.iter_mut().filter(|call| call.procedure.is_ok()) {
                call.procedure = Err(Error::bad_request("Cannot batch subscription calls"));
            }
        }
    }

    /// Returns the index of the first procedure that may run.
    pub(crate) fn first(&self) -> Option<usize> {
        self.calls.iter().find_map(|call| call.procedure.as_ref().ok().copied())
    }

    /// Returns whether the body has to be read: the inputs are in it, and at least one call may
    /// run.
    pub(crate) fn wants_body(&self) -> bool {
        !self.is_get && self.calls.iter().any(|call| call.procedure.is_ok())
    }

    /// Returns the id of the last event that the client has seen, if the query has it as a
    /// parameter beside `input`.
    pub(super) fn last_event_id_of_query(query: &str) -> Option<Cow<'_, str>> {
        parameter(query, LAST_EVENT_ID).or_else(|| parameter(query, "Last-Event-Id")).filter(|id| !id.is_empty())
    }

    /// Returns the query parameter `input`.
    pub(super) fn input_of_query(query: &str) -> Option<Cow<'_, str>> {
        parameter(query, "input")
    }
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Returns whether the text is `null` or an object of strings. velox does not use connection
/// params, but it refuses malformed ones as tRPC does.
fn are_connection_params(text: &str) -> bool {
    serde_json::from_str::<Option<HashMap<String, String>>>(text).is_ok()
}

/// Returns whether the client reads JSON lines, according to tRPC's own header or `Accept`.
fn wants_lines(parts: &Parts) -> bool {
    let lines = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains("application/jsonl"));
    parts.headers.get("trpc-accept").is_some_and(|value| value == "application/jsonl")
        || parts.headers.get_all(ACCEPT).iter().any(lines)
}

/// Refuses requests without a content type, too, even if they have no body. The stock client always
/// sends one, and any site can send a request without it. A compressed body is refused later.
fn check_type(headers: &HeaderMap) -> Result<()> {
    let message = match body::check_type(headers) {
        Ok(()) | Err(Unsupported::Encoding) => return Ok(()),
        Err(Unsupported::NoType) => "Missing content-type header",
        Err(Unsupported::Type) => "Unsupported content-type: send application/json",
    };
    Err(Error::new(ErrorKind::UnsupportedMediaType, message))
}
