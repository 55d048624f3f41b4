//! Benchmarks requests without a socket: `cargo bench -p velox-benches`. The application is the
//! example `bench`, with sessions in memory.

#![forbid(unsafe_code)]

#[path = "../../../examples/src/bin/bench/app.rs"]
mod app;
#[path = "../../../examples/src/bin/bench/auth.rs"]
mod auth;
#[path = "../../../examples/src/bin/bench/counter.rs"]
mod counter;
#[path = "../../../examples/src/bin/bench/extra.rs"]
mod extra;
#[path = "../../../examples/src/bin/bench/flash.rs"]
mod flash;
#[path = "../../../examples/src/bin/bench/plain.rs"]
mod plain;
#[expect(dead_code, reason = "only a server has a port")]
#[path = "../../../examples/src/bin/bench/settings.rs"]
mod settings;
#[path = "../../../examples/src/bin/bench/users.rs"]
mod users;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use tokio::runtime::Runtime;
use velox_rpc::service::AppService;

use crate::settings::Settings;

const ECHO: &str = r#"{"name":"Ada Lovelace","age":36}"#;
const LOGIN: &str = r#"{"email":"ada@example.com","password":"correct horse battery staple"}"#;
const BATCH: &str = r#"{"0":{"name":"Ada","age":36},"1":{"name":"Ada","age":36},"2":{"name":"Ada","age":36}}"#;

/// Sends a request and reads the reply to its end.
async fn send(service: &AppService, target: &str, body: &'static str, cookie: &str) -> HeaderMap {
    let (method, path) = target.split_once(' ').expect("a method and a path");
    let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, "application/json");
    let request = match cookie {
        "" => request,
        cookie => request.header(COOKIE, cookie),
    };
    let request = request.body(Full::new(Bytes::from_static(body.as_bytes()))).expect("a request");
    let reply = service.call(request).await;
    assert!(matches!(reply.status(), StatusCode::OK | StatusCode::CREATED), "{target}: {}", reply.status());
    let headers = reply.headers().clone();
    reply.into_body().collect().await.expect("a body");
    headers
}

fn requests(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let settings = Settings::read().expect("the settings are right");
    let service = app::app(&settings).and_then(|app| Ok(app.into_service()?)).expect("the application is right");
    let login = "POST /api/auth/login";
    let head = runtime.block_on(send(&service, login, LOGIN, ""));
    let cookie = head[SET_COOKIE].to_str().expect("a text").split(';').next().expect("a pair").to_owned();

    let mut bench =
        |name: &str, target: &str, body, cookie: &str| bench(criterion, &runtime, &service, name, target, body, cookie);
    bench("health", "GET /api/health", "", "");
    bench("echo", "POST /api/echo", ECHO, "");
    bench("home", "GET /api/auth/home", "", "");
    bench("profile", "GET /api/auth/profile", "", &cookie);
    bench("login", login, LOGIN, "");
    bench("trpc-batch of three", "POST /trpc/plain.echo,plain.echo,plain.echo?batch=1", BATCH, "");
}

fn bench(
    criterion: &mut Criterion,
    runtime: &Runtime,
    service: &AppService,
    name: &str,
    target: &str,
    body: &'static str,
    cookie: &str,
) {
    criterion.bench_function(name, |bencher| bencher.iter(|| runtime.block_on(send(service, target, body, cookie))));
}

criterion_group!(benches, requests);
criterion_main!(benches);
