//! REST over a socket. Subscriptions that are only read for a while run without a socket.

use std::net::SocketAddr;

use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use serde_json::{Map, Value};
use tokio::task::JoinHandle;
use velox_reference::AppState;
use velox_rpc::service::{AppService, Body};
use velox_rpc::{App, Server};
use velox_tests::Client;

use super::{Outcome, Transport, events, failure, headers_and_cookies};

pub struct Rest {
    address: SocketAddr,
    service: AppService,
    server: JoinHandle<()>,
}

impl Rest {
    pub async fn start(app: App<AppState>) -> Self {
        let service = app.into_service().expect("good routes");
        let bound = Server::new(service.clone()).bind("127.0.0.1:0").await.expect("a free port");
        let address = bound.local_addr();
        let server = tokio::spawn(async move {
            bound.run_until(std::future::pending::<()>()).await;
        });
        Self { address, service, server }
    }

    fn route(&self, name: &str) -> (Method, String) {
        let entry = self.service.manifest().entries().iter().find(|entry| entry.name().to_string() == name);
        let (method, path) = entry.and_then(|entry| entry.route()).expect("a route");
        (method.clone(), path.to_owned())
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Transport for Rest {
    async fn call(&mut self, name: &str, input: &Value, headers: &HeaderMap) -> Outcome {
        let (method, path) = self.route(name);
        let (target, body) = target_and_body(&method, &path, input);
        let mut request = Request::builder().method(method).uri(target);
        request.headers_mut().expect("a good request").extend(headers.clone());
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let client = EXPECTED.into_iter().fold(Client::at(self.address), Client::expecting);
        let reply = client.send(request.body(body).expect("a request")).await;
        let (status, body) = reply.outcome();
        let (headers, cookies) = headers_and_cookies(&reply.headers);
        let result = if reply.status.is_success() { Ok(body) } else { Err(failure(status, body)) };
        Outcome { result, headers, cookies }
    }

    async fn subscribe(&mut self, name: &str, input: &Value, headers: &HeaderMap, count: usize) -> Outcome {
        let (method, path) = self.route(name);
        let mut request = Request::builder().method(&method).uri(target_and_body(&method, &path, input).0);
        request.headers_mut().expect("a good request").extend(headers.clone());
        let reply = self.service.call(request.body(Body::empty()).expect("a request")).await;
        let status = reply.status();
        let (headers, cookies) = headers_and_cookies(reply.headers());
        let body = reply.into_body();
        let result = if status.is_success() {
            events::read(body, count).await
        } else {
            let body = body.collect().await.expect("a body").to_bytes();
            Err(serde_json::from_slice(&body).expect("JSON"))
        };
        let told = |error: Value| {
            let told = error["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
            failure(told, error)
        };
        Outcome { result: result.map_err(told), headers, cookies }
    }
}

/// Puts each key of an input where the contract has it: in the path if the path names it, and
/// otherwise in the query or the body.
fn target_and_body(method: &Method, path: &str, input: &Value) -> (String, String) {
    let mut rest = input.as_object().cloned().unwrap_or_default();
    let segments: Vec<_> = path
        .split('/')
        .map(|segment| match segment.strip_prefix(':') {
            Some(name) => encoded(&text(&rest.remove(name).unwrap_or_else(|| panic!("`{name}` is in the input")))),
            None => segment.to_owned(),
        })
        .collect();
    let path = segments.join("/");
    match *method {
        Method::GET | Method::DELETE => (path + &query(&rest), String::new()),
        _ if input.is_object() => (path, Value::Object(rest).to_string()),
        _ => (path, if input.is_null() { String::new() } else { input.to_string() }),
    }
}

fn query(rest: &Map<String, Value>) -> String {
    let pair = |key: &String, value: &Value| format!("{}={}", encoded(key), encoded(&text(value)));
    let pairs: Vec<_> = rest
        .iter()
        .flat_map(|(key, value)| match value {
            Value::Array(values) => values.iter().map(|value| pair(key, value)).collect(),
            value => vec![pair(key, value)],
        })
        .collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Percent-encodes everything except letters and digits.
pub fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

pub const EXPECTED: [&str; 9] = [
    "set-cookie",
    "cache-control",
    "vary",
    "x-after-one",
    "x-after-two",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "retry-after",
];
