use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use velox_rpc::export::{OpenApi, TypeScript};
use velox_rpc::procedure::{Credential, guard};
use velox_rpc::router::Manifest;
use velox_rpc::{App, Router, procedure, schema};
use velox_tests::{Client, node};

use crate::documents::app::{app, open_api};
use crate::documents::file;

fn client() -> Client {
    Client::of(app())
        .expecting("cache-control")
        .expecting("etag")
        .expecting("vary")
        .expecting("set-cookie")
        .expecting("content-security-policy")
        .expecting("referrer-policy")
}

fn document() -> Value {
    open_api().document(client().service().manifest())
}

/// Returns every operation, as `GET /path`.
fn operations(document: &Value) -> Vec<(String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let each = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("an item").iter();
        methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation.clone()))
    });
    each.collect()
}

fn operation(id: &str) -> Value {
    let found = operations(&document()).into_iter().find(|(_, operation)| operation["operationId"] == id);
    found.unwrap_or_else(|| panic!("no {id}")).1
}

#[test]
fn the_document_is_as_recorded() {
    let text = serde_json::to_string_pretty(&document()).expect("JSON");
    insta::assert_snapshot!(text);
}

#[test]
fn the_document_is_valid_by_the_meta_schema_and_so_are_its_schemas() {
    let path = file("openapi.json", &document().to_string());
    assert_eq!(node("openapi.mjs", &[&path]), "valid\n");
}

#[test]
fn the_validator_rejects_an_invalid_document() {
    let path =
        file("no-openapi.json", &json!({"openapi": "3.1.0", "info": {"title": "No version"}, "paths": {}}).to_string());
    let refused = std::panic::catch_unwind(|| node("openapi.mjs", &[&path]));
    assert!(refused.is_err());
}

#[test]
fn the_document_passes_the_recommended_rules_of_redocly() {
    assert_eq!(node("redocly.mjs", &[&file("redocly.json", &document().to_string())]), "");
}

#[test]
fn redocly_reports_a_broken_rule() {
    let mut document = document();
    document["servers"] = json!([]);
    let problems = node("redocly.mjs", &[&file("redocly-broken.json", &document.to_string())]);
    assert!(problems.starts_with("error no-empty-servers "), "{problems}");
}

#[test]
fn every_route_is_an_operation_and_every_operation_a_route() {
    let manifest = client().service().manifest().clone();
    let routes: BTreeSet<String> = routes(&manifest);
    let operations: BTreeSet<String> = operations(&document()).into_iter().map(|(name, _)| shape(&name)).collect();
    assert_eq!(routes, operations);
}

fn routes(manifest: &Manifest) -> BTreeSet<String> {
    let routes = manifest.entries().iter().filter_map(|entry| entry.route());
    routes.map(|(method, path)| shape(&format!("{method} {path}"))).collect()
}

/// Returns the route without the names of its parameters.
fn shape(route: &str) -> String {
    let segments = route.split('/').map(|segment| if segment.starts_with([':', '{']) { "?" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

#[test]
fn operation_ids_name_namespace_and_procedure_and_tags_are_listed() {
    let document = document();
    let names = client().service().manifest().clone();
    for entry in names.entries().iter().filter(|entry| entry.route().is_some()) {
        let (namespace, name) = (entry.name().namespace(), entry.name().name());
        assert_eq!(operation(&format!("{namespace}_{name}"))["tags"], json!([namespace]));
    }
    let tag = |name, description| json!({"name": name, "description": description});
    let tags = [tag("users", "People."), tag("other", "Everything else."), tag("auth", "The current user.")];
    assert_eq!(document["tags"], json!(tags));
}

#[test]
fn equal_operation_ids_get_a_number() {
    let one = |namespace: &str, name: &str| Router::new(namespace).procedure(name, procedure::<()>().query(|_| Ok(1)));
    let client = Client::of(App::new(()).router(one("a_b", "c")).router(one("a", "b_c")));
    let document = OpenApi::new("", "").document(client.service().manifest());
    let ids: Vec<_> =
        operations(&document).into_iter().map(|(_, operation)| operation["operationId"].clone()).collect();
    // `/api/a/b_c` comes before `/api/a_b/c` in the document, although it was added later.
    assert_eq!(ids, ["a_b_c_2", "a_b_c"]);
}

#[test]
fn a_parameter_that_is_an_alias_is_its_field() {
    #[schema]
    struct Rename {
        #[serde(alias = "id")]
        user_id: u32,
        name: String,
    }
    let put = procedure().input::<Rename>().rest(Method::PUT, "/users/:id").mutation(|_| Ok(1));
    let service = App::new(()).router(Router::new("users").procedure("put", put)).into_service().expect("it starts");
    let document = open_api().document(service.manifest());
    let (_, operation) = operations(&document).remove(0);
    assert_eq!(operation["parameters"][0]["name"], "id");
    assert_eq!(operation["parameters"][0]["schema"]["format"], "uint32");
    let body = &document["components"]["schemas"]["RenameBody"];
    assert_eq!(body["required"], json!(["name"]), "{document}");
    // A client fills the path from the fields of the input.
    let types = TypeScript::of(service.manifest()).to_string();
    assert!(types.contains(r#"path: "/api/users/:userId""#), "{types}");
}

#[test]
fn only_procedures_with_a_required_session_declare_security() {
    let all = operations(&document()).into_iter();
    let all = all.map(|(_, operation)| (operation["operationId"].clone(), operation["security"].clone()));
    let with: Vec<_> = all.filter(|(_, security)| *security != json!([])).collect();
    let expected = [
        ("auth_both", json!([{"session": []}, {"session": [], "short": []}])),
        ("auth_login", json!([{"x-csrf-token": []}, {"x-csrf-token": [], "session": []}])),
        ("auth_plain", json!([{}, {"short": []}])),
        ("auth_profile", json!([{"session": []}])),
        ("other_report", json!([{"x-api-key": []}])),
    ];
    assert_eq!(with, expected.map(|(id, security)| (json!(id), security)));
    let schemes = &document()["components"]["securitySchemes"];
    assert_eq!(schemes["session"], json!({"type": "apiKey", "in": "cookie", "name": "session"}));
    assert_eq!(schemes["short"], json!({"type": "apiKey", "in": "cookie", "name": "__Host-short"}));
}

#[test]
fn refusals_by_steps_are_responses() {
    let report = operation("other_report");
    assert_eq!(report["responses"]["401"]["description"], "API key required");
    assert_eq!(report["responses"]["403"]["description"], "Closed");
    assert_eq!(
        operation("auth_profile")["responses"]["401"]["description"],
        "Authentication required. User not found."
    );
    assert_eq!(operation("auth_login")["responses"].get("401"), None);
    for id in ["auth_profile", "auth_login", "auth_plain"] {
        let conflict = &operation(id)["responses"]["409"]["description"];
        assert_eq!(conflict, "The session was changed by another request", "{id}");
    }
}

#[test]
fn a_guard_made_of_a_closure_can_declare_its_header() {
    let api_key = guard("apiKey", |request| request.header("x-api-key").is_some());
    let api_key = api_key.requires(Credential::Header("x-api-key".into()));
    let stats = procedure::<()>().guard(api_key).query(|_| Ok(1));
    let client = Client::of(App::new(()).router(Router::new("admin").procedure("stats", stats)));
    let manifest = client.service().manifest();
    let document = OpenApi::new("", "").document(manifest);
    let (_, operation) = &operations(&document)[0];
    assert_eq!(operation["security"], json!([{"x-api-key": []}]));
    let scheme = &document["components"]["securitySchemes"]["x-api-key"];
    assert_eq!(*scheme, json!({"type": "apiKey", "in": "header", "name": "x-api-key"}));
    assert_eq!(manifest.to_string(), "GET  /api/admin/stats  admin.stats  requires x-api-key header; guards: apiKey\n");
}

#[test]
fn declared_errors_of_a_handler_are_responses() {
    let (get, create) = (operation("users_getUser"), operation("users_createUser"));
    assert_eq!(get["responses"]["404"]["description"], "No user has this id");
    assert_eq!(create["responses"]["409"]["description"], "The e-mail address is taken");
    assert_eq!(get["responses"].get("409"), None);
}

#[test]
fn rate_limit_headers_are_on_all_replies_and_the_refusal_has_retry_after() {
    let responses = operation("auth_login")["responses"].clone();
    let names = |status: &str| {
        let headers = responses[status]["headers"].as_object().expect("headers");
        headers.keys().cloned().collect::<Vec<_>>()
    };
    let limit = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
    for status in ["200", "400", "default"] {
        assert_eq!(names(status), limit, "{status}");
    }
    assert_eq!(names("429"), [&["retry-after"], &limit[..]].concat());
    assert_eq!(responses["429"]["headers"]["retry-after"], json!({"$ref": "#/components/headers/retry-after"}));
    let reset = &document()["components"]["headers"]["x-ratelimit-reset"];
    assert_eq!(*reset, json!({"description": "The end of the window in Unix seconds.", "schema": {"type": "string"}}));
    assert_eq!(operation("auth_profile")["responses"]["200"].get("headers"), None);
}

#[test]
fn only_mutations_require_csrf_tokens() {
    let profile = operation("auth_profile");
    assert_eq!((&profile["security"], profile["responses"].get("403")), (&json!([{"session": []}]), None));
    let refusal = operation("auth_login")["responses"]["403"]["description"].clone();
    assert!(refusal.as_str().is_some_and(|text| text.contains("CSRF token mismatch")), "{refusal}");
    let token = &document()["components"]["securitySchemes"]["x-csrf-token"];
    let description = "The token in the cookie `csrf`. The field `_csrf` of a JSON body can carry it instead.";
    let expected = json!({"type": "apiKey", "in": "header", "name": "x-csrf-token", "description": description});
    assert_eq!(*token, expected);
}

#[tokio::test]
async fn the_document_has_the_success_statuses_that_are_sent() {
    let client = client();
    let user = json!({"name": "Ada", "email": "ada@example.com"}).to_string();
    for (id, method, target, body) in [
        ("users_listUsers", Method::GET, "/api/users", None),
        ("users_createUser", Method::POST, "/api/users", Some(user.as_str())),
        ("users_deleteUser", Method::DELETE, "/api/users/1", None),
        ("users_removeUser", Method::DELETE, "/api/people/1", None),
        ("other_nothing", Method::POST, "/api/other/nothing", None),
        ("other_publish", Method::PUT, "/api/other/x", None),
    ] {
        let reply = match body {
            Some(body) => client.json(method, target, body.to_owned()).await,
            None => {
                client
                    .send(http::Request::builder().method(method).uri(target).body(String::new()).expect("a request"))
                    .await
            }
        };
        assert!(reply.status.is_success(), "{id}: {reply:?}");
        let response = operation(id)["responses"][reply.status.as_str()].clone();
        assert!(response.is_object(), "{id} does not name {}", reply.status);
        assert_eq!(response.get("content").is_some(), !reply.body.is_empty(), "{id}");
        if !reply.body.is_empty() {
            fits(&response["content"]["application/json"]["schema"], &reply.json(), id);
        }
    }
}

#[tokio::test]
async fn failures_fit_the_documented_envelope() {
    let client = client();
    let envelope = operation("users_createUser")["responses"]["400"]["content"]["application/json"]["schema"].clone();
    let invalid = client.post("/api/users", r#"{"name": "", "email": 7}"#).await;
    assert_eq!(invalid.status, StatusCode::BAD_REQUEST);
    fits(&envelope, &invalid.json(), "invalid");
    fits(&envelope, &client.post("/api/users", "{").await.json(), "malformed");
    fits(&envelope, &client.get("/api/users/7").await.json(), "not found");
    fits(&envelope, &client.get("/api/auth/profile").await.json(), "refused");
    fits(&envelope, &client.get("/api/nowhere").await.json(), "unknown");
}

#[test]
fn the_checker_rejects_a_value_that_does_not_fit() {
    let envelope = operation("users_createUser")["responses"]["400"]["content"]["application/json"]["schema"].clone();
    let refused = std::panic::catch_unwind(|| fits(&envelope, &json!({"error": "E", "message": "M"}), "short"));
    assert!(refused.is_err());
}

/// Checks that a sent value fits a schema of the document.
fn fits(schema: &Value, value: &Value, name: &str) {
    let case = json!({"document": document(), "schema": schema, "value": value});
    let name = name.replace(' ', "-");
    assert_eq!(node("fits.mjs", &[&file(&format!("fits-{name}.json"), &case.to_string())]), "fits\n", "{name}");
}

#[test]
fn parameters_come_from_path_and_query() {
    let list = operation("users_listUsers");
    let [page, limit, search, roles, active] = list["parameters"].as_array().expect("parameters").as_slice() else {
        panic!("five: {list:#}");
    };
    assert_eq!(page["in"], "query");
    assert_eq!(page["required"], false);
    assert_eq!(page["description"], "The number of the page, starting at 1.");
    assert_eq!(page["schema"]["type"], "integer");
    assert_eq!(page["schema"]["minimum"], 1);
    assert_eq!(page["schema"]["default"], 1);
    assert_eq!((&limit["schema"]["minimum"], &limit["schema"]["maximum"]), (&json!(1), &json!(100)));
    assert_eq!(limit["schema"]["default"], 20);
    assert_eq!(search["schema"], json!({"type": "string"}));
    assert_eq!(roles["schema"]["type"], "array");
    assert_eq!(active["schema"], json!({"type": "boolean"}));

    let by_id = &operation("users_getUser")["parameters"];
    assert_eq!(by_id, &json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}]));
    let any = &operation("other_anyKeys")["parameters"][0];
    assert_eq!((&any["style"], &any["explode"]), (&json!("form"), &json!(true)));
}

#[test]
fn the_body_is_the_input_without_the_path_parameters() {
    let update = operation("users_updateUser");
    let reference = &update["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(*reference, json!({"$ref": "#/components/schemas/UpdateUserBody"}));
    let schema = &document()["components"]["schemas"]["UpdateUserBody"];
    assert_eq!(schema["required"], json!(["name", "email"]));
    assert_eq!(schema["properties"]["email"]["format"], "email");
    assert_eq!(schema["properties"].get("id"), None);
    assert_eq!(update["requestBody"]["required"], true);
    let create = &operation("users_createUser")["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(*create, json!({"$ref": "#/components/schemas/CreateUser"}));
    assert_eq!(operation("other_publish").get("requestBody"), None);
    assert_eq!(operation("other_nothing").get("requestBody"), None);
    assert_eq!(operation("users_deleteUser").get("requestBody"), None);
}

#[test]
fn doc_comments_are_descriptions_and_deprecations_are_marked() {
    let list = operation("users_listUsers");
    assert_eq!(list["summary"], "The users");
    assert_eq!(list["description"], "The users.\n\nIn the order of their creation.");
    let count = operation("users_count");
    assert_eq!(count["deprecated"], true);
    assert_eq!(count["description"], "Deprecated: ask for the list");
}

/// The default in `Address` makes a field optional in the input, but not in the output.
#[test]
fn a_type_with_another_input_form_has_two_schemas() {
    let schemas = document()["components"]["schemas"].clone();
    assert_eq!(schemas["Address"]["required"], json!(["city", "zip", "country"]));
    assert_eq!(schemas["AddressInput"]["required"], json!(["city", "zip"]));
    assert!(schemas.get("RoleInput").is_none(), "it is the same in both forms");
}

#[test]
fn a_type_named_error_does_not_replace_the_envelope() {
    #[velox_rpc::schema]
    #[schemars(rename = "Error")]
    struct Failure {
        reason: String,
    }
    let one = procedure::<()>().query(|_| Ok(vec![Failure { reason: String::new() }]));
    let client = Client::of_one(one);
    let schemas = OpenApi::new("", "").document(client.service().manifest())["components"]["schemas"].clone();
    assert!(schemas["Error2"]["properties"]["reason"].is_object(), "{schemas:#}");
    assert!(schemas["Error"]["properties"]["statusCode"].is_object(), "{schemas:#}");
}

#[test]
fn a_property_may_have_the_name_of_a_keyword() {
    fn first() -> Value {
        json!({"x-velox-tag": 1, "description": "One\n# Example\nTwo", "properties": 1})
    }
    #[velox_rpc::schema]
    struct Marks {
        #[serde(rename = "x-velox-tag")]
        tag: Option<String>,
        #[serde(rename = "x-velox-order")]
        order: u8,
        #[serde(default = "first")]
        properties: Value,
    }
    let echo = procedure::<()>().input::<Marks>().mutation(|call| Ok(call.input));
    let client = Client::of_one(echo);
    let schemas = OpenApi::new("", "").document(client.service().manifest())["components"]["schemas"].clone();
    for name in ["Marks", "MarksInput"] {
        let properties = &schemas[name]["properties"];
        for property in ["x-velox-tag", "x-velox-order", "properties"] {
            assert!(properties[property].is_object(), "{property}: {schemas:#}");
        }
        assert_eq!(properties["properties"]["default"], first());
        assert_eq!(schemas[name].get("x-velox-order"), None);
    }
    let types = TypeScript::of(client.service().manifest()).to_string();
    assert!(types.contains("  \"x-velox-order\": number;\n"), "{types}");
}

#[test]
fn a_name_of_two_types_in_one_object_is_required_once() {
    #[velox_rpc::schema]
    #[derive(Clone)]
    struct Inner {
        id: u8,
        name: String,
    }
    #[velox_rpc::schema]
    struct Outer {
        id: u8,
        #[serde(flatten)]
        inner: Inner,
    }
    let inner = Inner { id: 1, name: String::new() };
    let client = Client::of_one(procedure::<()>().query(move |_| Ok(Outer { id: 1, inner: inner.clone() })));
    let schemas = OpenApi::new("", "").document(client.service().manifest())["components"]["schemas"].clone();
    assert_eq!(schemas["Outer"]["required"], json!(["id", "name"]));
}

#[test]
fn each_operation_names_its_procedure() {
    assert_eq!(operation("users_listUsers")["x-velox-procedure"], "users.listUsers");
}

#[test]
fn the_current_user_must_be_a_query_that_the_page_can_call() {
    assert_eq!(document()["x-velox-current-user"], "auth.profile");
    let mistake = |name: &'static str| {
        let app = app().docs("/other", OpenApi::new("", "").current_user(name));
        app.into_service().expect_err("a mistake").mistakes().join("\n")
    };
    assert!(mistake("auth.nobody").contains("`current_user` names `auth.nobody`, but no procedure has this name"));
    for name in ["auth.login", "users.internal", "users.getUser"] {
        assert!(mistake(name).contains(&format!("cannot call `{name}` for the current user")), "{name}");
    }
}

#[test]
fn the_document_names_its_server() {
    assert_eq!(document()["servers"], json!([{"url": "/"}]));
    let document = OpenApi::new("", "").server("/shop").document(client().service().manifest());
    assert_eq!(document["servers"], json!([{"url": "/shop"}]));
}
