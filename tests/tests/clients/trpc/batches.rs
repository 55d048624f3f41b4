//! Tests batches, errors and inputs that the recorded transcript does not have.

use http::{Method, Request};
use http_body_util::BodyExt;
use proptest::prelude::*;
use serde_json::{Value, json};
use velox_rpc::service::{AppService, Body};
use velox_rpc::{App, Call, Error, Router, Trpc, procedure, schema};
use velox_tests::SessionsApp;

use super::{get, post};

#[schema]
struct Item {
    #[validate(range(min = 1))]
    qty: u32,
}

#[schema]
struct Order {
    #[validate(nested)]
    items: Vec<Item>,
}

fn service() -> AppService {
    let router = Router::new("shop")
        .procedure("order", procedure().input::<Order>().mutation(|Call { input, .. }| Ok(input.items.len())))
        .procedure("find", procedure().input::<Order>().no_rest().query(|Call { input, .. }| Ok(input.items.len())))
        .procedure(
            "closed",
            procedure().mutation(|_| -> velox_rpc::Result<()> { Err(Error::resource_not_found("Shop", 1)) }),
        )
        .procedure("peek", procedure::<()>().query(|_| Ok(1)));
    App::new(()).router(router).trpc("/trpc").body_limit(1_000).into_service().expect("good routes")
}

#[tokio::test]
async fn issues_are_in_the_message_and_in_data_with_paths_as_lists() {
    let reply = post(&service(), "/trpc/shop.order", r#"{"items":[{"qty":1},{"qty":0}]}"#).await;
    assert_eq!(reply.status.as_u16(), 400);
    let issues = json!([{"path": ["items", 1, "qty"], "message": "Number must be greater than or equal to 1"}]);
    assert_eq!(reply.body["error"]["data"]["issues"], issues);
    let message: serde_json::Value =
        serde_json::from_str(reply.body["error"]["message"].as_str().expect("a text")).expect("JSON");
    assert_eq!(message, issues);
    assert_eq!(reply.body["error"]["data"]["tag"], "VALIDATION_ERROR");
}

#[tokio::test]
async fn a_validation_error_of_a_handler_has_the_same_body_as_one_of_the_schema() {
    let by_handler = |path, message: &'static str| {
        let issues = [("items[1].qty", NOT_POSITIVE), ("items[2].qty", NOT_POSITIVE)];
        let failure = move || Error::validation(message, issues);
        procedure().rest(Method::POST, path).mutation(move |_| -> velox_rpc::Result<()> { Err(failure()) })
    };
    let router = Router::new("shop")
        .procedure("input", procedure().input::<Order>().rest(Method::POST, "/input").mutation(|_| Ok(())))
        .procedure("same", by_handler("/same", "Validation failed"))
        .procedure("other", by_handler("/other", "Bad order"));
    let service = App::new(()).router(router).trpc("/trpc").into_service().expect("good routes");
    let ask = async |name: &str| {
        let body = r#"{"items":[{"qty":1},{"qty":0},{"qty":0}]}"#;
        let mut trpc = post(&service, &format!("/trpc/shop.{name}"), body).await.body["error"].take();
        assert_eq!(trpc["data"]["path"].take(), format!("shop.{name}"));
        (post(&service, &format!("/api/{name}"), body).await.body, trpc)
    };
    let (input, same, (mut rest, mut trpc)) = (ask("input").await, ask("same").await, ask("other").await);
    assert_eq!(same, input);
    // Only the message differs, which is the handler's own.
    for (other, same) in [(&mut rest, same.0), (&mut trpc, same.1)] {
        assert_eq!(other["message"], "Bad order");
        other["message"] = same["message"].clone();
        assert_eq!(*other, same);
    }
}

const NOT_POSITIVE: &str = "Number must be greater than or equal to 1";

#[tokio::test]
async fn an_error_has_its_members_and_the_code_of_rest_in_data() {
    let reply = post(&service(), "/trpc/shop.closed", "").await;
    let data =
        json!({"code": "NOT_FOUND", "httpStatus": 404, "path": "shop.closed", "resource": "Shop", "resourceId": "1"});
    assert_eq!(reply.body["error"]["data"], data);
}

#[tokio::test]
async fn each_input_of_a_batch_fails_by_itself() {
    let inputs = r#"{"0":{"items":[]},"1":{"items":7},"3":{"items":[{"qty":2}]},"x":1,"9":2}"#;
    let paths = ["shop.order"; 4].join(",");
    let reply = post(&service(), &format!("/trpc/{paths}?batch=1"), inputs).await;
    assert_eq!(reply.status.as_u16(), 207);
    let statuses: Vec<_> = (0..4).map(|call| reply.body[call]["error"]["data"]["httpStatus"].clone()).collect();
    assert_eq!(statuses, [json!(null), json!(400), json!(400), json!(null)]);
    assert_eq!((&reply.body[0], &reply.body[3]), (&json!({"result": {"data": 0}}), &json!({"result": {"data": 1}})));
}

#[tokio::test]
async fn only_the_decimal_form_of_an_index_names_a_call() {
    let inputs = r#"{"00":{"items":[{"qty":1}]},"+1":{"items":[{"qty":1}]},"1":{"items":[]}}"#;
    let reply = post(&service(), "/trpc/shop.order,shop.order?batch=1", inputs).await;
    assert_eq!(reply.body[0]["error"]["data"]["httpStatus"], 400, "the first has no input");
    assert_eq!(reply.body[1], json!({"result": {"data": 0}}));
}

#[tokio::test]
async fn an_unreadable_body_fails_every_call_or_the_request() {
    let service = service();
    for body in ["{", "{\"0\":1,\"0\":2}", "[]", "7"] {
        let reply = post(&service, "/trpc/shop.order,shop.closed?batch=1", body).await;
        assert_eq!(reply.status.as_u16(), 400, "{body}: {}", reply.body);
        assert_eq!(reply.body.as_array().map(Vec::len), Some(2), "{body}");
    }
    // The declared length is too large, so the batch is refused before any call runs. The client
    // gives the one error object to every call.
    let reply = post(&service, "/trpc/shop.order,shop.closed?batch=1", &" ".repeat(1_001)).await;
    assert_eq!((reply.status.as_u16(), &reply.body["error"]["data"]["code"]), (413, &json!("PAYLOAD_TOO_LARGE")));
}

#[tokio::test]
async fn paths_outside_the_trpc_path_are_not_trpc() {
    let service = service();
    for path in ["/trpc", "/trpcx/shop.peek", "/api/shop/nope"] {
        let reply = get(&service, path).await;
        assert_eq!((reply.status.as_u16(), &reply.body["error"]), (404, &json!("Not Found")), "{path}");
    }
    assert_eq!(get(&service, "/api/shop/peek").await.body, json!(1), "REST still works");
    assert_eq!(get(&service, "/trpc/shop%2Epeek").await.body, json!({"result": {"data": 1}}));
}

/// The body would be too large, if anything read it.
#[tokio::test]
async fn a_body_for_calls_that_do_not_run_is_not_read() {
    let service = service();
    let body = " ".repeat(1_001);
    for (path, status) in [("shop.nope", 404), ("shop.peek", 405), ("shop.nope,shop.peek?batch=1", 207)] {
        assert_eq!(post(&service, &format!("/trpc/{path}"), &body).await.status.as_u16(), status, "{path}");
    }
    assert_eq!(post(&service, "/trpc/shop.nope,shop.closed?batch=1", &body).await.status.as_u16(), 413);
}

#[test]
fn invalid_trpc_settings_are_mistakes_at_start() {
    for path in ["trpc", "/", "/trpc/", "/a//b", "/:id", "", "/api"] {
        let router = Router::new("shop").procedure("peek", procedure().query(|_| Ok(1)));
        let error = App::new(()).router(router).trpc(Trpc::at(path)).into_service().expect_err(path);
        assert!(error.mistakes()[0].starts_with(&format!("tRPC at `{path}`: ")), "{error}");
    }
}

#[tokio::test]
async fn a_batch_opens_one_session_and_sets_one_cookie() {
    let app = SessionsApp::start();
    let mut browser = app.alice().await;
    app.store.calls();
    let input = r#"{"0":{"key":"a","value":1},"1":{"key":"b","value":2},"2":{"key":"c","value":3}}"#;
    let paths = ["session.set"; 3].join(",");
    let reply = browser.post(&format!("/trpc/{paths}?batch=1"), serde_json::from_str(input).expect("JSON")).await;
    assert_eq!(reply.status.as_u16(), 200, "{reply:?}");
    assert_eq!(reply.headers.get_all("set-cookie").iter().count(), 1);
    assert_eq!(app.store.calls().len(), 2, "one read and one write");
    let data = browser.get("/trpc/session.data").await.json();
    assert_eq!(data["result"]["data"], json!({"a": 1, "b": 2, "c": 3}));
}

#[tokio::test]
async fn a_cross_site_mutation_is_refused_over_trpc_too() {
    let app = SessionsApp::start();
    let mut browser = app.alice().await;
    for path in ["/trpc/auth.logout", "/trpc/auth.logout,auth.logout?batch=1"] {
        let mut forged = velox_tests::json(http::Method::POST, path, "{}");
        forged.headers_mut().insert("sec-fetch-site", http::HeaderValue::from_static("cross-site"));
        let reply = browser.send(forged).await;
        let body = reply.json();
        let error = if body.is_array() { &body[0]["error"] } else { &body["error"] };
        assert_eq!((reply.status.as_u16(), &error["data"]["tag"]), (403, &json!("CROSS_SITE_REQUEST")), "{path}");
    }
}

proptest! {
    /// Every batch gets a reply with a status of the protocol.
    #[test]
    fn every_batch_gets_a_reply(
        path in "((shop[.](peek|order|closed))|,|[a-z.,%0-9]{1,20}){0,5}",
        query in "(batch=1&)?(input=)?.{0,40}",
        body in ".{0,60}|[{](\"[0-3]\":[{0-9}]{1,2},?){0,3}[}]?",
        is_get: bool,
        is_stream: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let query: String = url_safe(&query);
        let target = format!("/trpc/{}?{query}", path.replace('%', "%25"));
        let mut request = Request::builder().method(if is_get { "GET" } else { "POST" }).uri(target);
        request = request.header("content-type", "application/json");
        if is_stream {
            request = request.header("trpc-accept", "application/jsonl");
        }
        let body = if is_get { Body::empty() } else { Body::from(body) };
        let (status, is_whole) = runtime.block_on(async {
            let reply = service().call(request.body(body).expect("a request")).await;
            let status = reply.status();
            let bytes = reply.into_body().collect().await.expect("a body").to_bytes();
            let lines = serde_json::Deserializer::from_slice(&bytes).into_iter::<Value>();
            (status, lines.into_iter().all(|line| line.is_ok()))
        });
        prop_assert!([200, 207, 400, 404, 405, 413].contains(&status.as_u16()), "{status}");
        prop_assert!(is_whole, "each line is JSON");
    }
}

fn url_safe(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"=&:,".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
