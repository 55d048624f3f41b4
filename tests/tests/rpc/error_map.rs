//! Tests the error map: one setting changes the messages for invalid inputs, on every wire and for
//! every source of the input.

use http::Method;
use serde_json::{Value, json};
use velox_rpc::error::{ErrorMap, Problem, Type};
use velox_rpc::{App, Call, Router, procedure, schema};
use velox_tests::Client;

#[schema]
struct Post {
    id: u32,
    #[validate(length(min = 2, max = 40), email(message = "Write to us first"))]
    author: String,
}

/// A procedure with an input from path and query, and one with an input from path and body.
fn app(error_map: Option<ErrorMap>) -> App<()> {
    let read = procedure().input::<Post>().rest(Method::GET, "/posts/:id").query(|Call { input, .. }| Ok(input.id));
    let write =
        procedure().input::<Post>().rest(Method::POST, "/posts/:id").mutation(|Call { input, .. }| Ok(input.id));
    let router = Router::new("posts").procedure("getPost", read).procedure("createPost", write);
    let app = App::new(()).development(false).router(router).trpc("/trpc");
    match error_map {
        Some(error_map) => app.error_map(error_map),
        None => app,
    }
}

/// The messages that each wire gives for one input, whose `id` is too small and whose `author` is
/// too short.
async fn told(error_map: Option<ErrorMap>) -> Vec<Vec<String>> {
    let direct = app(error_map.clone()).caller();
    let client = Client::of(app(error_map)).expecting("vary");
    let query = client.get("/api/posts/-1?author=x").await.issues();
    let body = client.post("/api/posts/-1", r#"{"author":"x"}"#).await.issues();
    let trpc = client.post("/trpc/posts.createPost", r#"{"id":-1,"author":"x"}"#).await.json();
    let issues = trpc["error"]["data"]["issues"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let trpc = issues.iter().map(|issue| format!("{}: {}", text(&issue["path"][0]), text(&issue["message"])));
    let named = direct.call_named("posts.getPost", &json!({"id": -1, "author": "x"})).await.result;
    let fields = named.expect_err("it is wrong").members()["fields"].clone();
    let named = ["id", "author"].map(|field| format!("{field}: {}", text(&fields[field])));
    vec![query, body, trpc.collect(), named.to_vec()]
}

#[tokio::test]
async fn messages_are_those_of_zod_3_by_default() {
    for issues in told(None).await {
        let expected = [
            "id: Number must be greater than or equal to 0",
            "author: String must contain at least 2 character(s)",
            "author: Write to us first",
        ];
        assert_eq!(issues, expected[..issues.len()]);
    }
}

#[tokio::test]
async fn messages_of_zod_4_appear_on_every_wire() {
    for issues in told(Some(ErrorMap::zod4())).await {
        let expected = [
            "id: Too small: expected number to be >=0",
            "author: Too small: expected string to have >=2 characters",
            "author: Write to us first",
        ];
        assert_eq!(issues, expected[..issues.len()]);
    }
}

#[tokio::test]
async fn custom_messages_appear_on_every_wire_beside_those_of_zod_3() {
    let own = ErrorMap::new(|problem| match problem {
        Problem::TooSmall { origin: Type::Number, minimum, .. } => Some(format!("Mindestens {minimum}")),
        _ => None,
    });
    for issues in told(Some(own)).await {
        let expected =
            ["id: Mindestens 0", "author: String must contain at least 2 character(s)", "author: Write to us first"];
        assert_eq!(issues, expected[..issues.len()]);
    }
}

#[tokio::test]
async fn the_error_map_also_covers_a_missing_input() {
    let client = Client::of(app(Some(ErrorMap::zod4()))).expecting("vary");
    let reply = client.post("/trpc/posts.createPost", "").await.json();
    assert_eq!(reply["error"]["data"]["issues"][0]["message"], "Invalid input: expected object, received undefined");
}

#[tokio::test]
async fn a_procedure_that_is_not_served_uses_the_error_map_of_its_caller() {
    let loose = procedure::<()>().input::<Post>().query(|Call { input, .. }| Ok(input.id));
    let post = Post { id: 1, author: "x".to_owned() };
    let refused = app(Some(ErrorMap::zod4())).caller().call(loose, &post).await.expect_err("it is too short");
    assert_eq!(refused.members()["fields"]["author"], "Too small: expected string to have >=2 characters");
}
