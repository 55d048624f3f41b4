//! Tests the guide's REST client, which is based on the exported TypeScript module: it compiles,
//! and its calls work.

use http::Method;
use serde_json::{Value, json};
use velox_rpc::export::TypeScript;
use velox_rpc::procedure::Procedure;
use velox_rpc::{App, Call, Error, Result, Router, procedure, schema};
use velox_tests::{FrontEnd, Site};

#[schema]
struct ById {
    id: String,
}

#[schema]
struct ListUsers {
    search: Option<String>,
    roles: Option<Vec<String>>,
    #[serde(default)]
    page: u32,
}

#[schema]
struct UpdateUser {
    id: String,
    name: String,
    tags: Vec<String>,
}

#[schema]
struct OfUser {
    user_id: String,
    unread: bool,
}

/// Procedures that return their input.
fn app() -> App<()> {
    fn get_user() -> Procedure<()> {
        let user = |Call { input, .. }: Call<_, ById>| {
            if input.id == "nobody" { Err(Error::resource_not_found("User", "nobody")) } else { Ok(input) }
        };
        procedure().input::<ById>().query(user).into()
    }
    let users = Router::new("users")
        .procedure("getUser", get_user())
        .procedure("listUsers", procedure().input::<ListUsers>().query(|Call { input, .. }| Ok(input)))
        .procedure("updateUser", procedure().input::<UpdateUser>().mutation(|Call { input, .. }| Ok(input)))
        .procedure("deleteUser", procedure().input::<ById>().mutation(|_| Ok(())))
        .procedure("reset", procedure().mutation(|_| Ok("reset")))
        .procedure("internal", procedure().no_rest().query(|_| Ok("never by REST")));
    let at = "/people/:userId/mails";
    let mails = Router::new("mails").procedure(
        "listMails",
        procedure().input::<OfUser>().rest(Method::GET, at).query(|Call { input, .. }| Ok(input)),
    );
    let hidden = Router::new("hidden").procedure("all", procedure().no_rest().query(|_| -> Result<u8> { Ok(1) }));
    let nested = Router::new("users.deep").procedure("reset", procedure().mutation(|_| Ok("deep")));
    App::new(()).router(users).router(mails).router(hidden).router(nested)
}

/// Reads the client from the guide.
fn client() -> &'static str {
    let guide = include_str!("../../../../velox-session/src/docs/openapi.md");
    let client = guide.split("```").find_map(|block| block.strip_prefix("ts\n// client.ts\n"));
    client.expect("the guide has a client")
}

#[tokio::test]
async fn the_guides_client_compiles_and_calls_every_route() {
    let service = app().into_service().expect("good routes");
    let site = Site::of(app()).await;
    let url = site.url("");
    let run = move || {
        let front_end = FrontEnd::new(env!("CARGO_TARGET_TMPDIR"), "rest-client");
        front_end.write("api.ts", &TypeScript::of(service.manifest()).to_string());
        front_end.write("client.ts", client());
        front_end.check("calls.ts", CALLS);
        front_end.run("calls.ts", &url)
    };
    let printed = tokio::task::spawn_blocking(run).await.expect("Node runs");
    let learned: Value = serde_json::from_str(&printed).expect("JSON");
    let expected = json!({
        "user": {"id": "a/ü ?"},
        "list": {"search": "a&b", "roles": ["x", "y"], "page": 2},
        "all": {"page": 0},
        "updated": {"id": "7", "name": "Ada", "tags": ["a", "b"]},
        "deleted": null,
        "reset": "reset",
        "deep": "deep",
        "mails": {"userId": "7", "unread": true},
        "refused": ["User with id nobody not found", "NOT_FOUND", 404],
    });
    assert_eq!(learned, expected);
}

const CALLS: &str = r#"
import { createClient } from "./client";
import { routes, type Procedures } from "./api";

declare const process: { argv: string[] };
const client = createClient(process.argv[2] ?? "");

async function calls(): Promise<object> {
  const user: { id: string } = await client.users.getUser({ id: "a/ü ?" });
  const list = await client.users.listUsers({ search: "a&b", roles: ["x", "y"], page: 2 });
  const page: number = list.page;
  const all = await client.users.listUsers({ search: null });
  const updated = await client.users.updateUser({ id: "7", name: "Ada", tags: ["a", "b"] });
  const deleted: null = await client.users.deleteUser({ id: "7" });
  const reset: string = await client.users.reset();
  const deep: string = await client.users.deep.reset();
  const mails = await client.mails.listMails({ userId: "7", unread: true });
  const refused = await client.users.getUser({ id: "nobody" }).catch((error) => [error.message, error.code, error.statusCode]);
  return { user, list: { ...list, page }, all, updated, deleted, reset, deep, mails, refused };
}

export async function wrong(): Promise<void> {
  // @ts-expect-error an id is a string
  await client.users.getUser({ id: 7 });
  // @ts-expect-error the id is missing
  await client.users.getUser();
  // @ts-expect-error a user has no age
  (await client.users.getUser({ id: "7" })).age;
  // @ts-expect-error it has no REST route
  await client.users.internal();
  // @ts-expect-error it takes nothing
  await client.users.deep.reset({ id: "7" });
  // @ts-expect-error none of its procedures has a REST route
  client.hidden;
}

const method: "PUT" = routes.users.updateUser.method;
const path: Procedures["mails"]["listMails"]["path"] = "/api/people/:userId/mails";
// @ts-expect-error it has another path
const other: Procedures["mails"]["listMails"]["path"] = "/api/mails";

calls().then((learned) => console.log(JSON.stringify(learned)));
"#;
