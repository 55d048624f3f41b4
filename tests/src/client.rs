//! A client for tests, with or without a socket. It panics on a reply that breaks a rule for all
//! replies, and on an unexpected header.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use velox_rpc::procedure::Procedure;
use velox_rpc::service::AppService;
use velox_rpc::{App, Router};

use crate::log::attend;
use crate::socket;

/// Calls a service, with or without a socket.
#[derive(Debug, Clone)]
pub struct Client {
    way: Way,
    expected: Vec<&'static str>,
}

/// How a client reaches its service.
#[derive(Debug, Clone)]
enum Way {
    Direct(AppService),
    Socket(SocketAddr),
}

impl Client {
    /// Makes a client for an application.
    ///
    /// # Panics
    ///
    /// Panics if the application cannot start.
    pub fn of<S: Send + Sync + 'static>(app: App<S>) -> Self {
        attend();
        let way = Way::Direct(app.into_service().expect("the application starts"));
        Self { way, expected: OF_EVERY_REPLY.to_vec() }
    }

    /// Makes a client for the server at this address. It opens a connection for each request.
    pub fn at(address: SocketAddr) -> Self {
        let expected = OF_EVERY_REPLY.into_iter().chain(OF_A_SERVER).collect();
        Self { way: Way::Socket(address), expected }
    }

    /// Makes a client for one procedure without state, for any host. A query is at `GET
    /// /api/test/run`, a mutation at `POST /api/test/run`.
    pub fn of_one(procedure: impl Into<Procedure<()>>) -> Self {
        Self::of(App::new(()).development(false).router(Router::new("test").procedure("run", procedure)))
    }

    /// Allows one more header in the replies.
    #[must_use]
    pub fn expecting(mut self, header: &'static str) -> Self {
        self.expected.push(header);
        self
    }

    /// Returns the service.
    ///
    /// # Panics
    ///
    /// Panics if the client uses a socket.
    pub fn service(&self) -> &AppService {
        match &self.way {
            Way::Direct(service) => service,
            Way::Socket(address) => panic!("the service is behind {address}"),
        }
    }

    /// Sends a GET request.
    pub async fn get(&self, target: &str) -> Reply {
        self.send(get(target)).await
    }

    /// Sends a request with a JSON body.
    pub async fn json(&self, method: Method, target: &str, body: impl Into<Bytes>) -> Reply {
        self.send(json(method, target, body)).await
    }

    /// Sends a POST request with a JSON body.
    pub async fn post(&self, target: &str, body: impl Into<Bytes>) -> Reply {
        self.json(Method::POST, target, body).await
    }

    /// Sends a request and checks the reply.
    ///
    /// # Panics
    ///
    /// Panics if the reply breaks a rule for all replies.
    pub async fn send<B>(&self, request: Request<B>) -> Reply
    where
        B: Body + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let is_head = request.method() == Method::HEAD;
        let reply = match &self.way {
            Way::Direct(service) => {
                let (parts, body) = service.call(request).await.into_parts();
                let body = body.collect().await.expect("a reply's body cannot fail").to_bytes();
                Reply { status: parts.status, headers: parts.headers, body }
            }
            Way::Socket(address) => {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.map_err(Into::into).expect("a request's body cannot fail");
                socket::send(*address, parts, &body.to_bytes()).await
            }
        };
        reply.check(&self.expected, is_head);
        reply
    }
}

/// Makes a GET request.
pub fn get(target: &str) -> Request<Full<Bytes>> {
    Request::get(target).body(Full::default()).expect("a request")
}

/// Makes a request with a JSON body.
pub fn json(method: Method, target: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let request = Request::builder().method(method).uri(target).header("content-type", "application/json");
    request.body(Full::new(body.into())).expect("a request")
}

/// A reply with its whole body.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// Returns the body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// Returns the body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Returns the result of a successful call.
    pub fn result(&self) -> Value {
        assert!(self.status.is_success(), "{self:?}");
        self.json()
    }

    /// Returns the status and the body.
    pub fn outcome(&self) -> (u16, Value) {
        (self.status.as_u16(), if self.body.is_empty() { Value::Null } else { self.json() })
    }

    /// Returns the status and the `code` of an error.
    pub fn failure(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["code"].as_str().unwrap_or("no code").to_owned())
    }

    /// Returns the issues of a rejected input, as `field: message`.
    pub fn issues(&self) -> Vec<String> {
        assert_eq!(self.failure(), (400, "VALIDATION_ERROR".to_owned()), "{self:?}");
        let details = self.json()["details"].as_array().expect("details").clone();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        details.iter().map(|issue| format!("{}: {}", text(&issue["field"]), text(&issue["message"]))).collect()
    }

    /// Returns the value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("visible ASCII"))
    }

    fn check(&self, expected: &[&str], is_head: bool) {
        let surprise = self.headers.keys().find(|name| !expected.contains(&name.as_str()));
        assert_eq!(surprise, None, "a header that nobody expected: {self:?}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
        if !self.body.is_empty() {
            assert_eq!(self.header("content-type"), Some("application/json; charset=utf-8"), "{self:?}");
        }
        let failed = self.status.is_client_error() || self.status.is_server_error();
        if failed || self.headers.contains_key("set-cookie") {
            self.check_unshared();
        }
        if failed && !is_head {
            self.check_envelope();
        }
    }

    /// Checks that no shared cache may store an error or a reply that sets a cookie.
    fn check_unshared(&self) {
        for line in self.headers.get_all("cache-control") {
            let line = line.to_str().expect("visible ASCII").to_ascii_lowercase();
            for word in ["public", "s-maxage", "immutable"] {
                assert!(!line.contains(word), "a shared cache may keep it: {self:?}");
            }
        }
    }

    fn check_envelope(&self) {
        let body = self.json();
        if body.is_array() || body["error"].is_object() {
            // This is the tRPC wire. Its own tests check its envelopes.
            return;
        }
        for key in ["error", "message", "code"] {
            assert!(body[key].as_str().is_some_and(|text| !text.is_empty()), "no `{key}`: {self:?}");
        }
        assert_eq!(body["statusCode"], self.status.as_u16(), "{self:?}");
        let id = body.get("requestId").map(|id| id.as_str().expect("an id is a text"));
        assert_eq!(id, self.header("x-request-id"), "{self:?}");
        assert_eq!(id.is_some(), self.status.is_server_error(), "{self:?}");
    }
}

const OF_EVERY_REPLY: [&str; 5] = ["content-type", "x-content-type-options", "content-length", "allow", "x-request-id"];
/// The headers that a server adds.
const OF_A_SERVER: [&str; 2] = ["date", "connection"];
