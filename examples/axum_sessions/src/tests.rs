//! Tests the example without a socket.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Accounts, app};

/// A browser that stores one cookie.
struct Visitor {
    app: Router,
    cookie: Option<String>,
}

impl Visitor {
    fn new() -> Self {
        Self { app: app(Accounts::seed()).expect("good settings"), cookie: None }
    }

    async fn send(&mut self, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(Body::from(body.to_owned())).expect("a request");
        let reply = self.app.clone().oneshot(request).await.expect("it never fails");
        if let Some(line) = reply.headers().get(header::SET_COOKIE) {
            let line = line.to_str().expect("text");
            let pair = line.split(';').next().expect("a pair").to_owned();
            self.cookie = (!line.contains("Max-Age=0")).then_some(pair);
        }
        let status = reply.status();
        let bytes = reply.into_body().collect().await.expect("a body").to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn log_in(&mut self, password: &str) -> StatusCode {
        let credentials = json!({"email": "alice@example.com", "password": password});
        self.send("POST", "/login", &credentials.to_string()).await.0
    }
}

#[tokio::test]
async fn a_visitor_logs_in_is_greeted_once_and_logs_out() {
    let mut visitor = Visitor::new();
    assert_eq!(visitor.send("GET", "/", "").await.1, json!({"user": null, "message": null}));
    assert_eq!(visitor.send("GET", "/profile", "").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(visitor.log_in("wrong").await, StatusCode::UNAUTHORIZED);
    assert_eq!(visitor.cookie, None);

    assert_eq!(visitor.log_in("wonderland-1").await, StatusCode::OK);
    let alice = json!({"id": "u1", "email": "alice@example.com", "name": "Alice"});
    assert_eq!(visitor.send("GET", "/", "").await.1, json!({"user": alice, "message": "Welcome, Alice!"}));
    assert_eq!(visitor.send("GET", "/", "").await.1, json!({"user": alice, "message": null}));
    assert_eq!(visitor.send("GET", "/profile", "").await.1, alice);

    assert_eq!(visitor.send("POST", "/logout", "").await.0, StatusCode::NO_CONTENT);
    assert_eq!(visitor.cookie, None);
    assert_eq!(visitor.send("GET", "/profile", "").await.1["code"], "SESSION_UNAUTHORIZED");
}

#[tokio::test]
async fn the_counter_survives_a_login() {
    let mut visitor = Visitor::new();
    assert_eq!(visitor.send("POST", "/count", "").await.1, 1);
    visitor.log_in("wonderland-1").await;
    assert_eq!(visitor.send("POST", "/count", "").await.1, 2);
}
