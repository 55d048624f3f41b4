//! Tests the official tRPC client, with REST calls beside it: in Node with each of its links, and
//! in a page in Chromium.

use std::path::Path;
use std::time::Duration;

use axum::extract::Path as Below;
use axum::response::Html;
use axum::routing;
use http::StatusCode;
use serde_json::{Value, json};
use velox_rpc::{App, Call, Error, Router, Server, procedure, schema};
use velox_session::{MemoryStore, SessionUser, session_middleware};
use velox_tests::{SECRET, Site, node};

#[schema]
struct Login {
    #[validate(length(min = 1))]
    id: String,
}

#[schema]
struct Word {
    word: String,
}

pub(super) fn app() -> App<()> {
    let settings = session_middleware(SECRET).store(MemoryStore::new()).cookie_name("session").secure(false);
    let session = settings.build().expect("good settings");
    let auth = Router::new("auth")
        .procedure(
            "login",
            procedure().use_(session.optional()).input::<Login>().mutation(async |Call { input, ctx }| {
                ctx.session.login(SessionUser::new(&input.id, "ada@example.com")).await?;
                Ok(input.id)
            }),
        )
        .procedure("getProfile", procedure().use_(session.required()).query(|Call { ctx, .. }| Ok(ctx.user)))
        .procedure(
            "logout",
            procedure().use_(session.required()).mutation(async |Call { ctx, .. }| Ok(ctx.session.logout().await?)),
        );
    let shop = Router::new("shop")
        .procedure(
            "slow",
            procedure().input::<Word>().query(async |Call { input, .. }| {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Ok(input.word)
            }),
        )
        .procedure("nothing", procedure().query(|_| Ok(())))
        .procedure("fails", procedure().query(|_| -> velox_rpc::Result<()> { Err(Error::conflict("Sold out")) }));
    App::new(()).router(auth).router(shop).trpc("/trpc")
}

#[tokio::test]
async fn the_official_client_works_with_each_of_its_links() {
    let site = Site::of(app()).await;
    let [trpc, rest] = ["/trpc", "/api"].map(|path| site.url(path));
    let visit = move || node("trpc.mjs", &[Path::new(&trpc), Path::new(&rest)]);
    let printed = tokio::task::spawn_blocking(visit).await.expect("node runs");
    let learned: Value = serde_json::from_str(&printed).expect("JSON");
    let user = json!({"data": {"id": "u1", "email": "ada@example.com"}});
    for (link, requests) in [("httpLink", 11), ("httpBatchLink", 7), ("httpBatchStreamLink", 7), ("splitLink", 7)] {
        let learned = &learned[link];
        for call in ["before", "after"] {
            let refusal = &learned[call];
            assert_eq!(refusal["message"], "Authentication required", "{link} {call}: {refusal}");
            assert_eq!(refusal["code"], "UNAUTHORIZED", "{link} {call}: {refusal}");
            assert_eq!(refusal["tag"], "SESSION_UNAUTHORIZED", "{link} {call}: {refusal}");
        }
        let issues = json!([{"path": ["id"], "message": "String must contain at least 1 character(s)"}]);
        assert_eq!(learned["wrong"]["issues"], issues, "{link}: {learned}");
        assert_eq!(learned["login"], json!({"data": "u1"}), "{link}");
        assert_eq!(learned["profile"], user, "{link}");
        let together = learned["together"].as_array().expect("a list");
        assert_eq!(together[..3], [user.clone(), json!({"data": "slow"}), json!({"data": null})], "{link}");
        assert_eq!(together[3]["message"], "No procedure found on path \"shop.nope\"", "{link}");
        assert_eq!((&together[4]["message"], &together[4]["httpStatus"]), (&json!("Sold out"), &json!(409)), "{link}");
        assert_eq!(learned["logout"], json!({"data": null}), "{link}");
        assert_eq!(learned["requests"], requests, "{link}: calls made together are one request of a batch");
        assert_eq!(learned["both"], one_session_for_both(), "{link}");
    }
}

/// The result of `visitByBoth` if tRPC and REST share one session.
fn one_session_for_both() -> Value {
    let visit = |id| {
        let user = json!({"id": id, "email": "ada@example.com"});
        let envelope = json!({
            "error": "AuthError",
            "message": "Authentication required",
            "statusCode": 401,
            "code": "SESSION_UNAUTHORIZED",
        });
        json!({
            "login": id,
            "profiles": [user, user],
            "logout": null,
            "after": [{"status": 401, "envelope": envelope}, "UNAUTHORIZED"],
        })
    };
    json!({"inByTrpc": visit("u2"), "inByRest": visit("u3")})
}

/// Serves the page, the modules of the clients, and the application from one origin.
fn front_end() -> axum::Router {
    let module = async |Below(path): Below<String>| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("node").join(path);
        let text = std::fs::read_to_string(file).map_err(|_| StatusCode::NOT_FOUND)?;
        Ok::<_, StatusCode>(([("content-type", "text/javascript")], text))
    };
    axum::Router::new()
        .route("/", routing::get(async || Html(PAGE)))
        .route("/modules/{*path}", routing::get(module))
        .fallback_service(app().into_service().expect("good routes"))
}

const PAGE: &str = r#"<!doctype html><title>A page</title><script type="importmap">
{ "imports": {
  "@trpc/client": "/modules/node_modules/@trpc/client/dist/index.mjs",
  "@trpc/server": "/modules/node_modules/@trpc/server/dist/index.mjs",
  "@trpc/server/observable": "/modules/node_modules/@trpc/server/dist/observable/index.mjs",
  "@trpc/server/rpc": "/modules/node_modules/@trpc/server/dist/rpc.mjs",
  "@trpc/server/unstable-core-do-not-import": "/modules/node_modules/@trpc/server/dist/unstable-core-do-not-import.mjs",
  "rest": "/modules/rest.mjs"
} }
</script>"#;

#[tokio::test]
async fn a_page_in_chromium_logs_in_reads_the_profile_and_logs_out() {
    let site = Site::start(Server::new(front_end())).await;
    let address = site.url("/");
    let visit = move || node("trpc-page.mjs", &[Path::new(&address)]);
    let printed = tokio::task::spawn_blocking(visit).await.expect("Chromium runs");
    let learned: Value = serde_json::from_str(&printed).expect("JSON");
    let user = json!({"id": "u1", "email": "ada@example.com"});
    for link in ["httpBatchLink", "httpBatchStreamLink"] {
        let expected = json!({
            "before": "UNAUTHORIZED",
            "login": "u1",
            "together": [user, "slow"],
            "logout": null,
            "after": "UNAUTHORIZED",
            "both": one_session_for_both(),
        });
        assert_eq!(learned[link], expected, "{link}");
    }
}
