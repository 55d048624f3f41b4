use http::{Request, StatusCode};
use serde_json::{Value, json};
use velox_rpc::export::OpenApi;
use velox_rpc::http::Method;
use velox_rpc::service::AppService;
use velox_rpc::{App, Call, Router, procedure, schema};
use velox_tests::{Program, Site, node};

use crate::documents::app::app;
use crate::documents::shop;

fn service() -> AppService {
    app().into_service().expect("it starts")
}

async fn ask(method: Method, target: &str, known: Option<&str>) -> (http::response::Parts, String) {
    ask_of(&service(), method, target, known).await
}

async fn ask_of(
    service: &AppService,
    method: Method,
    target: &str,
    known: Option<&str>,
) -> (http::response::Parts, String) {
    let mut request = Request::builder().method(method).uri(target);
    if let Some(tag) = known {
        request = request.header("if-none-match", tag);
    }
    let reply = service.call(request.body(String::new()).expect("a request")).await;
    let (parts, body) = reply.into_parts();
    let body = http_body_util::BodyExt::collect(body).await.expect("it cannot fail").to_bytes();
    (parts, String::from_utf8(body.to_vec()).expect("text"))
}

#[tokio::test]
async fn the_page_and_its_files_are_served() {
    for (target, content_type) in [
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/app.css", "text/css; charset=utf-8"),
        ("/docs/app.js", "text/javascript; charset=utf-8"),
        ("/docs/schema.js", "text/javascript; charset=utf-8"),
        ("/docs/openapi.json", "application/json; charset=utf-8"),
    ] {
        let (head, body) = ask(Method::GET, target, None).await;
        assert_eq!(head.status, StatusCode::OK, "{target}");
        assert_eq!(head.headers["content-type"], content_type);
        assert_eq!(head.headers["x-content-type-options"], "nosniff");
        assert_eq!(head.headers["cache-control"], "no-cache");
        let policy = head.headers["content-security-policy"].to_str().expect("text");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(!body.is_empty());

        let tag = head.headers["etag"].to_str().expect("text");
        let (again, nothing) = ask(Method::GET, target, Some(tag)).await;
        assert_eq!((again.status, nothing.as_str()), (StatusCode::NOT_MODIFIED, ""));
        assert_eq!(ask(Method::GET, target, Some("\"another\"")).await.0.status, StatusCode::OK);

        let (head_only, nothing) = ask(Method::HEAD, target, None).await;
        assert_eq!((head_only.status, nothing.as_str()), (StatusCode::OK, ""));
        assert_eq!(head_only.headers["content-length"], body.len().to_string());
        assert_eq!(head_only.headers["etag"], tag);
    }
}

#[tokio::test]
async fn the_page_only_answers_get_and_head() {
    let (head, _) = ask(Method::POST, "/docs", None).await;
    assert_eq!(head.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(head.headers["allow"], "GET, HEAD");
}

#[tokio::test]
async fn the_page_is_served_only_if_configured() {
    let service = App::new(()).into_service().expect("it starts");
    for target in ["/docs", "/docs/openapi.json"] {
        let reply = service.call(Request::get(target).body(String::new()).expect("a request")).await;
        assert_eq!(reply.status(), StatusCode::NOT_FOUND);
    }
}

#[test]
fn a_page_hides_no_route_and_no_other_page() {
    let docs = || OpenApi::new("", "");
    let router =
        || Router::new("docs").procedure("read", procedure::<()>().rest(Method::GET, "/docs").query(|_| Ok(1)));
    let mistakes = |app: App<()>| app.into_service().expect_err("a mistake").mistakes().join("\n");
    let taken = mistakes(App::new(()).prefix("").router(router()).docs("/docs", docs()));
    let in_use =
        "docs `/docs`: `/docs` is already in use, because a procedure has this route: give one of them another path";
    assert_eq!(taken, in_use);
    let twice = mistakes(App::new(()).docs("/docs", docs()).docs("/docs", docs()));
    assert!(twice.contains("`/docs` is already in use, because another document has it"), "{twice}");
    let below = mistakes(App::new(()).trpc("/trpc").docs("/trpc/docs", docs()));
    assert!(below.contains("`/trpc/docs` is already in use, because tRPC answers there"), "{below}");
    let beside = mistakes(App::new(()).trpc("/docs").docs("/docs", docs()));
    assert!(beside.contains("`/docs/app.css` is already in use, because tRPC answers there"), "{beside}");
    let odd = mistakes(App::new(()).docs("docs/", docs()));
    assert!(odd.contains("it must start with `/`"), "{odd}");
}

/// A script uses the pages of three programs in a browser. It logs in to the first. On the second,
/// it finds, fills in and sends forms, and uses their copy buttons. The third has nothing to show
/// and says so. The browser must contact nothing else and report no error, and axe must find no
/// violation at any width.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_can_use_the_page_in_chromium() {
    let (quickstart, shop) = (Program::start("quickstart", &[("PORT", "0")]), shop::site().await);
    let hidden = Router::new("app").procedure("hidden", procedure().no_rest().query(|_| Ok(1)));
    let routeless = Site::of(App::new(()).router(hidden).docs("/docs", OpenApi::new("Hidden", "1"))).await;
    let addresses = [format!("http://{}", quickstart.address()), shop.url(""), routeless.url("")];
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let [first, second, third] = addresses;
    let visit = move || node("docs-page.mjs", &[first.as_ref(), second.as_ref(), third.as_ref(), folder]);
    assert_eq!(tokio::task::spawn_blocking(visit).await.expect("Chromium runs"), "all of it\n");
}

#[schema]
struct Zebra {
    zeta: u8,
    alpha: u8,
    middle: Option<u8>,
    #[serde(default = "eggs")]
    eggs: Value,
}

fn eggs() -> Value {
    json!({"properties": 4})
}

#[tokio::test]
async fn the_document_keeps_the_order_of_paths_and_fields() {
    let make = || procedure().input::<Zebra>().mutation(|Call { input, .. }| Ok(input));
    let zoo = Router::new("zoo").procedure("makeZap", make()).procedure("makeAdd", make());
    let app = App::new(()).router(zoo).docs("/docs", OpenApi::new("Zoo", "1"));
    let service = app.into_service().expect("it starts");
    let (_, text) = ask_of(&service, Method::GET, "/docs/openapi.json", None).await;
    let place = |name: &str| text.find(&format!("\"{name}\":")).unwrap_or_else(|| panic!("no {name} in {text}"));
    assert!(place("/api/zoo/makeZap") < place("/api/zoo/makeAdd"));
    assert!(place("zeta") < place("alpha") && place("alpha") < place("middle"));
    assert!(text.contains(r#""default":{"properties":4}"#), "{text}");

    let document = OpenApi::new("Zoo", "1").document(service.manifest()).to_string();
    for text in [text, document] {
        assert!(!text.contains("x-velox-order"), "{text}");
    }
}
