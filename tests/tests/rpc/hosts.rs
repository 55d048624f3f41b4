//! Tests which hosts an application accepts, as a protection against DNS rebinding.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::header::HOST;
use http::{HeaderValue, Method};
use serde_json::json;
use velox_rpc::context::Peer;
use velox_rpc::export::OpenApi;
use velox_rpc::{App, Router, procedure};
use velox_tests::{Client, Reply, get, json as request};

/// An application with a mutation that counts its calls, a procedure for load balancers, and a
/// page.
fn app() -> (App<()>, Arc<AtomicUsize>) {
    let count = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&count);
    let bump = procedure::<()>().mutation(move |_| Ok(counted.fetch_add(1, Ordering::Relaxed)));
    let health = procedure::<()>().any_host().query(|_| Ok("ok"));
    let router = Router::new("test").procedure("bump", bump).procedure("health", health);
    (App::new(()).router(router).docs("/docs", OpenApi::new("Shop", "1.0.0")), count)
}

fn client(configure: impl FnOnce(App<()>) -> App<()>) -> Client {
    Client::of(configure(app().0))
}

async fn bump_at(client: &Client, host: &'static str) -> Reply {
    let mut request = request(Method::POST, "/api/test/bump", "");
    request.headers_mut().insert(HOST, HeaderValue::from_static(host));
    client.send(request).await
}

fn assert_misdirected(reply: &Reply, message: &str) {
    let body = json!({
        "error": "Misdirected Request", "message": message, "statusCode": 421, "code": "MISDIRECTED_REQUEST"
    });
    assert_eq!(reply.outcome(), (421, body));
}

#[tokio::test]
async fn a_wrong_host_is_refused_before_anything_else() {
    let (app, count) = app();
    let client = Client::of(app.development(false).allowed_hosts(["shop.example", ".shop.test"]));
    for host in ["shop.example", "Shop.example:8443", "www.shop.test"] {
        assert_eq!(bump_at(&client, host).await.status, 200, "{host}");
    }
    assert_eq!(count.swap(0, Ordering::Relaxed), 3);
    let message = "The request is for another host";
    for host in ["evil.example", "www.shop.example", "127.0.0.1", "a b", "shop.example@evil.example", ":80"] {
        assert_misdirected(&bump_at(&client, host).await, message);
    }
    // A request to another host learns nothing about routes and pages.
    for (method, target) in
        [(Method::GET, "/api/nope"), (Method::PUT, "/api/test/bump"), (Method::GET, "/docs"), (Method::POST, "/docs")]
    {
        let mut request = request(method, target, "{");
        request.headers_mut().insert(HOST, HeaderValue::from_static("evil.example"));
        assert_misdirected(&client.send(request).await, message);
    }
    let mut twice = get("/api/nope");
    for _ in 0..2 {
        twice.headers_mut().append(HOST, HeaderValue::from_static("shop.example"));
    }
    assert_misdirected(&client.send(twice).await, message);
    assert_misdirected(&client.get("http://evil.example/api/nope").await, message);
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn requests_without_a_host_and_health_checks_pass() {
    let client = client(|app| app.allowed_hosts(["shop.example"]));
    assert_eq!(client.post("/api/test/bump", "").await.status, 200);
    assert_eq!(bump_at(&client, "").await.status, 200);
    for host in ["10.1.2.3:3000", "evil.example", "a b"] {
        let mut request = get("/api/test/health");
        request.headers_mut().insert(HOST, HeaderValue::from_static(host));
        assert_eq!(client.send(request).await.result(), "ok", "{host}");
    }
}

#[tokio::test]
async fn in_development_only_local_hosts_are_allowed_and_the_error_says_how_to_add_more() {
    let client = client(|app| app.development(true));
    for host in ["localhost:3000", "api.localhost", "127.0.0.1:3000", "[::1]:3000", "192.168.1.7"] {
        assert_eq!(bump_at(&client, host).await.status, 200, "{host}");
    }
    let message = "The host `shop.test:3000` is not allowed: name it in `App::allowed_hosts`";
    assert_misdirected(&bump_at(&client, "shop.test:3000").await, message);
    let message = "The host is invalid, and `App::allowed_hosts` cannot allow it";
    assert_misdirected(&bump_at(&client, "a b").await, message);
}

#[tokio::test]
async fn every_host_is_allowed_in_production_or_if_configured() {
    for client in [client(|app| app.development(false)), client(|app| app.development(true).allowed_hosts(["*"]))] {
        for host in ["shop.example", "localhost", "10.1.2.3"] {
            assert_eq!(bump_at(&client, host).await.status, 200, "{host}");
        }
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_clients_host_counts() {
    let client = client(|app| app.allowed_hosts(["shop.example"]).trusted_proxies(["unix"]));
    for (peer, forwarded, status) in [
        (Some(Peer::Unix), "shop.example", 200),
        (Some(Peer::Unix), "evil.example", 421),
        (Some(Peer::Address(([10, 0, 0, 1], 80).into())), "shop.example", 421),
        (None, "shop.example", 421),
    ] {
        let mut request = request(Method::POST, "/api/test/bump", "");
        request.headers_mut().insert(HOST, HeaderValue::from_static("inner:3000"));
        request.headers_mut().insert("x-forwarded-host", HeaderValue::from_static(forwarded));
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        assert_eq!(client.send(request).await.status, status, "{peer:?}, {forwarded}");
    }
}

#[test]
fn invalid_hosts_are_reported_with_all_other_mistakes() {
    let mistakes = |hosts: &[&str]| {
        let app = app().0.trusted_proxies(["nobody"]).allowed_hosts(hosts.iter().copied());
        app.into_service().expect_err("mistakes").mistakes().to_vec()
    };
    let found = mistakes(&["shop.example", "shop.example:80", "https://shop.example"]);
    assert_eq!(found.iter().filter(|mistake| mistake.starts_with("allowed hosts: `")).count(), 2, "{found:?}");
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(mistakes(&[])[1].starts_with("allowed hosts: the list is empty"), "{:?}", mistakes(&[]));
}
