//! tRPC, each call alone and each in a batch with another.

use http::{HeaderMap, Request};
use serde_json::{Map, Value, json};
use velox_reference::AppState;
use velox_rpc::App;
use velox_rpc::call::Kind;
use velox_rpc::router::Manifest;
use velox_tests::Client;

use super::{Outcome, Transport, failure, headers_and_cookies};

pub struct Trpc {
    client: Client,
    manifest: Manifest,
    is_batched: bool,
}

impl Trpc {
    pub fn start(app: App<AppState>, is_batched: bool) -> Self {
        let client = super::rest::EXPECTED.into_iter().fold(Client::of(app), Client::expecting);
        let manifest = client.service().manifest().clone();
        Self { client, manifest, is_batched }
    }

    fn request(&self, name: &str, input: &Value) -> Request<String> {
        let entry = self.manifest.entries().iter().find(|entry| entry.name().to_string() == name);
        let kind = entry.expect("a procedure").name().kind();
        // Of the same kind, and without a word to say of the reply.
        let other = if kind == Kind::Query { "health.getHealth" } else { "mw.returnNothing" };
        let (path, input) = match (self.is_batched, input.is_null()) {
            (false, true) => (format!("/trpc/{name}?"), String::new()),
            (false, false) => (format!("/trpc/{name}?"), input.to_string()),
            (true, true) => (format!("/trpc/{other},{name}?batch=1&"), String::new()),
            (true, false) => (format!("/trpc/{other},{name}?batch=1&"), json!({ "1": input }).to_string()),
        };
        match kind {
            Kind::Query if input.is_empty() => Request::get(path).body(String::new()),
            Kind::Query => Request::get(format!("{path}input={}", super::rest::encoded(&input))).body(String::new()),
            Kind::Mutation => Request::post(path).header("content-type", "application/json").body(input),
        }
        .expect("a request")
    }
}

impl Transport for Trpc {
    async fn call(&mut self, name: &str, input: &Value, headers: &HeaderMap) -> Outcome {
        let mut request = self.request(name, input);
        request.headers_mut().extend(headers.clone());
        let reply = self.client.send(request).await;
        let body = reply.json();
        let envelope = if self.is_batched { &body[1] } else { &body };
        let result = match envelope.get("error") {
            None => Ok(envelope["result"].get("data").cloned().unwrap_or_default()),
            Some(error) => {
                assert_eq!(error["data"]["path"], name);
                let status = error["data"]["httpStatus"].as_u64().and_then(|status| u16::try_from(status).ok());
                Err(failure(status.expect("a status"), as_rest(error)))
            }
        };
        let (mut headers, cookies) = headers_and_cookies(&reply.headers);
        headers.remove("vary: trpc-accept, accept");
        Outcome { result, headers, cookies }
    }
}

/// An error as REST has it, but for the name of its class, which tRPC has no place for.
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
        message = "Validation failed".into();
    }
    body.extend([("message".to_owned(), message), ("statusCode".to_owned(), status), ("code".to_owned(), tag)]);
    body.into()
}
