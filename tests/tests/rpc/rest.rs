//! Tests the REST wire: the routes of procedures, their inputs, and the replies.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll};

use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use http_body::{Body, Frame};
use http_body_util::{Full, Limited};
use serde_json::{Value, json};
use velox_rpc::context::Peer;
use velox_rpc::procedure::Procedure;
use velox_rpc::service::Ended;
use velox_rpc::{App, Call, Error, Mutation, Query, Result, Router, procedure, router, schema};
use velox_tests::{Client, Reply, get, json};

#[schema]
struct ById {
    id: String,
}

#[schema]
struct Nothing {}

fn query() -> Procedure<()> {
    procedure().input::<ById>().query(|Call { input, .. }| Ok(input)).into()
}

fn mutation() -> Procedure<()> {
    procedure().input::<ById>().mutation(|Call { input, .. }| Ok(input)).into()
}

/// `METHOD path` of the only procedure, or `-` if it has no route.
fn route_of(router: Router<()>) -> String {
    let service = App::new(()).router(router).into_service().expect("a good route");
    match service.manifest().entries()[0].route() {
        Some((method, path)) => format!("{method} {path}"),
        None => "-".to_owned(),
    }
}

// ---- Naming ----

#[test]
fn ten_verbs_have_a_route_by_convention() {
    for (name, procedure, route) in [
        ("getUser", query(), "GET /api/users/:id"),
        ("listUsers", query(), "GET /api/users"),
        ("findUsers", query(), "GET /api/users"),
        ("createUser", mutation(), "POST /api/users"),
        ("addUser", mutation(), "POST /api/users"),
        ("updateUser", mutation(), "PUT /api/users/:id"),
        ("editUser", mutation(), "PUT /api/users/:id"),
        ("patchUser", mutation(), "PATCH /api/users/:id"),
        ("deleteUser", mutation(), "DELETE /api/users/:id"),
        ("removeUser", mutation(), "DELETE /api/users/:id"),
    ] {
        assert_eq!(route_of(Router::new("users").procedure(name, procedure)), route, "{name}");
    }
}

#[test]
fn a_verb_of_the_other_kind_has_no_convention() {
    for (name, procedure, route) in [
        ("getUser", mutation(), "POST /api/users/getUser"),
        ("listUsers", mutation(), "POST /api/users/listUsers"),
        ("createUser", query(), "GET /api/users/createUser"),
        ("updateUser", query(), "GET /api/users/updateUser"),
        ("deleteUser", query(), "GET /api/users/deleteUser"),
    ] {
        assert_eq!(route_of(Router::new("users").procedure(name, procedure)), route, "{name}");
    }
}

#[test]
fn a_verb_that_needs_an_id_has_no_convention_without_one() {
    for (name, kind) in [("getUser", "GET"), ("updateUser", "POST"), ("patchUser", "POST"), ("deleteUser", "POST")] {
        let procedure: Procedure<()> = match kind {
            "GET" => procedure().input::<Nothing>().query(|_| Ok(())).into(),
            _ => procedure().mutation(|_| Ok(())).into(),
        };
        let route = route_of(Router::new("users").procedure(name, procedure));
        assert_eq!(route, format!("{kind} /api/users/{name}"));
    }
}

#[test]
fn a_name_that_only_starts_like_a_verb_has_no_convention() {
    for name in ["get", "getaway", "listen", "findings", "GetUser", "userGet"] {
        let route = route_of(Router::new("users").procedure(name, query()));
        assert_eq!(route, format!("GET /api/users/{name}"));
    }
}

#[test]
fn any_other_name_is_its_own_path() {
    assert_eq!(route_of(Router::new("auth").procedure("login", mutation())), "POST /api/auth/login");
    assert_eq!(route_of(Router::new("auth").procedure("whoami", query())), "GET /api/auth/whoami");
}

#[test]
fn an_override_wins_over_the_convention_and_is_relative_to_the_prefix() {
    let overridden = procedure().input::<ById>().rest(Method::PUT, "/me/:id").parent("posts").mutation(|_| Ok(()));
    assert_eq!(route_of(Router::new("users").procedure("getUser", overridden)), "PUT /api/me/:id");
}

#[tokio::test]
async fn a_procedure_without_rest_has_no_route() {
    let hidden = || procedure().no_rest().query(|_| Ok(1));
    assert_eq!(route_of(Router::new("test").procedure("run", hidden())), "-");
    assert_eq!(Client::of_one(hidden()).get("/api/test/run").await.status, 404);
}

#[tokio::test]
async fn the_prefix_can_be_changed_or_empty() {
    let app = || App::new(()).router(Router::new("test").procedure("run", procedure().query(|_| Ok(1))));
    for (prefix, path) in [("/v1/public", "/v1/public/test/run"), ("", "/test/run")] {
        let api = Client::of(app().prefix(prefix));
        assert_eq!(api.get(path).await.result(), 1, "{prefix}");
        assert_eq!(api.get("/api/test/run").await.status, 404, "{prefix}");
    }
}

#[tokio::test]
async fn a_procedure_can_be_at_the_root() {
    let root = procedure().rest(Method::GET, "/").query(|_| Ok("root"));
    let api = Client::of(App::new(()).prefix("").router(Router::new("test").procedure("run", root)));
    assert_eq!(api.get("/").await.result(), "root");
}

#[tokio::test]
async fn a_path_is_matched_without_normalization() {
    let api = users();
    for path in
        ["/api/users/", "/api//users", "/API/users", "/api/Users", "/api/%75sers", "/api/users/1/", "/api/users/1/x"]
    {
        assert_eq!(api.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_literal_segment_wins_over_a_parameter() {
    let router = Router::new("users").procedure("getUser", query()).procedure("me", procedure().query(|_| Ok("me")));
    let api = Client::of(App::new(()).router(router));
    assert_eq!(api.get("/api/users/me").await.result(), "me");
    assert_eq!(api.get("/api/users/men").await.result(), json!({"id": "men"}));
}

#[tokio::test]
async fn a_parameter_matches_if_the_literal_segment_leads_nowhere() {
    let at = |path: &'static str| procedure().input::<ById>().rest(Method::GET, path);
    let router = Router::new("users")
        .procedure("parts", procedure().rest(Method::GET, "/users/me/parts").query(|_| Ok("parts")))
        .procedure("notes", at("/users/:id/notes").query(|Call { input, .. }| Ok(input)));
    let api = Client::of(App::new(()).router(router));
    assert_eq!(api.get("/api/users/me/notes").await.result(), json!({"id": "me"}));
    assert_eq!(api.get("/api/users/me/parts").await.result(), "parts");
    assert_eq!(api.get("/api/users/you/parts").await.status, 404);
}

/// The parameter's route is found, although a literal segment of another method matches too.
#[tokio::test]
async fn a_literal_segment_of_one_method_does_not_hide_a_parameter_of_another() {
    let router =
        Router::new("users").procedure("updateUser", mutation()).procedure("me", procedure().query(|_| Ok("me")));
    let api = Client::of(App::new(()).router(router));
    assert_eq!(api.json(Method::PUT, "/api/users/me", "").await.outcome(), (200, json!({"id": "me"})));
}

// ---- A router with every verb ----

#[schema]
struct User {
    id: String,
    name: Option<String>,
}

#[schema]
struct NewUser {
    name: String,
}

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<ById, User> {
        procedure().input::<ById>().query(|Call { input, .. }| Ok(User { id: input.id, name: None }))
    }

    fn list_users(&self) -> Query<(), Vec<User>> {
        procedure().query(|_| Ok(Vec::new()))
    }

    fn create_user(&self) -> Mutation<NewUser, User> {
        procedure()
            .input::<NewUser>()
            .mutation(|Call { input, .. }| Ok(User { id: "1".into(), name: Some(input.name) }))
    }

    fn update_user(&self) -> Mutation<User, User> {
        procedure().input::<User>().mutation(|Call { input, .. }| Ok(input))
    }

    fn delete_user(&self) -> Mutation<ById, ()> {
        procedure().input::<ById>().mutation(|_| Ok(()))
    }

    fn remove_users(&self) -> Mutation<(), u32> {
        procedure().rest(Method::DELETE, "/users").mutation(|_| Ok(3))
    }

    fn add_nothing(&self) -> Mutation<(), ()> {
        procedure().rest(Method::POST, "/nothings").mutation(|_| Ok(()))
    }

    fn nobody(&self) -> Query<(), Option<User>> {
        procedure().query(|_| Ok(None))
    }

    fn fail(&self) -> Query<(), ()> {
        procedure().query(|_| Err(Error::internal("the password is hunter2")))
    }

    fn absent(&self) -> Query<(), ()> {
        procedure().query(|_| Err(Error::resource_not_found("Widget", 42)))
    }
}

fn users() -> Client {
    let places = Router::new("places").procedure("address", procedure().mutation(|_| Ok(())));
    Client::of(App::new(()).router(Users).router(places))
}

// ---- Statuses and bodies ----

#[tokio::test]
async fn the_status_follows_from_method_name_and_result() {
    let api = users();
    for (method, target, body, outcome) in [
        (Method::GET, "/api/users/7", "", (200, json!({"id": "7"}))),
        (Method::GET, "/api/users", "", (200, json!([]))),
        (Method::POST, "/api/users", r#"{"name":"Ada"}"#, (201, json!({"id": "1", "name": "Ada"}))),
        (Method::PUT, "/api/users/7", r#"{"name":"Ada"}"#, (200, json!({"id": "7", "name": "Ada"}))),
        (Method::DELETE, "/api/users", "", (200, json!(3))),
        (Method::POST, "/api/nothings", "", (201, Value::Null)),
        (Method::POST, "/api/places/address", "", (200, Value::Null)),
        (Method::GET, "/api/users/nobody", "", (200, Value::Null)),
    ] {
        let reply = api.json(method.clone(), target, body).await;
        assert_eq!(reply.outcome(), outcome, "{method} {target}");
    }
}

#[tokio::test]
async fn null_is_sent_as_null() {
    assert_eq!(users().get("/api/users/nobody").await.text(), "null");
}

#[tokio::test]
async fn a_delete_without_a_result_is_204_without_a_body() {
    let reply = users().json(Method::DELETE, "/api/users/7", "").await;
    assert_eq!((reply.status.as_u16(), reply.text(), reply.header("content-type")), (204, "", None));
}

#[tokio::test]
async fn absent_optional_keys_are_left_out() {
    assert_eq!(users().get("/api/users/7").await.text(), r#"{"id":"7"}"#);
}

#[tokio::test]
async fn head_has_the_head_of_get_and_no_body() {
    let api = users();
    for target in ["/api/users/7", "/api/users/nobody", "/api/users/absent", "/api/nope"] {
        let get = api.get(target).await;
        let head = api.send(Request::head(target).body(String::new()).expect("a request")).await;
        assert_eq!((head.status, head.text()), (get.status, ""), "{target}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{target}");
        // The message for an unknown route contains the method, so the lengths differ.
        if target != "/api/nope" {
            assert_eq!(head.header("content-length"), Some(&*get.body.len().to_string()), "{target}");
        }
    }
}

#[tokio::test]
async fn head_runs_no_mutation() {
    let reply = users().send(Request::head("/api/places/address").body(String::new()).expect("a request")).await;
    assert_eq!((reply.status.as_u16(), reply.header("allow")), (405, Some("POST")));
}

#[tokio::test]
async fn a_wrong_method_is_405_with_all_allowed_methods() {
    let api = users();
    for (method, target, allowed) in [
        ("PATCH", "/api/users/7", ["GET", "HEAD", "PUT", "DELETE"].as_slice()),
        ("PUT", "/api/users", &["GET", "HEAD", "POST", "DELETE"]),
        // Here a literal segment and a parameter of other methods match.
        ("PATCH", "/api/users/nobody", &["GET", "HEAD", "PUT", "DELETE"]),
        ("GET", "/api/places/address", &["POST"]),
        ("OPTIONS", "/api/places/address", &["POST"]),
        ("TRACE", "/api/places/address", &["POST"]),
        ("BREW", "/api/places/address", &["POST"]),
    ] {
        let request = Request::builder().method(method).uri(target).body(String::new()).expect("a request");
        let reply = api.send(request).await;
        assert_eq!(reply.failure(), (405, "METHOD_NOT_SUPPORTED".into()), "{method} {target}");
        let mut allow: Vec<_> = reply.header("allow").expect("an Allow").split(", ").collect();
        let mut allowed = allowed.to_vec();
        allow.sort_unstable();
        allowed.sort_unstable();
        assert_eq!(allow, allowed, "{method} {target}");
    }
}

#[tokio::test]
async fn headers_that_override_the_method_are_ignored() {
    let api = users();
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let mut request = get("/api/places/address?_method=POST");
        request.headers_mut().insert(name, HeaderValue::from_static("POST"));
        assert_eq!(api.send(request).await.status, 405, "{name}");
    }
}

#[tokio::test]
async fn the_error_for_an_unknown_route_names_method_and_target() {
    let reply = users().get("/api/nope?x=1&y=%20").await;
    let body = json!({
        "error": "Not Found",
        "message": "Route GET:/api/nope?x=1&y=%20 not found",
        "statusCode": 404,
        "code": "NOT_FOUND"
    });
    assert_eq!(reply.outcome(), (404, body));
}

#[tokio::test]
async fn a_not_found_error_names_kind_and_id() {
    let body = json!({
        "error": "NotFoundError",
        "message": "Widget with id 42 not found",
        "statusCode": 404,
        "code": "NOT_FOUND",
        "resource": "Widget",
        "resourceId": "42"
    });
    assert_eq!(users().get("/api/users/absent").await.outcome(), (404, body));
}

// ---- Input of path and query ----

#[schema]
#[derive(Default)]
struct Filter {
    text: Option<String>,
    page: Option<u32>,
    offset: Option<i64>,
    ratio: Option<f64>,
    open: Option<bool>,
    tags: Option<Vec<String>>,
    ids: Option<Vec<u32>>,
    sort_by: Option<SortBy>,
}

#[schema]
enum SortBy {
    Name,
    CreatedAt,
}

fn filter() -> Client {
    Client::of_one(procedure().input::<Filter>().query(|Call { input, .. }| Ok(input)))
}

#[tokio::test]
async fn a_query_is_read_with_the_types_of_the_schema() {
    let api = filter();
    for (query, read) in [
        ("", json!({})),
        ("?", json!({})),
        ("text=hi", json!({"text": "hi"})),
        ("text=", json!({"text": ""})),
        ("text", json!({"text": ""})),
        ("text=12", json!({"text": "12"})),
        ("text=true", json!({"text": "true"})),
        ("text=null", json!({"text": "null"})),
        ("text=1e3", json!({"text": "1e3"})),
        ("text=%7B%22a%22%3A1%7D", json!({"text": "{\"a\":1}"})),
        ("page=2", json!({"page": 2})),
        ("page=", json!({})),
        ("offset=-3", json!({"offset": -3})),
        ("ratio=1.5", json!({"ratio": 1.5})),
        ("ratio=2", json!({"ratio": 2.0})),
        ("open=true", json!({"open": true})),
        ("open=false", json!({"open": false})),
        ("open=1", json!({"open": true})),
        ("open=0", json!({"open": false})),
        ("tags=a&tags=b", json!({"tags": ["a", "b"]})),
        ("tags=a", json!({"tags": ["a"]})),
        ("tags=1&tags=2", json!({"tags": ["1", "2"]})),
        ("ids=1&ids=2", json!({"ids": [1, 2]})),
        ("ids=1", json!({"ids": [1]})),
        ("sortBy=createdAt", json!({"sortBy": "createdAt"})),
        ("text=a&page=2&open=true", json!({"text": "a", "page": 2, "open": true})),
    ] {
        let reply = api.get(&format!("/api/test/run{}{query}", if query.starts_with('?') { "" } else { "?" })).await;
        assert_eq!(reply.outcome(), (200, read), "{query}");
    }
}

#[tokio::test]
async fn a_query_is_decoded_as_a_form() {
    let api = filter();
    for (query, text) in [
        ("text=a+b", "a b"),
        ("text=a%20b", "a b"),
        ("text=a%2Bb", "a+b"),
        ("text=a%26b%3Dc", "a&b=c"),
        ("text=%C3%A4%F0%9F%98%80", "ä😀"),
        ("te%78t=x", "x"),
        ("text=100%", "100%"),
        ("text=a=b", "a=b"),
    ] {
        let reply = api.get(&format!("/api/test/run?{query}")).await;
        assert_eq!(reply.outcome(), (200, json!({"text": text})), "{query}");
    }
}

#[tokio::test]
async fn issues_of_an_invalid_query_name_their_fields() {
    let api = filter();
    for (query, issue) in [
        ("page=x", "page: Expected number, received nan"),
        ("page=1.5", "page: Expected integer, received float"),
        ("page=-1", "page: Number must be greater than or equal to 0"),
        ("page=1&page=2", "page: Expected number, received array"),
        ("text=a&text=b", "text: Expected string, received array"),
        ("open=yes", "open: Expected boolean, received string"),
        ("ids=1&ids=x", "ids[1]: Expected number, received nan"),
        ("sortBy=age", "sortBy: Invalid enum value. Expected 'name' | 'createdAt'"),
    ] {
        let reply = api.get(&format!("/api/test/run?{query}")).await;
        assert_eq!(reply.issues(), [issue], "{query}");
    }
}

#[tokio::test]
async fn all_issues_are_reported_at_once() {
    let issues = filter().get("/api/test/run?page=x&open=yes&sortBy=age").await.issues();
    assert_eq!(issues.len(), 3, "{issues:?}");
}

#[tokio::test]
async fn unknown_keys_are_dropped() {
    let api = filter();
    assert_eq!(api.get("/api/test/run?text=a&admin=true&__proto__=x").await.result(), json!({"text": "a"}));
    let api = users();
    let reply = api.post("/api/users", r#"{"name":"Ada","id":"9","admin":true,"__proto__":{"a":1}}"#).await;
    assert_eq!(reply.result(), json!({"id": "1", "name": "Ada"}));
}

#[tokio::test]
async fn issues_do_not_name_unknown_keys() {
    let reply = filter().get("/api/test/run?page=x&surprising=hunter2").await;
    assert!(!reply.text().contains("surprising") && !reply.text().contains("hunter2"), "{}", reply.text());
}

fn member(method: Method) -> Client {
    let echo = procedure().input::<User>().rest(method, "/members/:id").mutation(|Call { input, .. }| Ok(input));
    Client::of(App::new(()).router(Router::new("members").procedure("touch", echo)))
}

#[tokio::test]
async fn a_parameter_of_the_path_wins_over_the_body() {
    for method in [Method::POST, Method::PUT, Method::PATCH] {
        let reply = member(method.clone()).json(method.clone(), "/api/members/7", r#"{"name":"Ada","id":"8"}"#).await;
        assert_eq!(reply.result(), json!({"id": "7", "name": "Ada"}), "{method}");
    }
}

#[tokio::test]
async fn a_parameter_of_the_path_wins_over_the_query() {
    let reply = member(Method::DELETE).json(Method::DELETE, "/api/members/7?id=8&id=9&name=Ada", "").await;
    assert_eq!(reply.result(), json!({"id": "7", "name": "Ada"}));
}

#[tokio::test]
async fn a_method_with_a_body_takes_nothing_from_the_query() {
    let reply = member(Method::POST).post("/api/members/7?name=Eve", "").await;
    assert_eq!(reply.result(), json!({"id": "7"}));
}

#[tokio::test]
async fn an_input_may_come_from_the_path_alone() {
    assert_eq!(member(Method::PUT).json(Method::PUT, "/api/members/7", "").await.result(), json!({"id": "7"}));
}

#[tokio::test]
async fn a_parameter_of_the_path_is_decoded_once() {
    let api = users();
    for (segment, id) in [
        ("a%20b", "a b"),
        ("a+b", "a+b"),
        ("a%2Fb", "a/b"),
        ("%2e%2e", ".."),
        ("%2541", "%41"),
        ("%C3%A4", "ä"),
        ("100%", "100%"),
        ("%zz", "%zz"),
        ("a:b;c=d,e@f", "a:b;c=d,e@f"),
        ("%00", "\0"),
    ] {
        assert_eq!(api.get(&format!("/api/users/{segment}")).await.result(), json!({"id": id}), "{segment}");
    }
}

#[tokio::test]
async fn a_path_that_is_not_utf8_is_refused() {
    for segment in ["%FF", "a%C3", "%C0%AF", "%ED%A0%80"] {
        let reply = users().get(&format!("/api/users/{segment}")).await;
        assert_eq!(reply.failure(), (400, "BAD_REQUEST".into()), "{segment}");
    }
}

#[tokio::test]
async fn a_query_that_is_not_utf8_is_refused() {
    for text in ["%FF", "a%C3", "%C0%AF", "%ED%A0%80"] {
        let reply = filter().get(&format!("/api/test/run?text={text}")).await;
        assert_eq!(reply.status, 400, "{text}: {reply:?}");
    }
}

#[schema]
struct Numbered {
    id: u32,
    flag: Option<bool>,
}

#[tokio::test]
async fn a_path_parameter_is_read_with_its_type() {
    for method in [Method::GET, Method::PUT] {
        let numbered = procedure().input::<Numbered>().rest(method.clone(), "/numbered/:id");
        let finished: Procedure<()> = match method {
            Method::GET => numbered.query(|Call { input, .. }| Ok(input)).into(),
            _ => numbered.mutation(|Call { input, .. }| Ok(input)).into(),
        };
        let api = Client::of_one(finished);
        assert_eq!(api.json(method.clone(), "/api/numbered/7", "").await.result(), json!({"id": 7}), "{method}");
        let issues = api.json(method.clone(), "/api/numbered/seven", "").await.issues();
        assert!(issues.len() == 1 && issues[0].starts_with("id: Expected number"), "{method}: {issues:?}");
    }
}

#[tokio::test]
async fn strings_in_a_body_are_not_converted_to_numbers() {
    let numbered = procedure().input::<Numbered>().mutation(|Call { input, .. }| Ok(input));
    let reply = Client::of_one(numbered).post("/api/test/run", r#"{"id":"7","flag":"true"}"#).await;
    assert_eq!(reply.issues(), ["id: Expected number, received string", "flag: Expected boolean, received string"]);
}

#[schema]
#[serde(untagged)]
enum Either {
    One { id: String, one: bool },
    Two { id: String, two: bool },
}

#[schema]
#[serde(tag = "kind")]
enum Tagged {
    One { id: String },
    Two { id: String, count: u8 },
}

/// The body is JSON but not an object, and the input is merged from path and body.
#[tokio::test]
async fn a_non_object_body_beside_a_path_parameter_is_a_validation_error() {
    let either = procedure().input::<Either>().rest(Method::PUT, "/x/:id").mutation(|Call { input, .. }| Ok(input));
    let tagged = procedure().input::<Tagged>().rest(Method::PUT, "/y/:id").mutation(|Call { input, .. }| Ok(input));
    let plain = procedure().input::<User>().rest(Method::PUT, "/z/:id").mutation(|Call { input, .. }| Ok(input));
    let router = Router::new("test").procedure("x", either).procedure("y", tagged).procedure("z", plain);
    let api = Client::of(App::new(()).router(router));
    for path in ["/api/x/1", "/api/y/1", "/api/z/1"] {
        for body in ["[]", "7", "\"x\"", "null", "true", r#"["1",true]"#] {
            assert_eq!(
                api.json(Method::PUT, path, body).await.failure(),
                (400, "VALIDATION_ERROR".into()),
                "{path} {body}"
            );
        }
    }
    assert_eq!(api.json(Method::PUT, "/api/x/1", r#"{"two":true}"#).await.result(), json!({"id": "1", "two": true}));
    let two = r#"{"kind":"two","count":2}"#;
    assert_eq!(api.json(Method::PUT, "/api/y/1", two).await.result(), json!({"kind": "two", "id": "1", "count": 2}));
}

/// A number is never truncated, rounded or wrapped around.
#[tokio::test]
async fn numbers_are_exact_or_refused() {
    let numbered = procedure().input::<Numbered>().mutation(|Call { input, .. }| Ok(input));
    let api = Client::of_one(numbered);
    for (number, value) in [
        ("7", Some(7)),
        ("0", Some(0)),
        ("-0", Some(0)),
        ("4294967295", Some(u32::MAX)),
        ("7.0", Some(7)),
        ("7e0", Some(7)),
        ("70e-1", Some(7)),
        ("4294967296", None),
        ("18446744073709551616", None),
        ("1e400", None),
        ("-1", None),
        ("1.5", None),
        ("1e-400", None),
        ("7.00000000000000000001", None),
        ("\"7\"", None),
        ("true", None),
        ("[7]", None),
        ("{}", None),
        ("null", None),
        ("NaN", None),
        ("Infinity", None),
        ("0x7", None),
        ("07.0", None),
        ("7.", None),
    ] {
        let reply = api.post("/api/test/run", format!("{{\"id\":{number}}}")).await;
        match reply.status.as_u16() {
            200 => assert_eq!(Some(reply.json()), value.map(|value| json!({"id": value})), "{number}"),
            status => assert_eq!((status, value), (400, None), "{number}"),
        }
    }
}

#[tokio::test]
async fn numbers_of_a_query_are_exact_or_refused() {
    let api = filter();
    for text in [
        "page=4294967296",
        "page=99999999999999999999",
        "page=1e400",
        "page=-1",
        "page=0x7",
        "ratio=1e400",
        "ratio=NaN",
        "ratio=Infinity",
        "ratio=-inf",
        "offset=9223372036854775808",
    ] {
        assert_eq!(
            api.get(&format!("/api/test/run?{text}")).await.failure(),
            (400, "VALIDATION_ERROR".into()),
            "{text}"
        );
    }
    let reply = api.get("/api/test/run?page=4294967295&offset=-9223372036854775808&ratio=0.1").await;
    assert_eq!(reply.text(), r#"{"page":4294967295,"offset":-9223372036854775808,"ratio":0.1}"#);
}

// ---- Bodies ----

#[schema]
struct Post {
    title: String,
    author: Option<Author>,
    tags: Option<Vec<String>>,
    parts: Option<Vec<Part>>,
    labels: Option<HashMap<String, Value>>,
}

#[schema]
struct Author {
    name: String,
    age: Option<u8>,
}

#[schema]
struct Part {
    text: String,
}

fn posts() -> Client {
    Client::of_one(procedure().input::<Post>().mutation(|Call { input, .. }| Ok(input)))
}

async fn post(body: impl Into<Bytes>) -> Reply {
    posts().post("/api/test/run", body).await
}

#[tokio::test]
async fn a_body_is_read() {
    let body = json!({
        "title": "One", "author": {"name": "Ada", "age": 36}, "tags": ["a"], "parts": [{"text": "x"}], "labels": {"a": [1, {}]}
    });
    assert_eq!(post(body.to_string()).await.result(), body);
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    for body in [
        "{",
        "{}{}",
        "{} x",
        "[1,]",
        "{\"title\":}",
        "nul",
        "NaN",
        "{'title':1}",
        "{title:1}",
        "{\"a\":1,}",
        "01",
        "1e999",
        "\"\n\"",
        "// {}",
        "\u{feff}{\"title\":\"x\"}",
        " ",
        "\n",
    ] {
        assert_eq!(post(body).await.failure(), (400, "INVALID_JSON".into()), "{body:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_utf8_is_refused() {
    for body in [&b"{\"title\":\"\xff\"}"[..], b"\xff\xfe{\x00}\x00", b"{\"title\":\"\xed\xa0\x80\"}"] {
        assert_eq!(post(body).await.failure(), (400, "INVALID_JSON".into()), "{body:?}");
    }
}

#[tokio::test]
async fn a_lone_surrogate_is_refused() {
    assert_eq!(post(r#"{"title":"\ud800"}"#).await.status, 400);
}

#[tokio::test]
async fn a_repeated_key_is_refused_at_every_depth() {
    for body in [
        r#"{"title":"a","title":"b"}"#,
        r#"{"title":"a","titl\u0065":"b"}"#,
        r#"{"title":"a","unknown":1,"unknown":2}"#,
        r#"{"title":"a","unknown":{"x":1,"x":2}}"#,
        r#"{"title":"a","author":{"name":"a","name":"b"}}"#,
        r#"{"title":"a","parts":[{"text":"a","text":"b"}]}"#,
        r#"{"title":"a","labels":{"x":1,"x":2}}"#,
    ] {
        assert_eq!(post(body).await.failure(), (400, "INVALID_JSON".into()), "{body}");
    }
}

#[tokio::test]
async fn deep_json_is_refused() {
    for levels in [200, 100_000] {
        let deep = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        for body in [
            format!(r#"{{"title":"a","unknown":{deep}}}"#),
            format!(r#"{{"title":"a","labels":{{"x":{deep}}}}}"#),
            deep,
        ] {
            assert_eq!(post(body).await.failure(), (400, "INVALID_JSON".into()), "{levels}");
        }
    }
}

#[tokio::test]
async fn json_within_the_depth_is_read() {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(post(format!(r#"{{"title":"a","labels":{{"x":{deep}}}}}"#)).await.status, 200);
}

#[tokio::test]
async fn a_non_object_body_is_a_validation_error() {
    for (body, received) in [
        ("[]", "array"),
        ("[\"a\"]", "array"),
        ("\"x\"", "string"),
        ("7", "number"),
        ("null", "null"),
        ("true", "boolean"),
    ] {
        assert_eq!(post(body).await.issues(), [format!(": Expected object, received {received}")], "{body}");
    }
}

#[tokio::test]
async fn a_missing_body_is_reported_as_required() {
    assert_eq!(post("").await.issues(), [": Required"]);
}

#[schema]
struct Short {
    #[validate(length(min = 2, max = 5))]
    text: String,
}

#[tokio::test]
async fn lengths_are_counted_in_characters() {
    let api = Client::of_one(procedure().input::<Short>().mutation(|Call { input, .. }| Ok(input)));
    for (text, status) in
        [("a", 400), ("ab", 200), ("abcde", 200), ("abcdef", 400), ("😀", 400), ("😀😀😀😀😀", 200), ("äöüßéî", 400)]
    {
        let reply = api.post("/api/test/run", json!({"text": text}).to_string()).await;
        assert_eq!(reply.status.as_u16(), status, "{text}");
    }
}

#[schema]
struct Id(String);

#[tokio::test]
async fn a_non_object_input_is_read_from_the_whole_body() {
    let api = Client::of_one(procedure().input::<Id>().mutation(|Call { input, .. }| Ok(input)));
    assert_eq!(api.post("/api/test/run", "\"x\"").await.result(), "x");
    assert_eq!(api.post("/api/test/run", "{}").await.issues(), [": Expected string, received object"]);
    assert_eq!(api.post("/api/test/run", "[\"x\"]").await.issues(), [": Expected string, received array"]);
}

/// Removes, doubles and replaces every byte of a valid body, by every byte with a meaning in JSON.
#[tokio::test]
async fn no_changed_byte_of_a_body_is_a_server_error() {
    let good = r#"{"title":"One","author":{"name":"A\u0061","age":36},"tags":["a"],"parts":[{"text":"x"}],"labels":{"a":[1e0,{}]}}"#;
    let api = posts();
    for at in 0..good.len() {
        let (before, after) = (&good.as_bytes()[..at], &good.as_bytes()[at..]);
        let mut changed = vec![[before, &after[1..]].concat(), [before, &after[..1], after].concat()];
        changed.extend(b"{}[]\",:\\0-.e \0\x80\xff".iter().map(|byte| [before, &[*byte], &after[1..]].concat()));
        for body in changed {
            let shown = String::from_utf8_lossy(&body).into_owned();
            assert!(api.post("/api/test/run", body).await.status.as_u16() < 500, "{shown}");
        }
    }
}

#[tokio::test]
async fn no_query_is_a_server_error() {
    let api = filter();
    for key in ["text", "page", "offset", "ratio", "open", "tags", "ids", "sortBy", "", "constructor"] {
        for value in [
            "", "=", "=1", "=-1", "=1e9", "=%00", "=%", "=%FF", "=[]", "={}", "=null", "=true", "[]=1", "[a]=1",
            ".a=1", "=1&", "=a,b",
        ] {
            let query = format!("{key}{value}");
            for target in [format!("/api/test/run?{query}"), format!("/api/test/run?{query}&{query}")] {
                let request = Request::get(&target).body(String::new()).expect("a request");
                assert!(api.send(request).await.status.as_u16() < 500, "{target}");
            }
        }
    }
}

#[tokio::test]
async fn an_array_in_place_of_a_nested_object_is_refused() {
    let expected = "Expected object, received array";
    for (body, issues) in [
        (r#"{"title":"a","author":["Ada",36]}"#, vec![format!("author: {expected}")]),
        (r#"{"title":"a","parts":[["x"]]}"#, vec![format!("parts[0]: {expected}")]),
        (r#"{"title":"a","parts":[{"text":"x"},["x"]]}"#, vec![format!("parts[1]: {expected}")]),
    ] {
        assert_eq!(post(body).await.issues(), issues, "{body}");
    }
}

#[tokio::test]
async fn every_bad_field_is_reported_with_its_path_and_without_its_value() {
    let reply = post(r#"{"author":{"age":"hunter2"},"tags":"hunter2","parts":[{},{"text":7}]}"#).await;
    let issues = [
        "title: Required",
        "author.name: Required",
        "author.age: Expected number, received string",
        "tags: Expected array, received string",
        "parts[0].text: Required",
        "parts[1].text: Expected string, received number",
    ];
    assert_eq!(reply.issues(), issues);
    assert!(!reply.text().contains("hunter2"));
}

#[tokio::test]
async fn issues_are_sent_as_a_list_and_by_field_in_the_same_order() {
    let reply = post(r#"{"author":{},"tags":7}"#).await;
    let body = json!({
        "error": "ValidationError",
        "message": "Validation failed",
        "statusCode": 400,
        "code": "VALIDATION_ERROR",
        "fields": {"title": "Required", "author.name": "Required", "tags": "Expected array, received number"},
        "details": [
            {"field": "title", "message": "Required"},
            {"field": "author.name", "message": "Required"},
            {"field": "tags", "message": "Expected array, received number"},
        ],
    });
    assert_eq!(reply.outcome(), (400, body.clone()));
    let keys = |value: &Value| value["fields"].as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&reply.json()), keys(&body));
}

fn typed(content_type: Option<&str>, body: &str) -> Request<Full<Bytes>> {
    let mut request = json(Method::POST, "/api/test/run", body.to_owned());
    request.headers_mut().remove("content-type");
    if let Some(content_type) = content_type {
        request.headers_mut().insert("content-type", content_type.parse().expect("a header's value"));
    }
    request
}

#[tokio::test]
async fn every_valid_spelling_of_the_content_type_is_accepted() {
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "APPLICATION/JSON",
        "Application/Json ; charset=\"utf-8\"",
        "application/json;",
        "application/json ;x=y",
        " application/json",
    ] {
        let reply = posts().send(typed(Some(content_type), r#"{"title":"a"}"#)).await;
        assert_eq!(reply.status, 200, "{content_type}");
    }
}

#[tokio::test]
async fn any_other_content_type_is_refused() {
    for content_type in [
        None,
        Some(""),
        Some("text/plain"),
        Some("text/plain; charset=application/json"),
        Some("text/plain;application/json"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/jsonp"),
        Some("application/json-patch+json"),
        Some("application/vnd.api+json"),
        Some("text/json"),
        Some("application"),
        Some("*/*"),
        Some("application/json, text/plain"),
    ] {
        let reply = posts().send(typed(content_type, r#"{"title":"a"}"#)).await;
        assert_eq!(reply.failure(), (415, "UNSUPPORTED_MEDIA_TYPE".into()), "{content_type:?}");
    }
}

#[tokio::test]
async fn an_empty_body_of_any_type_counts_as_none() {
    let api = Client::of_one(procedure().mutation(|_| Ok(1)));
    for content_type in [None, Some("application/json"), Some("text/plain"), Some("multipart/form-data; boundary=x")] {
        assert_eq!(api.send(typed(content_type, "")).await.result(), 1, "{content_type:?}");
    }
    let chunked = typed(Some("text/plain"), "").map(|_| Chunks::of(&[""]));
    assert_eq!(api.send(chunked).await.result(), 1, "chunked");
}

#[tokio::test]
async fn the_body_of_a_procedure_without_input_is_still_checked() {
    let api = Client::of_one(procedure().mutation(|_| Ok(1)));
    assert_eq!(api.send(typed(Some("text/plain"), "x")).await.status, 415);
    assert_eq!(api.post("/api/test/run", "{").await.failure(), (400, "INVALID_JSON".into()));
    assert_eq!(api.post("/api/test/run", "{}").await.result(), 1);
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    for encoding in ["gzip", "br", "deflate", "zstd", "gzip, identity"] {
        let mut request = json(Method::POST, "/api/test/run", r#"{"title":"a"}"#);
        request.headers_mut().insert("content-encoding", encoding.parse().expect("a header's value"));
        let reply = posts().expecting("accept-encoding").send(request).await;
        assert_eq!(reply.failure(), (415, "UNSUPPORTED_MEDIA_TYPE".into()), "{encoding}");
        assert_eq!(reply.header("accept-encoding"), Some("identity"), "RFC 9110, 15.5.16");
    }
    let mut request = json(Method::POST, "/api/test/run", r#"{"title":"a"}"#);
    request.headers_mut().insert("content-encoding", HeaderValue::from_static("identity"));
    assert_eq!(posts().send(request).await.status, 200);
}

#[tokio::test]
async fn only_an_encoding_error_has_accept_encoding() {
    let mut encoded = typed(Some("text/plain"), "x");
    encoded.headers_mut().insert("content-encoding", HeaderValue::from_static("gzip"));
    for request in [typed(Some("text/plain"), "x"), encoded] {
        let reply = posts().send(request).await;
        assert_eq!((reply.status.as_u16(), reply.header("accept-encoding")), (415, None));
    }
}

#[tokio::test]
async fn an_encoding_after_the_first_header_is_refused_too() {
    let mut request = json(Method::POST, "/api/test/run", r#"{"title":"a"}"#);
    request.headers_mut().append("content-encoding", HeaderValue::from_static("identity"));
    request.headers_mut().append("content-encoding", HeaderValue::from_static("gzip"));
    assert_eq!(posts().expecting("accept-encoding").send(request).await.status, 415);
}

// ---- The limit of bodies ----

/// A body of unknown length.
struct Chunks {
    chunks: Vec<Bytes>,
    or_panic: bool,
}

impl Chunks {
    fn of(chunks: &[&str]) -> Self {
        Self {
            chunks: chunks.iter().rev().map(|chunk| Bytes::copy_from_slice(chunk.as_bytes())).collect(),
            or_panic: false,
        }
    }

    /// Makes the body panic if anything reads more of it.
    fn or_panic(mut self) -> Self {
        self.or_panic = true;
        self
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.chunks.pop() {
            Some(chunk) => Poll::Ready(Some(Ok(Frame::data(chunk)))),
            None if self.or_panic => panic!("the body was read further"),
            None => Poll::Ready(None),
        }
    }
}

fn small() -> Client {
    let echo = procedure().input::<NewUser>().mutation(|Call { input, .. }| Ok(input));
    Client::of(App::new(()).body_limit(20).router(Router::new("test").procedure("run", echo)))
}

const OF_20_BYTES: &str = r#"{"name":"123456789"}"#;
const OF_21_BYTES: &str = r#"{"name":"1234567890"}"#;

#[tokio::test]
async fn a_body_at_the_limit_is_read() {
    assert_eq!((OF_20_BYTES.len(), OF_21_BYTES.len()), (20, 21));
    assert_eq!(small().post("/api/test/run", OF_20_BYTES).await.status, 200);
    let chunked =
        json(Method::POST, "/api/test/run", "").map(|_| Chunks::of(&[&OF_20_BYTES[..10], &OF_20_BYTES[10..]]));
    assert_eq!(small().send(chunked).await.status, 200);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    assert_eq!(small().post("/api/test/run", OF_21_BYTES).await.failure(), (413, "PAYLOAD_TOO_LARGE".into()));
}

#[tokio::test]
async fn a_procedure_can_set_its_own_limit() {
    let larger = procedure().input::<NewUser>().body_limit(21).mutation(|Call { input, .. }| Ok(input));
    let client = Client::of(App::new(()).body_limit(20).router(Router::new("test").procedure("run", larger)));
    assert_eq!(client.post("/api/test/run", OF_21_BYTES).await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_declared_too_large_is_refused_before_it_is_read() {
    let mut request = json(Method::POST, "/api/test/run", "").map(|_| Chunks::of(&[]).or_panic());
    request.headers_mut().insert("content-length", HeaderValue::from(21));
    assert_eq!(small().send(request).await.failure(), (413, "PAYLOAD_TOO_LARGE".into()));
}

#[tokio::test]
async fn a_body_without_a_length_is_read_no_further_than_the_limit() {
    let request =
        json(Method::POST, "/api/test/run", "").map(|_| Chunks::of(&[&OF_20_BYTES[..10], OF_20_BYTES]).or_panic());
    assert_eq!(small().send(request).await.failure(), (413, "PAYLOAD_TOO_LARGE".into()));
}

#[tokio::test]
async fn the_limit_of_an_outer_layer_is_413_too() {
    let body = || Limited::new(Chunks::of(&[OF_20_BYTES]), 10);
    let request = json(Method::POST, "/api/test/run", "").map(|_| body());
    assert_eq!(posts().send(request).await.failure(), (413, "PAYLOAD_TOO_LARGE".into()));
    let request = json(Method::POST, "/api/test/run", "").map(|_| axum::body::Body::new(body()));
    assert_eq!(posts().send(request).await.failure(), (413, "PAYLOAD_TOO_LARGE".into()));
}

#[tokio::test]
async fn the_default_limit_is_one_mebibyte() {
    let body = |length: usize| format!("{{\"title\":\"{}\"}}", "x".repeat(length - 12));
    assert_eq!(body(1_048_576).len(), 1_048_576);
    assert_eq!(post(body(1_048_576)).await.status, 200);
    assert_eq!(post(body(1_048_577)).await.status, 413);
}

#[tokio::test]
async fn the_body_of_a_query_is_not_read() {
    let api = users();
    let request = Request::get("/api/users/7").header("content-type", "text/plain").body(Chunks::of(&[]).or_panic());
    assert_eq!(api.send(request.expect("a request")).await.status, 200);
}

#[tokio::test]
async fn the_body_of_a_request_without_a_route_is_not_read() {
    let request = Request::post("/api/nope").body(Chunks::of(&[]).or_panic());
    assert_eq!(users().send(request.expect("a request")).await.status, 404);
}

struct Broken;

impl Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::Error::other("the password is hunter2"))))
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_400_without_details() {
    let reply = posts().send(json(Method::POST, "/api/test/run", "").map(|_| Broken)).await;
    assert_eq!(reply.failure(), (400, "BAD_REQUEST".into()));
    assert!(!reply.text().contains("hunter2"));
}

// ---- Errors ----

/// One request for each kind of error: `METHOD target`, content type and body, then status, name
/// and code.
const ERRORS: [(&str, &str, &str, u16, &str, &str); 11] = [
    ("GET /api/nope", "", "", 404, "Not Found", "NOT_FOUND"),
    ("GET /api/users/absent", "", "", 404, "NotFoundError", "NOT_FOUND"),
    ("PATCH /api/users/7", "", "", 405, "Method Not Allowed", "METHOD_NOT_SUPPORTED"),
    ("GET /api/users/%FF", "", "", 400, "Bad Request", "BAD_REQUEST"),
    ("POST /api/users", "application/json", "{", 400, "Bad Request", "INVALID_JSON"),
    ("POST /api/users", "application/json", "{}", 400, "ValidationError", "VALIDATION_ERROR"),
    ("POST /api/users", "application/json", "[]", 400, "ValidationError", "VALIDATION_ERROR"),
    ("POST /api/users", "application/json", "\u{7f}", 400, "Bad Request", "INVALID_JSON"),
    ("POST /api/users", "text/plain", "{}", 415, "Unsupported Media Type", "UNSUPPORTED_MEDIA_TYPE"),
    (
        "POST /api/users",
        "application/json",
        "{\"name\":\"a name that is too long\"}",
        413,
        "Payload Too Large",
        "PAYLOAD_TOO_LARGE",
    ),
    ("GET /api/users/fail", "", "", 500, "InternalServerError", "INTERNAL_SERVER_ERROR"),
];

async fn error(client: &Client, target: &str, content_type: &str, body: &str) -> Reply {
    let (method, target) = target.split_once(' ').expect("a method and a target");
    let mut request = Request::builder().method(method).uri(target);
    if !content_type.is_empty() {
        request = request.header("content-type", content_type);
    }
    client.send(request.body(body.to_owned()).expect("a request")).await
}

/// The client itself checks that each reply has the envelope.
#[tokio::test]
async fn every_error_has_its_name_its_code_and_the_envelope() {
    let api = Client::of(App::new(()).body_limit(24).router(Users));
    for (target, content_type, body, status, name, code) in ERRORS {
        let reply = error(&api, target, content_type, body).await;
        let json = reply.json();
        let seen = (reply.status.as_u16(), json["error"].as_str(), json["code"].as_str());
        assert_eq!(seen, (status, Some(name), Some(code)), "{target} {body}");
    }
}

#[tokio::test]
async fn no_error_reveals_how_the_service_is_built() {
    let api = Client::of(App::new(()).body_limit(24).router(Users));
    for (target, content_type, body, ..) in ERRORS {
        let text = error(&api, target, content_type, body).await.text().to_lowercase();
        for leak in [
            "hunter2",
            "serde",
            "rust",
            ".rs",
            "panicked",
            "velox_",
            "expected value",
            "missing field",
            "hyper",
            "/work",
        ] {
            assert!(!text.contains(leak), "`{leak}` in {text}");
        }
    }
}

#[tokio::test]
async fn only_server_errors_have_a_request_id() {
    let api = users();
    let failed = api.get("/api/users/fail").await;
    let id = failed.header("x-request-id").expect("an id");
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_eq!(failed.json()["requestId"], id);
    assert_eq!(api.get("/api/users/absent").await.json().get("requestId"), None);
    let again = api.get("/api/users/fail").await;
    assert_ne!(again.header("x-request-id"), Some(id));
}

/// The id of a failed request that came from `peer` with these headers.
async fn id_of(peer: Option<Peer>, headers: &[(&'static str, &str)]) -> String {
    let fail = procedure::<()>().query(|_| -> velox_rpc::Result<()> { Err(Error::internal("inner cause")) });
    let seen = Arc::new(Mutex::new(String::new()));
    let noted = Arc::clone(&seen);
    let app = App::new(()).trusted_proxies(["unix"]).router(Router::new("test").procedure("fail", fail));
    let client = Client::of(app.observe(move |ended: &Ended<'_>| {
        *noted.lock().expect("no test panics here") = ended.id().to_string();
    }));
    let mut request = get("/api/test/fail");
    for (name, value) in headers {
        request.headers_mut().append(*name, HeaderValue::from_str(value).expect("a value"));
    }
    if let Some(peer) = peer {
        request.extensions_mut().insert(peer);
    }
    let reply = client.send(request).await;
    let id = reply.header("x-request-id").expect("an id").to_owned();
    assert_eq!(reply.json()["requestId"], id);
    assert_eq!(*seen.lock().expect("no test panics here"), id, "an observer is told the same");
    id
}

fn is_our_own(id: &str) -> bool {
    id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT: (&str, &str) = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

#[tokio::test]
async fn a_request_id_of_the_client_is_ignored() {
    for peer in [None, Some(Peer::Address(([127, 0, 0, 1], 80).into()))] {
        assert!(is_our_own(&id_of(peer, &[("x-request-id", "forged")]).await));
        assert_eq!(id_of(peer, &[("x-request-id", "forged"), TRACEPARENT]).await, TRACE);
    }
}

#[tokio::test]
async fn a_trace_id_of_the_client_is_adopted() {
    assert_eq!(id_of(None, &[TRACEPARENT]).await, TRACE);
    assert!(is_our_own(&id_of(None, &[("traceparent", "00-0-0-00")]).await));
    assert!(is_our_own(&id_of(None, &[TRACEPARENT, TRACEPARENT]).await), "two traceparent headers count as none");
}

#[tokio::test]
async fn a_request_id_of_a_trusted_proxy_is_adopted() {
    let from_proxy = async |headers: &[(&'static str, &str)]| id_of(Some(Peer::Unix), headers).await;
    assert_eq!(from_proxy(&[("x-request-id", "edge-7/1@a")]).await, "edge-7/1@a");
    assert_eq!(from_proxy(&[TRACEPARENT, ("x-request-id", "edge-7")]).await, "edge-7");
    for stray in ["", "a b", "<script>", &"x".repeat(129)] {
        assert_eq!(from_proxy(&[TRACEPARENT, ("x-request-id", stray)]).await, TRACE, "{stray}");
    }
    assert_eq!(from_proxy(&[TRACEPARENT, ("x-request-id", "a"), ("x-request-id", "b")]).await, TRACE);
    assert!(is_our_own(&from_proxy(&[]).await));
}
