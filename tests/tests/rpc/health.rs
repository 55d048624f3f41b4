//! Tests health checks for load balancers.

use std::future::pending;
use std::time::Duration;

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, HOST};
use http::{HeaderValue, Method, Request};
use serde_json::json;
use tokio::time::Instant;
use velox_rpc::export::{OpenApi, TypeScript};
use velox_rpc::service::Health;
use velox_rpc::{App, Router, procedure};
use velox_tests::{Client, Log, get, json as request};

type Checked = Result<(), std::io::Error>;

fn client(health: impl Into<Health>) -> Client {
    Client::of(App::new(()).health(health)).expecting("cache-control")
}

#[tokio::test]
async fn without_checks_a_running_process_is_live_and_ready() {
    let client = client("/health");
    for path in ["/health/live", "/health/ready"] {
        let reply = client.get(path).await;
        assert_eq!(reply.outcome(), (200, json!({"status": "ok"})));
        assert_eq!(reply.header(CACHE_CONTROL.as_str()), Some("no-store"));
        let head = Request::head(path).body(String::new()).expect("a request");
        let reply = client.service().call(head).await;
        assert_eq!((reply.status().as_u16(), reply.headers()[CONTENT_LENGTH].as_bytes()), (200, b"15".as_slice()));
        let reply = client.service().call(request(Method::POST, path, "")).await;
        assert_eq!((reply.status().as_u16(), reply.headers()[ALLOW].as_bytes()), (405, b"GET, HEAD".as_slice()));
    }
    for path in ["/health", "/health/", "/health/live/", "/health/readyx", "/api/health/live"] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn failed_checks_are_named_and_their_reasons_are_logged() {
    let log = Log::listen();
    let health = Health::at("/health")
        .check("database", async || Checked::Err(std::io::Error::other("no route to 10.1.2.3")))
        .check("queue", async || Checked::Ok(()))
        .check("cache", async || Checked::Err(std::io::Error::other("refused")));
    let client = client(health);
    let reply = client.get("/health/ready").await;
    let body = json!({
        "error": "ServiceUnavailable", "message": "Not ready: database, cache", "statusCode": 503,
        "code": "SERVICE_UNAVAILABLE", "failed": ["database", "cache"], "requestId": reply.json()["requestId"],
    });
    assert_eq!(reply.outcome(), (503, body));
    assert_eq!(reply.header(CACHE_CONTROL.as_str()), Some("no-store"));
    let lines = log.lines();
    assert!(lines.iter().any(|line| line.contains("database") && line.contains("no route to 10.1.2.3")), "{lines:?}");
    assert_eq!(client.get("/health/live").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_or_panics_counts_as_failed() {
    let health = Health::at("/health")
        .deadline(Duration::from_secs(3))
        .check("hangs", async || pending::<Checked>().await)
        .check("panics", async || -> Checked { panic!("on purpose") })
        .check("panics at once", || -> std::future::Ready<Checked> { panic!("on purpose") })
        .check("takes a while", async || {
            tokio::time::sleep(Duration::from_secs(2)).await;
            Checked::Ok(())
        });
    let client = client(health);
    let began = Instant::now();
    let reply = client.get("/health/ready").await;
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    assert_eq!(reply.json()["failed"], json!(["hangs", "panics", "panics at once"]));
}

#[tokio::test(start_paused = true)]
async fn checks_run_at_the_same_time() {
    let one_second = async || {
        tokio::time::sleep(Duration::from_millis(900)).await;
        Checked::Ok(())
    };
    let client = client(Health::at("/health").check("one", one_second).check("two", one_second));
    assert_eq!(client.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn health_checks_are_answered_for_any_host() {
    let client = Client::of(App::new(()).health("/health").allowed_hosts(["shop.example"])).expecting("cache-control");
    let status = async |path: &'static str| {
        let mut request = get(path);
        request.headers_mut().insert(HOST, HeaderValue::from_static("10.1.2.3:3000"));
        client.service().call(request).await.status().as_u16()
    };
    assert_eq!((status("/health/live").await, status("/health/ready").await), (200, 200));
    assert_eq!((status("/health").await, status("/health/other").await), (421, 421));
}

#[test]
fn health_checks_are_not_in_the_documents() {
    let service = App::new(()).health("/health").into_service().expect("it starts");
    let document = OpenApi::new("Shop", "1.0.0").document(service.manifest()).to_string();
    let types = TypeScript::of(service.manifest()).to_string();
    assert!(!document.contains("health") && !types.contains("health"));
}

#[test]
fn health_checks_and_routes_do_not_hide_each_other() {
    let mistakes = |app: App<()>| app.into_service().expect_err("a mistake").mistakes().join("\n");
    let live = procedure::<()>().rest(Method::GET, "/health/live").query(|_| Ok(1));
    let routed = App::new(()).prefix("").router(Router::new("own").procedure("live", live));
    assert_eq!(
        mistakes(routed.health("/health")),
        "health checks `/health`: `/health/live` is already in use, because a procedure has this route: give one of them another path"
    );
    assert!(mistakes(App::new(()).docs("/ops/ready", OpenApi::new("", "")).health("/ops")).contains("`/ops/ready`"));
    assert!(mistakes(App::new(()).trpc("/trpc").health("/trpc")).contains("`/trpc/live`"));
    assert!(mistakes(App::new(()).health("health")).contains("it must start with `/`"));
    assert!(mistakes(App::new(()).health("/")).contains("write segments"));
}
