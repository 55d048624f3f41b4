//! Tests the span of a request and what observers receive.

use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use http::Method;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use velox_rpc::service::Ended;
use velox_rpc::{App, Call, Error, Router, procedure, schema};
use velox_tests::{Client, get, listen};

#[schema]
struct ById {
    id: String,
}

fn router() -> Router<()> {
    Router::new("users")
        .procedure("getUser", procedure().input::<ById>().query(|Call { input, .. }| Ok(input.id)))
        .procedure("fail", procedure().mutation(|_| -> velox_rpc::Result<()> { Err(Error::internal("inner cause")) }))
        .procedure("panic", procedure().query(|_| -> velox_rpc::Result<()> { panic!("inner cause") }))
        .procedure(
            "wait",
            procedure().query(async |_| {
                std::future::pending::<()>().await;
                Ok(())
            }),
        )
}

// ---- Observers ----

/// An application, and what its observer was told: method, route, procedure, status.
fn observed() -> (Client, Arc<Mutex<Vec<String>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&told);
    let app = App::new(()).router(router()).observe(move |ended: &Ended<'_>| {
        let status = ended.status().map_or_else(|| "gone".to_owned(), |status| status.as_u16().to_string());
        let procedure = ended.procedure().map_or_else(|| "none".to_owned(), ToString::to_string);
        let line = format!("{} {} {procedure} {status}", ended.method(), ended.route().unwrap_or("none"));
        notes.lock().expect("no test panics here").push(line);
    });
    (Client::of(app), told)
}

#[tokio::test]
async fn an_observer_gets_every_request_with_its_route_pattern() {
    let (client, told) = observed();
    client.get("/api/users/7").await;
    client.get("/api/users/secret-8?token=x").await;
    client.post("/api/users/fail", "{}").await;
    client.get("/api/users/panic").await;
    client.post("/api/users/fail", "{").await;
    client.get("/api/nope/9").await;
    client.json(Method::PUT, "/api/users/7", "{}").await;
    let mut head = get("/api/users/7");
    *head.method_mut() = Method::HEAD;
    client.send(head).await;
    let expected = [
        "GET /api/users/:id users.getUser 200",
        "GET /api/users/:id users.getUser 200",
        "POST /api/users/fail users.fail 500",
        "GET /api/users/panic users.panic 500",
        "POST /api/users/fail users.fail 400",
        "GET none none 404",
        "PUT none none 405",
        "HEAD /api/users/:id users.getUser 200",
    ];
    assert_eq!(*told.lock().expect("no test panics here"), expected);
}

#[tokio::test]
async fn an_observer_gets_requests_whose_client_disconnected() {
    let (client, told) = observed();
    let mut waiting = Box::pin(client.get("/api/users/wait"));
    let first = std::future::poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await;
    assert!(first && told.lock().expect("no test panics here").is_empty());
    drop(waiting);
    assert_eq!(*told.lock().expect("no test panics here"), ["GET /api/users/wait users.wait gone"]);
}

#[tokio::test]
async fn a_panicking_observer_affects_neither_the_reply_nor_other_observers() {
    let count = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&count);
    let app = App::new(()).router(router()).observe(|_: &Ended<'_>| panic!("of an observer")).observe(
        move |_: &Ended<'_>| {
            counter.fetch_add(1, Ordering::Relaxed);
        },
    );
    let client = Client::of(app);
    assert_eq!(client.get("/api/users/7").await.result(), "7");
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

// ---- The span ----

/// Notes spans with their fields when they close, and events with their span.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    names: Vec<&'static str>,
    fields: Vec<String>,
    entered: Vec<u64>,
    events: Vec<String>,
}

impl Subscriber for Spans {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut state = self.0.lock().expect("no test panics here");
        let mut line = Line::default();
        attributes.record(&mut line);
        state.names.push(attributes.metadata().name());
        state.fields.push(line.0);
        Id::from_u64(state.fields.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let mut line = Line::default();
        values.record(&mut line);
        self.0.lock().expect("no test panics here").fields[id.into_u64() as usize - 1].push_str(&line.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let mut state = self.0.lock().expect("no test panics here");
        let span = state.entered.last().copied().unwrap_or(0);
        state.events.push(format!("in {span}:{}", line.0));
    }

    fn enter(&self, id: &Id) {
        self.0.lock().expect("no test panics here").entered.push(id.into_u64());
    }

    fn exit(&self, _: &Id) {
        self.0.lock().expect("no test panics here").entered.pop();
    }
}

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // The time differs in each run.
        match field.name() {
            "time_us" => write!(self.0, " time_us"),
            name => write!(self.0, " {name}={value:?}"),
        }
        .expect("writing to a string never fails");
    }
}

/// The spans of a request with their fields, the events, and the reply. Replaces the request id.
async fn spans(
    client: &Client,
    method: Method,
    target: &str,
    body: &'static str,
) -> (Vec<String>, Vec<String>, String) {
    let spans = Spans::default();
    let guard = listen(spans.clone());
    let reply = client.json(method, target, body).await;
    drop(guard);
    let state = std::mem::take(&mut *spans.0.lock().expect("no test panics here"));
    assert!(state.names.iter().all(|name| *name == "request"), "{:?}", state.names);
    let id = state.fields[0].split("request_id=").nth(1).expect("an id")[..16].to_owned();
    if reply.status.is_server_error() {
        assert_eq!(reply.header("x-request-id"), Some(&*id), "the id of the reply is that of the span");
    }
    let without = |lines: Vec<String>| lines.iter().map(|line| line.replace(&id, "ID")).collect();
    (without(state.fields), without(state.events), id)
}

#[tokio::test]
async fn the_span_of_a_request_has_its_route_but_not_its_path() {
    let client = Client::of(App::new(()).router(router()));
    let (fields, events, _) = spans(&client, Method::GET, "/api/users/secret-8?token=x", "").await;
    let expected = " otel.kind=\"server\" otel.name=GET /api/users/:id request_id=ID method=GET route=\"/api/users/:id\" \
                    procedure=users.getUser status=200 time_us";
    assert_eq!((fields, events), (vec![expected.to_owned()], vec![]));

    let (fields, _, _) = spans(&client, Method::GET, "/api/nope/secret-9", "").await;
    assert_eq!(fields, [" otel.kind=\"server\" otel.name=GET request_id=ID method=GET status=404 time_us"]);
}

#[tokio::test]
async fn a_failure_is_logged_in_the_span_with_the_reply_id() {
    let client = Client::of(App::new(()).router(router()));
    let (fields, events, _) = spans(&client, Method::POST, "/api/users/fail", "{}").await;
    assert!(fields[0].ends_with("procedure=users.fail status=500 otel.status_code=\"ERROR\" time_us"), "{fields:?}");
    let [event] = events.as_slice() else { panic!("one event: {events:?}") };
    assert!(event.starts_with("in 1:") && event.contains("request_id=ID"), "{event}");
}

#[tokio::test]
async fn the_span_of_a_traced_request_has_the_trace_id() {
    let client = Client::of(App::new(()).router(router()));
    let spans = Spans::default();
    let guard = listen(spans.clone());
    let mut request = get("/api/users/7");
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    request.headers_mut().insert("traceparent", traceparent.parse().expect("a value"));
    client.send(request).await;
    drop(guard);
    let fields = spans.0.lock().expect("no test panics here").fields[0].clone();
    assert!(fields.contains("request_id=4bf92f3577b34da6a3ce929d0e0e4736 "), "{fields}");
}
