//! tRPC: each call alone, and each in a batch with another call, whose replies come together or
//! line by line.

use http::{HeaderMap, HeaderValue, Request};
use serde_json::{Map, Value, json};
use velox_reference::AppState;
use velox_rpc::App;
use velox_rpc::call::Kind;
use velox_rpc::router::Manifest;
use velox_rpc::service::Body;
use velox_tests::Client;

use super::{Outcome, Transport, events, failure, headers_and_cookies};

pub struct Trpc {
    client: Client,
    manifest: Manifest,
    way: Way,
}

/// The way in which the client sends its calls, named after the link.
#[derive(Clone, Copy, PartialEq)]
pub enum Way {
    Alone,
    Batch,
    Stream,
}

impl Trpc {
    pub fn start(app: App<AppState>, way: Way) -> Self {
        let client = super::rest::EXPECTED.into_iter().fold(Client::of(app), Client::expecting);
        let manifest = client.service().manifest().clone();
        Self { client, manifest, way }
    }

    fn request(&self, name: &str, input: &Value) -> Request<String> {
        let entry = self.manifest.entries().iter().find(|entry| entry.name().to_string() == name);
        let kind = entry.expect("a procedure").name().kind();
        // A call of the same kind that sets nothing on the reply.
        let other = if kind == Kind::Mutation { "mw.returnNothing" } else { "health.getHealth" };
        let (path, input) = match (self.way != Way::Alone, input.is_null()) {
            (false, true) => (format!("/trpc/{name}?"), String::new()),
            (false, false) => (format!("/trpc/{name}?"), input.to_string()),
            (true, true) => (format!("/trpc/{other},{name}?batch=1&"), String::new()),
            (true, false) => (format!("/trpc/{other},{name}?batch=1&"), json!({ "1": input }).to_string()),
        };
        match kind {
            Kind::Mutation => Request::post(path).header("content-type", "application/json").body(input),
            _ if input.is_empty() => Request::get(path).body(String::new()),
            _ => Request::get(format!("{path}input={}", super::rest::encoded(&input))).body(String::new()),
        }
        .expect("a request")
    }
}

impl Transport for Trpc {
    async fn call(&mut self, name: &str, input: &Value, headers: &HeaderMap) -> Outcome {
        let mut request = self.request(name, input);
        request.headers_mut().extend(headers.clone());
        if self.way == Way::Stream {
            request.headers_mut().insert("trpc-accept", HeaderValue::from_static("application/jsonl"));
        }
        let reply = self.client.send(request).await;
        let envelope = match self.way {
            Way::Alone => reply.json(),
            Way::Batch => reply.json()[1].take(),
            Way::Stream => of_stream(reply.text()),
        };
        let result = match envelope.get("error") {
            None => Ok(envelope["result"].get("data").cloned().unwrap_or_default()),
            Some(error) => Err(failed(name, error)),
        };
        let (mut headers, cookies) = headers_and_cookies(&reply.headers);
        headers.remove("vary: trpc-accept, accept");
        Outcome { result, headers, cookies }
    }

    async fn subscribe(&mut self, name: &str, input: &Value, headers: &HeaderMap, count: usize) -> Outcome {
        let mut request = self.request(name, input).map(Body::from);
        request.headers_mut().extend(headers.clone());
        let reply = self.client.service().call(request).await;
        assert_eq!(reply.status(), 200, "errors come as events");
        let (mut headers, cookies) = headers_and_cookies(reply.headers());
        headers.remove("vary: trpc-accept, accept");
        let result = events::read(reply.into_body(), count).await.map_err(|error| failed(name, &error));
        Outcome { result, headers, cookies }
    }
}

/// Returns an error in the form of REST.
fn failed(name: &str, error: &Value) -> (u16, Value) {
    assert_eq!(error["data"]["path"], name);
    let status = error["data"]["httpStatus"].as_u64().and_then(|status| u16::try_from(status).ok());
    failure(status.expect("a status"), as_rest(error))
}

/// Returns the envelope of the second call, from the line with this number.
fn of_stream(lines: &str) -> Value {
    let lines = lines.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut of_call = lines.filter(|line| line[0] == 1);
    of_call.next().expect("a line for the call")[2][0][0].take()
}

/// Returns an error in the form of REST, without the name of its class, for which tRPC has no
/// place.
fn as_rest(error: &Value) -> Value {
    let mut body: Map<String, Value> = error["data"].as_object().expect("an object").clone();
    let key = body.remove("code");
    let tag = body.remove("tag").or(key).unwrap_or_default();
    let issues = body.remove("issues");
    body.remove("path");
    let status = body.remove("httpStatus").unwrap_or_default();
    let mut message = error["message"].clone();
    if let Some(issues) = issues {
        let field = |issue: &Value| {
            let segments = issue["path"].as_array().expect("a path").iter();
            segments
                .map(|segment| segment.as_str().map_or_else(|| segment.to_string(), str::to_owned))
                .collect::<Vec<_>>()
                .join(".")
        };
        let details = issues.as_array().expect("a list").iter();
        let details: Vec<_> =
            details.map(|issue| json!({"field": field(issue), "message": issue["message"]})).collect();
        body.insert("details".to_owned(), details.into());
        // A handler may have set a different message.
        if message.as_str().is_some_and(|text| serde_json::from_str::<Value>(text).is_ok()) {
            message = "Validation failed".into();
        }
    }
    body.extend([("message".to_owned(), message), ("statusCode".to_owned(), status), ("code".to_owned(), tag)]);
    body.into()
}
