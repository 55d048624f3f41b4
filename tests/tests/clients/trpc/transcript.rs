//! Compares replies, request by request, with those recorded from `@trpc/server` 11.25.2
//! (`transcript.txt`).

use std::collections::HashMap;

use http::{Method, Request};
use serde_json::{Value, json};
use velox_rpc::service::{AppService, Body};
use velox_rpc::{App, Call, Error, Router, Trpc, procedure, schema};

use super::send;

#[schema]
struct Hello {
    #[validate(length(min = 2))]
    name: String,
    age: Option<i32>,
}

#[schema]
struct Greeting {
    msg: String,
    at: String,
}

#[schema]
struct Add {
    a: i64,
}

#[schema]
#[serde(transparent)]
struct Id(String);

/// The router that was recorded, in a namespace: `hello` is `t.hello` here.
fn service(settings: Trpc) -> AppService {
    let greet = |Call { input, .. }: Call<_, Hello>| {
        Ok(Greeting { msg: format!("hi {}", input.name), at: "1970-01-01T00:00:00.000Z".to_owned() })
    };
    let router = Router::new("t")
        .procedure("noinput", procedure::<()>().query(|_| Ok("ok")))
        .procedure("hello", procedure().input::<Hello>().query(greet))
        .procedure("undef", procedure().query(|_| Ok(())))
        .procedure("nul", procedure().query(|_| Ok(None::<String>)))
        .procedure(
            "fail",
            procedure().query(|_| -> velox_rpc::Result<()> { Err(Error::unauthorized("Authentication required")) }),
        )
        .procedure("boom", procedure().query(|_| -> velox_rpc::Result<()> { Err(Error::internal("secret db")) }))
        .procedure("add", procedure().input::<Add>().mutation(|Call { input, .. }| Ok(input.a + 1)))
        .procedure("byId", procedure().input::<Id>().no_rest().query(|Call { input, .. }| Ok(input)));
    App::new(()).router(router).trpc(settings).into_service().expect("good settings")
}

/// A request and its recorded reply.
struct Recorded {
    server: u16,
    arguments: Vec<String>,
    target: String,
    status: u16,
    headers: HashMap<String, String>,
    body: String,
}

fn recorded() -> Vec<Recorded> {
    include_str!("transcript.txt").split("### ").skip(1).map(one).collect()
}

fn one(text: &str) -> Recorded {
    let (request, reply) = text.split_once('\n').expect("a request and a reply");
    let (arguments, url) = request.rsplit_once("http://127.0.0.1:").expect("a URL");
    let (port, target) = url.split_at(url.find('/').expect("a path"));
    let (head, body) = reply.split_once("\n\n").expect("a head and a body");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Recorded {
        server: port.parse().expect("a port"),
        arguments: arguments.split_whitespace().map(str::to_owned).collect(),
        target: target.to_owned(),
        status: status.parse().expect("a status"),
        headers: lines.filter_map(header).collect(),
        body: body.trim().to_owned(),
    }
}

impl Recorded {
    /// Returns whether other tests cover what the request uses (superjson, streams, subscriptions),
    /// or velox does not support it (forms and binary bodies).
    fn is_left_out(&self) -> bool {
        // This server used superjson.
        self.server == 4012
            || self
                .arguments
                .iter()
                .any(|argument| ["-F", "--data-binary", "Last-Event-Id:", "application/jsonl"].contains(&&**argument))
            || ["/gen", "/sub"].iter().any(|path| self.target.starts_with(path))
    }

    fn argument(&self, name: &str) -> Option<&str> {
        let at = self.arguments.iter().position(|argument| argument == name)?;
        self.arguments.get(at + 1).map(String::as_str)
    }

    fn request(&self) -> Request<Body> {
        let body = self.argument("-d");
        let method = match self.argument("-X") {
            _ if self.arguments.iter().any(|argument| argument == "-I") => Method::HEAD,
            Some(method) => method.parse().expect("a method"),
            None => Method::GET,
        };
        let mut request = Request::builder().method(method).uri(format!("/trpc/{}", below(&self.target[1..])));
        if let Some(at) = self.arguments.iter().position(|argument| argument == "content-type:") {
            request = request.header("content-type", &self.arguments[at + 1]);
        } else if body.is_some() {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        request.body(body.unwrap_or_default().to_owned().into()).expect("a request")
    }
}

/// Adds the namespace to each path of a target. `nope` is unknown everywhere.
fn below(target: &str) -> String {
    let (paths, query) =
        target.split_once('?').map_or((target, String::new()), |(paths, query)| (paths, format!("?{query}")));
    let path = |path: &str| match path {
        "nope" | "%E0%A4%A" => path.to_owned(),
        "nested.post.byId" => "t.byId".to_owned(),
        _ => format!("t.{path}"),
    };
    paths.split(',').map(path).collect::<Vec<_>>().join(",") + &query
}

/// Changes a recorded body to what velox must send. It adds the namespace, and replaces texts of
/// Zod 4 and V8, the text of an error that callers must not see, and a header that must not be sent
/// back.
fn expected(mut body: Value) -> Value {
    for reply in body.as_array_mut().map_or_else(Vec::new, |list| list.iter_mut().collect()) {
        *reply = expected(reply.take());
    }
    let Some(error) = body.get_mut("error") else { return body };
    if let Some(path) = error["data"].get("path").and_then(Value::as_str).map(below) {
        error["data"]["path"] = path.into();
    }
    let message = error["message"].as_str().expect("a message").to_owned();
    error["message"] = match message.split_once("path \"") {
        Some((before, path)) if message.starts_with("Unsupported") => format!("{before}path \"{}", below(path)).into(),
        _ if ["[", "Expected ", "secret db", "Unsupported content-type"]
            .iter()
            .any(|start| message.starts_with(start)) =>
        {
            Value::Null
        }
        _ => message.into(),
    };
    body
}

/// Removes the members of a received body that were not recorded, because velox adds more to
/// `data`.
fn comparable(received: &Value, recorded: &Value) -> Value {
    match (received, recorded) {
        (Value::Object(received), Value::Object(recorded)) => {
            let member = |(key, value): (&String, &Value)| {
                (key.clone(), received.get(key).map_or_else(|| json!("missing"), |here| comparable(here, value)))
            };
            recorded.iter().map(member).collect()
        }
        (Value::Array(received), Value::Array(recorded)) if received.len() == recorded.len() => {
            received.iter().zip(recorded).map(|(received, recorded)| comparable(received, recorded)).collect()
        }
        // This text is not compared.
        (Value::String(_), Value::Null) => Value::Null,
        _ => received.clone(),
    }
}

#[tokio::test]
async fn replies_match_those_of_trpc_server() {
    let plain = service(Trpc::at("/trpc").max_batch_size(5));
    let single = service(Trpc::at("/trpc").without_batches().method_override(true));
    let mut compared = 0;
    for recorded in recorded().iter().filter(|recorded| !recorded.is_left_out()) {
        let service = if recorded.server == 4013 { &single } else { &plain };
        let reply = send(service, recorded.request()).await;
        let what = format!("{:?} {}: {}", recorded.arguments, recorded.target, reply.body);
        assert_eq!(reply.status.as_u16(), recorded.status, "{what}");
        for name in ["allow", "vary"] {
            assert_eq!(reply.header(name), recorded.headers.get(name).map(String::as_str), "{name}: {what}");
        }
        if recorded.body.is_empty() {
            assert_eq!(reply.body, Value::Null, "{what}");
        } else {
            let body = expected(serde_json::from_str(&recorded.body).expect("JSON"));
            assert_eq!(comparable(&reply.body, &body), body, "{what}");
        }
        compared += 1;
    }
    assert_eq!(compared, 32);
}
