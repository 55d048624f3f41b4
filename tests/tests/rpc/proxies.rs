//! Tests which client, scheme and host a handler sees, with and without trusted proxies.

use http::header::HOST;
use http::{HeaderName, HeaderValue, Request};
use serde_json::{Value, json};
use velox_rpc::context::Peer;
use velox_rpc::procedure::Procedure;
use velox_rpc::{App, Call, Router, procedure};
use velox_tests::{Client, get};

/// Every header in which proxies name the client.
const FORGED: [(&str, &str); 8] = [
    ("forwarded", "for=198.51.100.1;proto=https;host=evil.example"),
    ("x-forwarded-for", "198.51.100.1"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-port", "443"),
    ("x-real-ip", "198.51.100.1"),
    ("cf-connecting-ip", "198.51.100.1"),
    ("x-client-ip", "198.51.100.1"),
];

fn seen() -> Procedure<()> {
    let seen = procedure::<()>().query(|Call { ctx, .. }| {
        let request = ctx.request();
        let client = request.client_ip().map(|address| address.to_string());
        Ok(json!([client, request.scheme(), request.host()]))
    });
    seen.into()
}

fn app() -> App<()> {
    App::new(()).development(false).router(Router::new("test").procedure("run", seen()))
}

fn trusting(proxies: &[&str]) -> Client {
    Client::of(app().trusted_proxies(proxies.iter().copied()))
}

fn peer(address: &str) -> Peer {
    Peer::Address(format!("{address}:4711").parse().expect("an address"))
}

/// A request to the host `shop.example`.
fn request<T>(mut request: Request<T>, peer: Option<Peer>, headers: &[(&str, &str)]) -> Request<T> {
    request.headers_mut().insert(HOST, HeaderValue::from_static("shop.example"));
    for (name, value) in headers {
        let name = HeaderName::try_from(*name).expect("a name");
        request.headers_mut().append(name, value.parse().expect("a value"));
    }
    if let Some(peer) = peer {
        request.extensions_mut().insert(peer);
    }
    request
}

async fn told(client: &Client, peer: Option<Peer>, headers: &[(&str, &str)]) -> Value {
    client.send(request(get("/api/test/run"), peer, headers)).await.result()
}

#[tokio::test]
async fn forwarding_headers_count_only_from_trusted_proxies() {
    for client in [Client::of(app()), trusting(&[]), trusting(&["10.0.0.0/8"]), trusting(&["unix"])] {
        for (peer, expected) in [
            (Some(peer("203.0.113.7")), json!("203.0.113.7")),
            (Some(peer("[2001:db8::1]")), json!("2001:db8::1")),
            (Some(peer("[::ffff:203.0.113.7]")), json!("203.0.113.7")),
            (None, Value::Null),
        ] {
            assert_eq!(told(&client, peer, &FORGED).await, json!([expected, null, "shop.example"]), "{peer:?}");
        }
    }
    assert_eq!(told(&Client::of(app()), Some(Peer::Unix), &FORGED).await, json!([null, null, "shop.example"]));
}

#[tokio::test]
async fn headers_of_a_trusted_proxy_count() {
    let client = trusting(&["10.0.0.0/8", "unix"]);
    for peer in [peer("10.1.2.3"), peer("[::ffff:10.1.2.3]"), Peer::Unix] {
        let headers = [
            ("x-forwarded-for", "198.51.100.1"),
            ("x-forwarded-for", "203.0.113.7, 10.0.0.9"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "www.shop.example"),
        ];
        let expected = json!(["203.0.113.7", "https", "www.shop.example"]);
        assert_eq!(told(&client, Some(peer), &headers).await, expected, "{peer:?}");
        let headers = [("forwarded", "for=198.51.100.1, for=203.0.113.7;proto=https;host=www.shop.example")];
        assert_eq!(told(&client, Some(peer), &headers).await, expected, "{peer:?}");
    }
    let forwarded = [("x-forwarded-for", "203.0.113.7")];
    assert_eq!(told(&client, Some(peer("10.1.2.3")), &forwarded).await, json!(["203.0.113.7", null, "shop.example"]));
    assert_eq!(told(&client, Some(peer("10.1.2.3")), &[]).await, json!(["10.1.2.3", null, "shop.example"]));
    assert_eq!(told(&client, Some(Peer::Unix), &[]).await, json!([null, null, "shop.example"]));
}

#[tokio::test]
async fn the_host_comes_from_the_target_or_from_a_single_header() {
    let client = Client::of(app());
    let host = async |target: &str, hosts: &[&str]| {
        let mut request = get(target);
        for host in hosts {
            request.headers_mut().append(HOST, HeaderValue::from_str(host).expect("a value"));
        }
        client.send(request).await.result()[2].clone()
    };
    let target = "/api/test/run";
    assert_eq!(host(target, &["Shop.example:3000"]).await, "Shop.example:3000");
    assert_eq!(host("https://www.shop.example/api/test/run", &["shop.example"]).await, "www.shop.example");
    for hosts in [&[][..], &[""], &["a b"], &["u@a"], &["shop.example", "shop.example"]] {
        assert_eq!(host(target, hosts).await, Value::Null, "{hosts:?}");
    }
    assert_eq!(host("https://u@shop.example/api/test/run", &["shop.example"]).await, Value::Null);
}

#[tokio::test]
async fn the_direct_caller_has_no_address() {
    let app = app();
    let seen = procedure::<()>().query(|Call { ctx, .. }| Ok(ctx.request().client_ip().is_none()));
    assert!(app.caller().call(seen, &()).await.expect("it runs"));
}

#[test]
fn invalid_proxies_are_reported_with_all_other_mistakes() {
    let error = App::new(())
        .prefix("no slash")
        .router(Router::new("test").procedure("run", seen()))
        .trusted_proxies(["10.0.0.0/8", "proxy.example", "10.0.0.1/8"])
        .into_service()
        .expect_err("mistakes");
    let of_proxies = |mistake: &&String| mistake.starts_with("trusted proxy `");
    let mistakes = error.mistakes();
    assert_eq!(mistakes.iter().filter(of_proxies).count(), 2, "{error}");
    assert!(mistakes.len() > 2, "{error}");
}
