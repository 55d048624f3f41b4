//! Tests the application over a socket with raw bytes: what the server and the service reject, and
//! that connections stay in sync.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use velox_rpc::{App, Call, Router, Server, procedure, schema};
use velox_tests::{Raw, statuses};

#[schema]
struct ById {
    id: String,
}

#[schema]
struct Note {
    text: String,
}

/// A server that runs until it is dropped.
struct Site {
    server: velox_tests::Site,
    /// How often a smuggled request reached its procedure.
    hidden: Arc<AtomicUsize>,
}

impl Site {
    async fn start() -> Self {
        let hidden = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&hidden);
        let router = Router::new("users")
            .procedure("getUser", procedure().input::<ById>().query(|Call { input, .. }| Ok(input)))
            .procedure("addNote", procedure().input::<Note>().mutation(|Call { input, .. }| Ok(input)))
            .procedure(
                "peer",
                procedure::<()>().query(|Call { ctx, .. }| Ok(ctx.request().peer().map(|peer| peer.to_string()))),
            )
            .procedure(
                "unchanged",
                procedure::<()>().query(|Call { ctx, .. }| {
                    ctx.reply().status(http::StatusCode::NOT_MODIFIED);
                    Ok(())
                }),
            )
            .procedure(
                "hidden",
                procedure().query(move |_| {
                    count.fetch_add(1, Ordering::Relaxed);
                    Ok("hidden")
                }),
            )
            .procedure("panic", procedure().query(|_| -> velox_rpc::Result<()> { panic!("on purpose") }));
        Self { server: velox_tests::Site::of(App::new(()).development(false).router(router)).await, hidden }
    }

    async fn connect(&self) -> Raw {
        self.server.connect().await
    }

    /// Sends some bytes and returns everything that comes back until the server closes. The bytes
    /// must make it close.
    async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut client = self.connect().await;
        client.send(bytes).await;
        client.rest().await
    }

    /// The status of the only reply to bytes that make the server close.
    async fn status(&self, bytes: impl AsRef<[u8]>) -> u16 {
        let text = self.exchange(bytes).await;
        assert_eq!(statuses(&text).len(), 1, "{text}");
        statuses(&text)[0]
    }

    /// The URL for a client library.
    fn url(&self, path: &str) -> String {
        self.server.url(path)
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n")
}

/// A request that closes the connection after its reply.
fn last(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
}

fn post(headers: &str, body: &str) -> String {
    format!("POST /api/users HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n{headers}\r\n{body}")
}

// ---- Connections ----

#[tokio::test]
async fn a_connection_is_reused_for_more_requests() {
    let site = Site::start().await;
    let mut client = site.connect().await;
    for id in 0..3 {
        client.send(get(&format!("/api/users/{id}"))).await;
        let (head, body) = client.reply().await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert_eq!(body, format!("{{\"id\":\"{id}\"}}"));
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let site = Site::start().await;
    let mut requests: String = (0..19).map(|id| get(&format!("/api/users/{id}"))).collect();
    requests.push_str(&last("/api/users/19"));
    let text = site.exchange(requests).await;
    let ids: Vec<_> =
        text.match_indices("{\"id\":\"").map(|(at, found)| text[at + found.len()..].split('"').next()).collect();
    assert_eq!(
        ids,
        (0..20).map(|id| id.to_string()).collect::<Vec<_>>().iter().map(|id| Some(&**id)).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_connection_stays_in_sync_after_errors() {
    let site = Site::start().await;
    let mut client = site.connect().await;
    for (request, status) in [
        (get("/api/nope"), "404"),
        ("PUT /api/users/1 HTTP/1.1\r\nhost: test\r\n\r\n".to_owned(), "405"),
        (get("/api/users/%FF"), "400"),
        (get("/api/users/panic"), "500"),
        (post("content-length: 1\r\n", "{"), "400"),
        (post("content-length: 2\r\n", "{}"), "400"),
        (post("content-length: 12\r\n", "{\"text\":\"x\"}"), "201"),
        (post("transfer-encoding: chunked\r\n", "c\r\n{\"text\":\"x\"}\r\n0\r\n\r\n"), "201"),
        (get("/api/users/1"), "200"),
    ] {
        client.send(&request).await;
        let (head, _) = client.reply().await;
        assert_eq!(head.get(9..12), Some(status), "{request}\n{head}");
    }
}

/// The server must not read the rest of a refused body as the next request.
#[tokio::test]
async fn the_body_of_a_refused_request_is_not_read_as_a_request() {
    let hidden = get("/api/users/hidden");
    let length = hidden.len();
    for head in [
        format!("GET /api/users/1 HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n\r\n"),
        format!("DELETE /api/users/1 HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n\r\n"),
        format!("POST /api/nope HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n\r\n"),
        format!(
            "POST /api/users HTTP/1.1\r\nhost: test\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\r\n"
        ),
        format!("POST /api/users HTTP/1.1\r\ncontent-length: {length}\r\n\r\n"),
    ] {
        let site = Site::start().await;
        site.exchange(format!("{head}{hidden}{}", last("/api/users/1"))).await;
        assert_eq!(site.hidden.load(Ordering::Relaxed), 0, "{head}");
    }
}

#[tokio::test]
async fn the_peer_is_the_other_end_of_the_connection_despite_headers() {
    let site = Site::start().await;
    let mut client = site.connect().await;
    let forged = "forwarded: for=10.1.1.1\r\nx-forwarded-for: 10.1.1.1\r\nx-real-ip: 10.1.1.1\r\n";
    client.send(format!("GET /api/users/peer HTTP/1.1\r\nhost: test\r\n{forged}\r\n")).await;
    let own = client.local_addr();
    assert_eq!(client.reply().await.1, format!("\"{own}\""));
}

#[tokio::test]
async fn a_status_without_a_body_leaves_the_connection_in_sync() {
    let text = Site::start().await.exchange(get("/api/users/unchanged") + &last("/api/users/1")).await;
    assert_eq!(statuses(&text), [304, 200], "{text}");
    assert!(!text.contains("null"), "{text}");
}

#[tokio::test]
async fn a_reply_does_not_name_the_server_or_its_version() {
    for path in ["/api/users/1", "/api/nope", "/api/users/panic"] {
        let text = Site::start().await.exchange(last(path)).await.to_lowercase();
        for name in ["server:", "x-powered-by", "via:"] {
            assert!(!text.contains(name), "{text}");
        }
    }
}

#[tokio::test]
async fn head_is_answered_without_a_body() {
    let site = Site::start().await;
    let mut client = site.connect().await;
    client.send("HEAD /api/users/1 HTTP/1.1\r\nhost: test\r\n\r\n").await;
    client.send(last("/api/users/2")).await;
    let text = client.rest().await;
    assert_eq!(statuses(&text), [200, 200]);
    assert!(text.contains("content-length: 10\r\n") && !text.contains("{\"id\":\"1\"}"), "{text}");
}

// ---- The head ----

#[tokio::test]
async fn a_request_needs_exactly_one_host() {
    let site = Site::start().await;
    for hosts in ["", "host: a\r\nhost: b\r\n", "host: a\r\nhost: a\r\n", "Host: a\r\nHOST: b\r\n"] {
        let request = format!("GET /api/users/1 HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
        assert_eq!(site.status(request).await, 400, "{hosts:?}");
    }
}

fn of_host(host: &str) -> String {
    format!("GET /api/users/1 HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn an_invalid_host_is_refused() {
    let site = Site::start().await;
    for host in
        ["a b", "a/b", "user@a", "a\tb", "ä", "a\\b", "a?b", "a#b", "\"a\"", "<a>", "a,b/c", "{a}", "a^b", "a|b"]
    {
        assert_eq!(site.status(of_host(host)).await, 400, "{host:?}");
    }
}

#[tokio::test]
async fn a_host_with_an_invalid_port_or_address_is_refused() {
    let site = Site::start().await;
    for host in ["a:port", "a:80:80", "a:99999999", "[::1", "::1]", "[::1]x", "[[::1]]", "a[b]", "%zz"] {
        assert_eq!(site.status(of_host(host)).await, 400, "{host:?}");
    }
}

#[tokio::test]
async fn a_host_of_any_valid_form_is_accepted() {
    let site = Site::start().await;
    for host in [
        "a",
        "a.example",
        "a.example:80",
        "127.0.0.1:3000",
        "[::1]",
        "[::1]:3000",
        "a_b.example",
        "xn--bcher-kva.example",
    ] {
        assert_eq!(site.status(of_host(host)).await, 200, "{host:?}");
    }
}

#[tokio::test]
async fn http_1_0_needs_no_host() {
    let text = Site::start().await.exchange("GET /api/users/1 HTTP/1.0\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.0 200"), "{text}");
}

#[tokio::test]
async fn a_host_in_the_target_does_not_replace_the_header() {
    let request = "GET http://test/api/users/1 HTTP/1.1\r\nconnection: close\r\n\r\n";
    assert_eq!(Site::start().await.status(request).await, 400);
}

#[tokio::test]
async fn a_refused_head_gets_an_error_envelope() {
    let text = Site::start().await.exchange("GET /api/users/1 HTTP/1.1\r\nconnection: close\r\n\r\n").await;
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!((&body["error"], &body["statusCode"]), (&json!("Bad Request"), &json!(400)), "{head}");
    assert!(head.contains("\r\nx-content-type-options: nosniff"), "{head}");
}

#[tokio::test]
async fn a_target_of_more_than_8_kib_is_refused() {
    let site = Site::start().await;
    let path = |length: usize| format!("/api/users/{}", "x".repeat(length - "/api/users/".len()));
    assert_eq!(site.status(last(&path(8 * 1024))).await, 200);
    for target in [path(8 * 1024 + 1), path(60_000), format!("/api/users/1?{}", "x".repeat(8 * 1024))] {
        assert_eq!(site.status(last(&target)).await, 414, "{}", target.len());
    }
}

#[tokio::test]
async fn a_head_of_too_many_fields_is_refused() {
    let site = Site::start().await;
    // `host` and `connection` count too.
    let fields = |count: usize| (2..count).map(|n| format!("x-{n}: 1\r\n")).collect::<String>();
    let request =
        |count| format!("GET /api/users/1 HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{}\r\n", fields(count));
    assert_eq!(site.status(request(100)).await, 200);
    assert_eq!(site.status(request(101)).await, 431);
}

#[tokio::test]
async fn a_head_of_too_many_bytes_is_refused() {
    let site = Site::start().await;
    let request = |length| {
        format!("GET /api/users/1 HTTP/1.1\r\nhost: test\r\nconnection: close\r\nx-one: {}\r\n\r\n", "x".repeat(length))
    };
    assert_eq!(site.status(request(60_000)).await, 200);
    assert_eq!(site.status(request(70_000)).await, 431);
}

#[tokio::test]
async fn a_head_that_is_malformed_is_refused() {
    let site = Site::start().await;
    for head in [
        "GET /api/users/1 HTTP/1.1\r\nhost: test\r\nbad name: 1\r\n\r\n",
        "GET /api/users/1 HTTP/1.1\r\nhost: test\r\nname : 1\r\n\r\n",
        "GET /api/users/1 HTTP/1.1\r\nhost: test\r\nx: a\0b\r\n\r\n",
        "GET /api/users/1 HTTP/1.1\r\nhost: test\r\n: 1\r\n\r\n",
        "GET /api/users/1 HTTP/1.1\r\nhost: test\r\n folded: 1\r\n\r\n",
        "GET /api/users/1 HTTP/1.1\r\nhost: test\r\nx: 1\r\n folded\r\n\r\n",
        "GET /api/users/a b HTTP/1.1\r\nhost: test\r\n\r\n",
        "GET  /api/users/1 HTTP/1.1\r\nhost: test\r\n\r\n",
        "GET /api/users/1 HTTP/1.2\r\nhost: test\r\n\r\n",
        "GET /api/users/1 HTTP/3.0\r\nhost: test\r\n\r\n",
        "GET /api/users/1\r\n\r\n",
        "G\x7fT /api/users/1 HTTP/1.1\r\nhost: test\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}\x03\x03\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n\r\n",
    ] {
        let text = site.exchange(head).await;
        assert!(text.is_empty() || statuses(&text) == [400], "{head:?}: {text}");
    }
}

// ---- Methods ----

#[tokio::test]
async fn no_other_method_runs_anything() {
    let site = Site::start().await;
    for (line, expected) in [
        ("TRACE /api/users/hidden", 405),
        ("TRACE /api/nope", 404),
        ("OPTIONS /api/users/hidden", 405),
        ("BREW /api/users/hidden", 405),
        ("get /api/users/hidden", 405),
        ("POST /api/users/hidden", 405),
        ("CONNECT test:80", 404),
        ("OPTIONS *", 404),
    ] {
        let request = format!("{line} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        assert_eq!(site.status(request).await, expected, "{line}");
    }
    assert_eq!(site.hidden.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn trace_does_not_echo_the_request() {
    let request = "TRACE /api/users/1 HTTP/1.1\r\nhost: test\r\ncookie: session=hunter2\r\nconnection: close\r\n\r\n";
    let text = Site::start().await.exchange(request).await;
    assert!(!text.contains("hunter2") && text.contains("\r\nallow: GET, HEAD\r\n"), "{text}");
}

// ---- Request smuggling ----

/// Each case gives two lengths for the body. According to one of them, a second request
/// follows the body.
#[tokio::test]
async fn a_request_hidden_by_two_lengths_is_never_answered() {
    let hidden = last("/api/users/hidden");
    for (name, headers, body) in [
        ("length and chunked", "content-length: 5\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n"),
        ("chunked and length", "transfer-encoding: chunked\r\ncontent-length: 5\r\n", "0\r\n\r\n"),
        ("two lengths", "content-length: 0\r\ncontent-length: 5\r\n", ""),
        ("two lengths in one", "content-length: 0, 5\r\n", ""),
        ("a length that overflows", "content-length: 18446744073709551616\r\n", ""),
        ("a length with a sign", "content-length: +0\r\n", ""),
        ("a negative length", "content-length: -1\r\n", ""),
        ("a hexadecimal length", "content-length: 0x0\r\n", ""),
        ("an empty length", "content-length: \r\n", ""),
        ("an unknown coding", "transfer-encoding: cow\r\n", ""),
        ("chunked, but not last", "transfer-encoding: chunked, identity\r\n", "0\r\n\r\n"),
        ("chunked in another spelling", "transfer-encoding: xchunked\r\n", "0\r\n\r\n"),
        ("chunked with a blank", "transfer-encoding : chunked\r\n", "0\r\n\r\n"),
        ("chunked and another", "transfer-encoding: chunked\r\ntransfer-encoding: cow\r\n", "0\r\n\r\n"),
        ("another and chunked", "transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n"),
        ("another and chunked in one", "transfer-encoding: gzip, chunked\r\n", "0\r\n\r\n"),
        ("identity and chunked", "transfer-encoding: identity, chunked\r\n", "0\r\n\r\n"),
        ("chunked twice", "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n"),
        ("chunked twice in one", "transfer-encoding: chunked, chunked\r\n", "0\r\n\r\n"),
        ("chunked with a parameter", "transfer-encoding: chunked;q=1\r\n", "0\r\n\r\n"),
        ("chunked in a list", "transfer-encoding: , chunked\r\n", "0\r\n\r\n"),
        ("a chunk of a bad size", "transfer-encoding: chunked\r\n", "x\r\n\r\n"),
        ("a chunk that overflows", "transfer-encoding: chunked\r\n", "10000000000000000\r\n\r\n"),
        ("a chunk with a sign", "transfer-encoding: chunked\r\n", "+0\r\n\r\n"),
        ("a chunk that does not end", "transfer-encoding: chunked\r\n", "1\r\nxx\r\n0\r\n\r\n"),
    ] {
        let site = Site::start().await;
        let text = site.exchange(format!("{}{hidden}", post(headers, body))).await;
        assert_eq!(site.hidden.load(Ordering::Relaxed), 0, "{name}: {text}");
        assert!(statuses(&text).iter().all(|status| *status >= 400), "{name}: {text}");
    }
}

#[tokio::test]
async fn a_transfer_coding_other_than_chunked_is_501_and_closes_the_connection() {
    let site = Site::start().await;
    let text = site.exchange(post("transfer-encoding: gzip, chunked\r\n", "0\r\n\r\n")).await;
    assert_eq!(statuses(&text), [501], "{text}");
    assert!(text.contains("\r\nconnection: close\r\n"), "{text}");
}

#[tokio::test]
async fn chunked_may_be_written_in_capitals() {
    let site = Site::start().await;
    let text = site
        .exchange(post("transfer-encoding: Chunked\r\nconnection: close\r\n", "c\r\n{\"text\":\"x\"}\r\n0\r\n\r\n"))
        .await;
    assert_eq!(statuses(&text), [201], "{text}");
}

/// Without these two tests, the one with all lengths could pass because nothing is ever answered.
#[tokio::test]
async fn a_request_behind_a_complete_one_is_answered() {
    let site = Site::start().await;
    let text = site.exchange(post("content-length: 2\r\n", "{}") + &last("/api/users/hidden")).await;
    assert_eq!(statuses(&text), [400, 200]);
    assert_eq!(site.hidden.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn chunks_in_http_1_0_are_refused() {
    let site = Site::start().await;
    let request = "POST /api/users HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    let text = site.exchange(format!("{request}{}", last("/api/users/hidden"))).await;
    assert!(!text.contains("200 OK"), "{text}");
    assert_eq!(site.hidden.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn trailers_are_dropped() {
    let body = "c\r\n{\"text\":\"x\"}\r\n0\r\nhost: evil\r\nx-one: 1\r\n\r\n";
    let site = Site::start().await;
    let mut client = site.connect().await;
    client.send(post("transfer-encoding: chunked\r\n", body)).await;
    assert!(client.reply().await.0.starts_with("HTTP/1.1 201"));
    client.send(get("/api/users/1")).await;
    assert!(client.reply().await.0.starts_with("HTTP/1.1 200"));
}

// ---- 100 Continue ----

#[tokio::test]
async fn a_needed_body_is_asked_for() {
    let site = Site::start().await;
    let mut client = site.connect().await;
    client.send(post("content-length: 12\r\nexpect: 100-continue\r\n", "")).await;
    assert_eq!(client.reply().await.0, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("{\"text\":\"x\"}").await;
    let (head, body) = client.reply().await;
    assert!(head.starts_with("HTTP/1.1 201") && body == "{\"text\":\"x\"}", "{head}{body}");
}

/// Checks that the first reply is the refusal, so that the server has not asked for the body.
async fn refused_before_the_body(headers: &str, status: &str) {
    let site = Site::start().await;
    let mut client = site.connect().await;
    client.send(format!("POST /api/users HTTP/1.1\r\nhost: test\r\n{headers}expect: 100-continue\r\n\r\n")).await;
    let (head, body) = client.reply().await;
    assert_eq!(head.get(9..12), Some(status), "{head}");
    assert!(body.contains(&format!("\"statusCode\":{status}")), "{body}");
}

#[tokio::test]
async fn a_declared_too_large_body_is_refused_before_it_is_asked_for() {
    refused_before_the_body("content-type: application/json\r\ncontent-length: 1048577\r\n", "413").await;
}

#[tokio::test]
async fn a_body_of_a_wrong_type_is_refused_before_it_is_asked_for() {
    refused_before_the_body("content-type: text/plain\r\ncontent-length: 12\r\n", "415").await;
}

#[tokio::test]
async fn a_body_without_a_host_is_refused_before_it_is_asked_for() {
    let site = Site::start().await;
    let mut client = site.connect().await;
    client.send("POST /api/users HTTP/1.1\r\ncontent-length: 12\r\nexpect: 100-continue\r\n\r\n").await;
    assert!(client.reply().await.0.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn a_chunked_body_over_the_limit_is_refused_on_the_way() {
    let site = Site::start().await;
    let mut client = site.connect().await;
    client.send(post("transfer-encoding: chunked\r\n", "")).await;
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x1_0000));
    // 17 chunks are more than the limit of 16 · 64 KiB. The last chunk never comes.
    for _ in 0..17 {
        client.send(&chunk).await;
    }
    assert!(client.reply().await.0.starts_with("HTTP/1.1 413"));
}

// ---- Client libraries ----

#[tokio::test]
async fn an_http_1_client_is_served() {
    let site = Site::start().await;
    let reply = reqwest::Client::new().get(site.url("/api/users/1")).send().await.expect("a reply");
    assert_eq!((reply.version(), reply.status().as_u16()), (http::Version::HTTP_11, 200));
    assert_eq!(reply.text().await.expect("a body"), "{\"id\":\"1\"}");
}

fn http2() -> reqwest::Client {
    reqwest::Client::builder().http2_prior_knowledge().build().expect("a client")
}

#[tokio::test]
async fn an_http_2_client_is_served_on_the_same_port() {
    let site = Site::start().await;
    let client = http2();
    let reply = client.get(site.url("/api/users/1")).send().await.expect("a reply");
    assert_eq!((reply.version(), reply.status().as_u16()), (http::Version::HTTP_2, 200));
    let created =
        client.post(site.url("/api/users")).header("content-type", "application/json").body("{\"text\":\"x\"}");
    let reply = created.send().await.expect("a reply");
    assert_eq!((reply.version(), reply.status().as_u16()), (http::Version::HTTP_2, 201));
}

#[tokio::test]
async fn the_same_is_refused_over_http_2() {
    let site = Site::start().await;
    let client = http2();
    let post = |content_type: &str, body: String| {
        client.post(site.url("/api/users")).header("content-type", content_type).body(body)
    };
    let many = (0..101).fold(client.get(site.url("/api/users/1")), |request, n| request.header(format!("x-{n}"), "1"));
    for (request, status) in [
        (client.get(site.url("/api/nope")), 404),
        (client.delete(site.url("/api/users/1")), 405),
        (client.get(site.url(&format!("/api/users/{}", "x".repeat(8 * 1024)))), 414),
        (client.get(site.url("/api/users/1")).header("host", "a b"), 400),
        (many, 431),
        (post("text/plain", "{}".to_owned()), 415),
        (post("application/json", "{".to_owned()), 400),
        (post("application/json", " ".repeat(1_048_577)), 413),
        (client.get(site.url("/api/users/panic")), 500),
    ] {
        let reply = request.send().await.expect("a reply");
        assert_eq!((reply.version(), reply.status().as_u16()), (http::Version::HTTP_2, status), "{reply:?}");
    }
    let reply = client.get(site.url("/api/users/1")).send().await.expect("a reply");
    assert_eq!(reply.status().as_u16(), 200, "the connection is still usable");
}

#[tokio::test]
async fn a_panic_does_not_close_the_connection() {
    let site = Site::start().await;
    let mut client = site.connect().await;
    client.send(get("/api/users/panic")).await;
    assert!(client.reply().await.0.starts_with("HTTP/1.1 500"));
    client.send(get("/api/users/1")).await;
    assert!(client.reply().await.0.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn the_error_for_a_taken_port_has_the_address() {
    let site = Site::start().await;
    let app: App<()> = App::new(());
    let service = app.into_service().expect("no mistakes");
    let error = Server::new(service).bind(site.server.address()).await.expect_err("the port is taken");
    assert_eq!(error.to_string(), format!("cannot listen on {}: address already in use", site.server.address()));
}
