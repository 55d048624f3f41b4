//! "OpenAPI".

use std::collections::BTreeSet;

use serde_json::{Value, json};
use velox_reference::app;
use velox_tests::exchange;

use crate::world::{Reference, settings};

/// Returns the head and the body of a page.
fn page(reference: &Reference, target: &str) -> (String, String) {
    let reply = exchange(reference.address(), &format!("GET {target} HTTP/1.1"), "");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    (head.to_lowercase(), body.to_owned())
}

fn document() -> Value {
    let reference = Reference::start();
    let (head, body) = page(&reference, "/docs/openapi.json");
    assert!(head.contains("\r\ncontent-type: application/json"), "{head}");
    serde_json::from_str(&body).expect("JSON")
}

/// Returns a schema, and follows its `$ref`.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("the reference resolves"),
        None => schema,
    }
}

fn parameter<'d>(operation: &'d Value, name: &str) -> &'d Value {
    let parameters = operation["parameters"].as_array().expect("parameters");
    parameters.iter().find(|parameter| parameter["name"] == name).unwrap_or_else(|| panic!("no `{name}`: {operation}"))
}

#[test]
fn get_docs_openapi_json_is_an_openapi_3_document_of_the_app() {
    let document = document();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")), "{document}");
    let info = &document["info"];
    assert_eq!((&info["title"], &info["version"]), (&json!("Conformance API"), &json!("1.0.0")));
}

#[test]
fn the_api_key_is_a_header_that_its_procedures_require() {
    let document = document();
    let scheme = &document["components"]["securitySchemes"]["x-api-key"];
    assert_eq!(*scheme, json!({"type": "apiKey", "in": "header", "name": "x-api-key"}));
    assert_eq!(document["paths"]["/api/admin/stats"]["get"]["security"], json!([{"x-api-key": []}]));
}

#[test]
fn get_docs_is_an_html_page() {
    let (head, body) = page(&Reference::start(), "/docs");
    assert!(head.contains("\r\ncontent-type: text/html"), "{head}");
    assert!(body.trim_start().to_lowercase().starts_with("<!doctype html>"), "{body}");
}

#[test]
fn it_has_all_rest_routes_with_the_prefix_and_parameters_in_braces_and_no_other() {
    let document = document();
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("operations").keys() {
            found.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let service = app(&settings()).expect("good settings").into_service().expect("good routes");
    let braced = |path: &str| {
        let segment = |segment: &str| match segment.strip_prefix(':') {
            Some(name) => format!("{{{name}}}"),
            None => segment.to_owned(),
        };
        path.split('/').map(segment).collect::<Vec<_>>().join("/")
    };
    let expected: BTreeSet<_> = service
        .manifest()
        .entries()
        .iter()
        .filter_map(|entry| entry.route())
        .map(|(method, path)| format!("{method} {}", braced(path)))
        .collect();
    assert_eq!(found, expected);
    assert!(found.contains("GET /api/organizations/{orgId}/projects/{projectId}/tasks/{id}"));
}

#[test]
fn each_operation_has_its_id_and_its_namespace_as_tag_which_is_listed_at_the_top() {
    let document = document();
    let listed: BTreeSet<_> =
        document["tags"].as_array().expect("tags").iter().map(|tag| tag["name"].as_str().expect("a name")).collect();
    let mut ids = BTreeSet::new();
    for item in document["paths"].as_object().expect("paths").values() {
        for operation in item.as_object().expect("operations").values() {
            let id = operation["operationId"].as_str().expect("an id");
            let (namespace, _) = id.split_once('_').expect("two parts");
            assert_eq!(operation["tags"], json!([namespace]));
            assert!(listed.contains(namespace), "{id}");
            ids.insert(id);
        }
    }
    assert!(ids.contains("auth_logoutAll") && ids.contains("users_listUsers"), "{ids:?}");
    assert_eq!(ids.len(), 63);
}

#[test]
fn parameters_are_those_of_the_path_and_on_get_and_delete_those_of_the_query() {
    let document = document();
    let paths = &document["paths"];
    let id = parameter(&paths["/api/users/{id}"]["get"], "id");
    assert_eq!((&id["in"], &id["required"], &id["schema"]["type"]), (&json!("path"), &json!(true), &json!("string")));
    let list = &paths["/api/users"]["get"];
    for (name, minimum, maximum, default) in
        [("page", json!(1), Value::Null, json!(1)), ("limit", json!(1), json!(100), json!(20))]
    {
        let found = parameter(list, name);
        assert_eq!((&found["in"], found["required"].as_bool().unwrap_or(false)), (&json!("query"), false));
        let schema = &found["schema"];
        assert_eq!((&schema["type"], &schema["minimum"], &schema["default"]), (&json!("integer"), &minimum, &default));
        if !maximum.is_null() {
            assert_eq!(schema["maximum"], maximum);
        }
    }
    assert_eq!(parameter(&paths["/api/session/flash"]["get"], "key")["required"], true);
    let removal = parameter(&paths["/api/notes/{id}"]["delete"], "reason");
    assert_eq!((&removal["in"], removal["required"].as_bool().unwrap_or(false)), (&json!("query"), false));
    // The body has these fields elsewhere.
    assert!(paths["/api/users"]["post"]["parameters"].as_array().is_none_or(Vec::is_empty));
}

#[test]
fn request_bodies_are_on_post_put_and_patch_and_have_the_input_less_the_path_parameters() {
    let document = document();
    let schema = |path: &str, method: &str| {
        let body = &document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"];
        resolved(&document, body).clone()
    };
    let create = schema("/api/users", "post");
    let required: BTreeSet<_> = create["required"].as_array().expect("required").iter().map(Value::to_string).collect();
    assert_eq!(required, BTreeSet::from(["\"email\"".to_owned(), "\"name\"".to_owned()]));
    let name = &create["properties"]["name"];
    assert_eq!((&name["type"], &name["minLength"], &name["maxLength"]), (&json!("string"), &json!(1), &json!(100)));
    assert_eq!(create["properties"]["email"]["format"], "email");
    let keys = |schema: &Value| -> Vec<String> {
        schema["properties"].as_object().expect("properties").keys().cloned().collect()
    };
    assert_eq!(keys(&schema("/api/users/{id}", "put")), ["address", "age", "email", "name"]);
    assert_eq!(keys(&schema("/api/users/{id}", "patch")), ["address", "age", "email", "name"]);
    assert_eq!(keys(&schema("/api/posts/{postId}/comments", "post")), ["text"]);
    assert_eq!(document["paths"]["/api/users/{id}"]["delete"]["requestBody"], Value::Null);
    assert_eq!(document["paths"]["/api/health"]["get"]["requestBody"], Value::Null);
}

/// [R]
#[test]
fn responses_have_the_success_status_that_is_really_sent() {
    let document = document();
    for (path, method, status) in [
        ("/api/users", "post", "201"),
        ("/api/notes", "post", "201"),
        ("/api/admin/reports", "post", "201"),
        ("/api/auth/login", "post", "200"),
        ("/api/mw/post/{slug}", "post", "200"),
        ("/api/users/{id}", "delete", "204"),
        ("/api/notes/{id}", "delete", "200"),
        ("/api/users", "get", "200"),
    ] {
        let responses = document["paths"][path][method]["responses"].as_object().expect("responses");
        let successes: Vec<_> = responses.keys().filter(|status| status.starts_with('2')).collect();
        assert_eq!(successes, [status], "{method} {path}");
    }
}

/// [R]
#[test]
fn responses_have_400_with_the_schema_of_the_real_error_envelope() {
    let document = document();
    let response = resolved(&document, &document["paths"]["/api/users"]["post"]["responses"]["400"]);
    let envelope = resolved(&document, &response["content"]["application/json"]["schema"]);
    for (key, kind) in [("error", "string"), ("message", "string"), ("statusCode", "integer")] {
        let found = &envelope["properties"][key]["type"];
        assert!(found == kind || (kind == "integer" && found == "number"), "{key}: {envelope}");
    }
}

#[test]
fn what_a_guard_refuses_by_is_among_the_responses() {
    let document = document();
    for (method, path, status) in
        [("post", "/api/csrf/submit", "403"), ("get", "/api/limited", "429"), ("get", "/api/admin/stats", "401")]
    {
        let responses = &document["paths"][path][method]["responses"];
        assert!(responses[status].is_object(), "{path}: {responses}");
    }
}
