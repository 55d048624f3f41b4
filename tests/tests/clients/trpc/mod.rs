//! Tests the tRPC wire, against recorded replies of `@trpc/server` and beyond them.

mod assignable;
mod batches;
mod clients;
mod streamed_sessions;
mod streams;
mod subscriptions;
mod superjson;
mod transcript;
mod types;

use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use velox_rpc::service::{AppService, Body};

struct Reply {
    status: StatusCode,
    headers: http::HeaderMap,
    body: Value,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII"))
    }
}

async fn send(service: &AppService, request: Request<Body>) -> Reply {
    let (parts, body) = service.call(request).await.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
    Reply { status: parts.status, headers: parts.headers, body }
}

async fn get(service: &AppService, target: &str) -> Reply {
    send(service, Request::get(target).body(Body::empty()).expect("a request")).await
}

async fn post(service: &AppService, target: &str, body: &str) -> Reply {
    let request = Request::builder().method(Method::POST).uri(target).header("content-type", "application/json");
    send(service, request.body(Body::from(body.to_owned())).expect("a request")).await
}
