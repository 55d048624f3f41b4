//! The application that the targets call without a socket.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tokio::runtime::Runtime;
use velox_rpc::service::AppService;
use velox_rpc::{App, Call, Mutation, Query, procedure, router, schema};

/// An input with a field of each kind.
#[schema]
pub struct Input {
    #[validate(email)]
    email: Option<String>,
    #[validate(range(min = 1, max = 100))]
    count: Option<u32>,
    wide: Option<u128>,
    share: Option<f64>,
    #[validate(length(max = 3))]
    tags: Option<Vec<String>>,
    scores: Option<BTreeMap<String, i64>>,
    #[validate(nested)]
    inner: Option<Inner>,
    shape: Option<Shape>,
}

#[schema]
#[serde(deny_unknown_fields)]
pub struct Inner {
    #[validate(length(min = 2))]
    name: String,
    on: bool,
}

#[schema]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Shape {
    Circle { radius: f64 },
    Point,
}

#[schema]
pub struct Find {
    id: u64,
    q: Option<String>,
    tags: Option<Vec<String>>,
}

struct Things;

#[router("things")]
impl Things {
    fn create_thing(&self) -> Mutation<Input, Input> {
        procedure().input::<Input>().mutation(|Call { input, .. }| Ok(input))
    }

    fn get_thing(&self) -> Query<Find, Find> {
        procedure().input::<Find>().query(|Call { input, .. }| Ok(input))
    }
}

pub struct Server {
    service: AppService,
    runtime: Runtime,
}

impl Server {
    #[expect(clippy::new_without_default, reason = "it is made once")]
    pub fn new() -> Self {
        let service = App::new(()).router(Things).trpc("/trpc").into_service().expect("the application is right");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        Self { service, runtime }
    }

    /// Sends a request. Panics if the reply is a server error or not JSON.
    pub fn ask(&self, method: &str, uri: &str, body: &[u8]) -> Option<(StatusCode, Value)> {
        let request = Request::builder().method(method).uri(uri).header("content-type", "application/json");
        let request = request.body(Full::new(Bytes::copy_from_slice(body))).ok()?;
        self.runtime.block_on(async {
            let reply = self.service.call(request).await;
            let status = reply.status();
            assert!(!status.is_server_error(), "{status}");
            let text = reply.into_body().collect().await.expect("a body").to_bytes();
            let value = if text.is_empty() { Value::Null } else { serde_json::from_slice(&text).expect("JSON") };
            Some((status, value))
        })
    }
}
