//! Calls each procedure through every transport. The same input must have the same outcome for
//! every user.

mod cases;
mod direct;
mod events;
mod rest;
mod trpc;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use velox_reference::{AppState, app};
use velox_rpc::App;
use velox_rpc::call::Kind;
use velox_rpc::router::Manifest;

use self::cases::{CASES, Case};
use self::trpc::Way;
use crate::world::{ADMIN, ALICE, Account, settings};

/// Runs a case through each transport. To add a transport, add a line here.
async fn through_each(case: &Case, visitor: &Visitor) -> Vec<(&'static str, Vec<Outcome>)> {
    let alone = vec![
        ("REST", run(rest::Rest::start(new_app()).await, case, visitor).await),
        ("the direct caller", run(direct::Direct::start(new_app()), case, visitor).await),
        ("tRPC", run(trpc::Trpc::start(new_app(), Way::Alone), case, visitor).await),
    ];
    if case.is_subscription() {
        // The direct caller makes its own request.
        return alone;
    }
    let batches = vec![
        ("tRPC in a batch", run(trpc::Trpc::start(new_app(), Way::Batch), case, visitor).await),
        ("tRPC in a stream", run(trpc::Trpc::start(new_app(), Way::Stream), case, visitor).await),
    ];
    alone.into_iter().chain(batches).collect()
}

impl Case {
    fn is_subscription(&self) -> bool {
        static MANIFEST: LazyLock<Manifest> = LazyLock::new(manifest);
        let entry = MANIFEST.entries().iter().find(|entry| entry.name().to_string() == self.procedure);
        entry.is_some_and(|entry| entry.name().kind() == Kind::Subscription)
    }
}

/// A way to send calls to an application.
trait Transport {
    /// Calls a procedure by its name. `Value::Null` means no input.
    async fn call(&mut self, name: &str, input: &Value, headers: &HeaderMap) -> Outcome;

    /// Subscribes and reads this many events, or all. The result is a list of events, each with its
    /// id and data.
    async fn subscribe(&mut self, name: &str, input: &Value, headers: &HeaderMap, events: usize) -> Outcome;
}

/// The outcome of a call.
#[derive(Debug, Clone, PartialEq)]
struct Outcome {
    /// The result, or the status and body of the error.
    result: Result<Value, (u16, Value)>,
    /// The headers that the procedure and its middlewares set, without values that differ from call
    /// to call.
    headers: BTreeSet<String>,
    /// The cookies that were set, in the form in which a browser sends them back.
    cookies: Vec<String>,
}

impl Outcome {
    /// Removes the name of an error's class, for which tRPC has no place, and in a stream the
    /// headers, which may have been sent before.
    fn as_sent_by(&self, transport: &str) -> Self {
        let mut outcome = self.clone();
        if transport == "tRPC in a stream" {
            outcome.headers.clear();
        }
        if transport.starts_with("tRPC")
            && let Err((_, body)) = &mut outcome.result
        {
            body.as_object_mut().expect("an envelope").remove("error");
        }
        outcome
    }
}

/// The user who calls.
struct Visitor {
    name: &'static str,
    account: Option<&'static Account>,
}

const VISITORS: [Visitor; 3] = [
    Visitor { name: "nobody", account: None },
    Visitor { name: "alice", account: Some(&ALICE) },
    Visitor { name: "admin", account: Some(&ADMIN) },
];

#[tokio::test]
async fn each_procedure_has_the_same_outcome_through_each_transport() {
    for case in CASES {
        for visitor in &VISITORS {
            let mut outcomes = through_each(case, visitor).await.into_iter();
            let (_, expected) = outcomes.next().expect("there is a transport");
            for (transport, outcome) in outcomes {
                // The token comes with a cookie, which a stream can no longer set.
                if (transport, case.procedure) == ("tRPC in a stream", "csrf.getToken") {
                    continue;
                }
                let outcome: Vec<_> = outcome.iter().map(|outcome| outcome.as_sent_by(transport)).collect();
                let expected: Vec<_> = expected.iter().map(|expected| expected.as_sent_by(transport)).collect();
                let (procedure, name) = (case.procedure, visitor.name);
                assert_eq!(outcome, expected, "`{procedure}` by {transport}, for {name}: {}", case.inputs);
            }
        }
    }
}

/// Other tests check what the contract says about each procedure. A case that fails for every
/// visitor would prove little here.
#[tokio::test]
async fn each_case_ends_well_for_somebody_unless_its_procedure_never_does() {
    for case in CASES.iter().filter(|case| !case.always_fails) {
        let mut well = false;
        for visitor in &VISITORS {
            let outcomes = run(direct::Direct::start(new_app()), case, visitor).await;
            well |= outcomes.iter().any(|outcome| outcome.result.is_ok());
        }
        assert!(well, "`{}`: {}", case.procedure, case.inputs);
    }
}

#[test]
fn each_procedure_has_a_case() {
    let names: BTreeSet<_> = manifest().entries().iter().map(|entry| entry.name().to_string()).collect();
    let cases: BTreeSet<_> = CASES.iter().map(|case| case.procedure.to_owned()).collect();
    assert_eq!(cases, names);
}

/// Logs the visitor in through the same transport, and makes the calls of a case one after the
/// other.
async fn run(mut transport: impl Transport, case: &Case, visitor: &Visitor) -> Vec<Outcome> {
    let (own, headers): (Vec<_>, Vec<_>) = case.headers.iter().partition(|(name, _)| *name == "cookie");
    let mut cookies: Vec<_> = own.into_iter().map(|(_, cookie)| (*cookie).to_owned()).collect();
    if let Some(account) = visitor.account {
        for login in ["auth.login", "short.login"] {
            let outcome = transport.call(login, &account.credentials(), &HeaderMap::new()).await;
            assert!(outcome.result.is_ok(), "{outcome:?}");
            keep(&mut cookies, outcome.cookies);
        }
    }
    let inputs: Vec<Value> = serde_json::from_str(case.inputs).expect("the cases are JSON");
    let mut outcomes = Vec::new();
    for input in inputs {
        let mut headers: HeaderMap = headers.iter().map(|(name, value)| header(name, value)).collect();
        if !cookies.is_empty() {
            headers.extend([header("cookie", &cookies.join("; "))]);
        }
        let mut outcome = match case.is_subscription() {
            true => transport.subscribe(case.procedure, &input, &headers, case.events).await,
            false => transport.call(case.procedure, &input, &headers).await,
        };
        keep(&mut cookies, outcome.cookies.clone());
        blank(&mut outcome, case.differs);
        outcomes.push(outcome);
    }
    outcomes
}

/// Replaces cookies by new ones of the same name.
fn keep(cookies: &mut Vec<String>, new: Vec<String>) {
    let name = |cookie: &str| cookie.split('=').next().unwrap_or_default().to_owned();
    for cookie in new {
        cookies.retain(|present| name(present) != name(&cookie));
        cookies.push(cookie);
    }
}

/// Removes what is different each time: the values of cookies, and one member of the result.
fn blank(outcome: &mut Outcome, differs: Option<&str>) {
    for cookie in &mut outcome.cookies {
        let is_there = cookie.split_once('=').is_some_and(|(_, value)| !value.is_empty());
        let name = cookie.split('=').next().unwrap_or_default();
        *cookie = format!("{name} {}", if is_there { "set" } else { "removed" });
    }
    if let (Some(member), Ok(result)) = (differs, &mut outcome.result) {
        assert!(result[member].take().is_string(), "`{member}` is there");
    }
}

/// Returns the headers of a reply that are compared, and its cookies.
fn headers_and_cookies(headers: &HeaderMap) -> (BTreeSet<String>, Vec<String>) {
    let text = |value: &HeaderValue| value.to_str().expect("visible ASCII").to_owned();
    let pair = |line: String| line.split(';').next().unwrap_or_default().to_owned();
    let cookies = headers.get_all("set-cookie").iter().map(text).map(pair).collect();
    let others = headers.iter().filter(|(name, _)| !OF_THE_TRANSPORT.contains(&name.as_str()));
    // The end of a window depends on its start.
    let named = others.map(|(name, value)| match name.as_str() {
        "x-ratelimit-reset" | "retry-after" => name.to_string(),
        _ => format!("{name}: {}", text(value)),
    });
    let named = named.filter(|line| line != "cache-control: no-cache, no-transform");
    (named.collect(), cookies)
}

/// Returns an error in the form in which it is compared. Its body contains the id that the log
/// shows.
fn failure(status: u16, mut body: Value) -> (u16, Value) {
    body.as_object_mut().expect("an envelope").remove("requestId");
    (status, body)
}

fn header(name: &str, value: &str) -> (HeaderName, HeaderValue) {
    (HeaderName::try_from(name).expect("a name"), HeaderValue::try_from(value).expect("a value"))
}

fn new_app() -> App<AppState> {
    app(&settings()).expect("good settings")
}

fn manifest() -> Manifest {
    new_app().into_service().expect("good routes").manifest().clone()
}

const OF_THE_TRANSPORT: [&str; 10] = [
    "allow",
    "connection",
    "content-length",
    "content-type",
    "date",
    "set-cookie",
    "transfer-encoding",
    "x-accel-buffering",
    "x-content-type-options",
    "x-request-id",
];
