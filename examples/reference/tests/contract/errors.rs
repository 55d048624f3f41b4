//! "Wire rules": errors. The client checks for each reply that an error has the envelope.

use http::Method;
use serde_json::json;

use crate::world::{Reference, failed, failure};

/// [R] for `code` and `fields`.
#[tokio::test]
async fn input_validation_is_400_with_details_code_and_fields() {
    let reference = Reference::start();
    let body = json!({"name": "A", "email": "a@example.com", "address": {"city": "X", "zip": "1"}});
    let reply = reference.client().post("/api/users", body.to_string()).await;
    let expected = json!({
        "error": "ValidationError",
        "message": "Validation failed",
        "statusCode": 400,
        "code": "VALIDATION_ERROR",
        "fields": {"address.zip": "Invalid zip"},
        "details": [{"field": "address.zip", "message": "Invalid zip"}],
    });
    assert_eq!(reply.outcome(), (400, expected));
}

#[tokio::test]
async fn a_validation_error_thrown_by_code_is_400_with_fields_and_details() {
    let reference = Reference::start();
    let expected = json!({
        "error": "ValidationError",
        "message": "Bad thing",
        "statusCode": 400,
        "code": "VALIDATION_ERROR",
        "fields": {"field": "reason"},
        "details": [{"field": "field", "message": "reason"}],
    });
    assert_eq!(reference.client().get("/api/errors/validation").await.outcome(), (400, expected));
}

#[tokio::test]
async fn a_not_found_error_is_404_with_resource_and_resource_id() {
    let reference = Reference::start();
    let expected = json!({
        "error": "NotFoundError",
        "message": "Widget with id 42 not found",
        "statusCode": 404,
        "code": "NOT_FOUND",
        "resource": "Widget",
        "resourceId": "42",
    });
    assert_eq!(reference.client().get("/api/errors/not-found").await.outcome(), (404, expected));
}

#[tokio::test]
async fn a_velox_error_has_its_status_message_and_code() {
    let reference = Reference::start();
    let expected =
        json!({"error": "VeloxError", "message": "Pay first", "statusCode": 402, "code": "PAYMENT_REQUIRED"});
    assert_eq!(reference.client().get("/api/errors/custom").await.outcome(), (402, expected));
}

/// [R] for `code`.
#[tokio::test]
async fn an_auth_error_has_its_status_message_and_code() {
    let reference = Reference::start();
    let wrong = json!({"email": "alice@example.com", "password": "wrong"});
    let reply = reference.browser().post("/api/auth/login", wrong).await;
    let expected = json!({
        "error": "AuthError",
        "message": "Invalid credentials",
        "statusCode": 401,
        "code": "INVALID_CREDENTIALS",
    });
    assert_eq!(reply.outcome(), (401, expected));
}

#[tokio::test]
async fn a_failed_guard_has_its_status_message_and_name() {
    let reference = Reference::start();
    let expected = json!({
        "error": "GuardError",
        "message": "API key required",
        "statusCode": 401,
        "code": "GUARD_FAILED",
        "guardName": "apiKey",
    });
    assert_eq!(reference.client().get("/api/admin/stats").await.outcome(), (401, expected));
}

#[tokio::test]
async fn an_unknown_route_is_404_and_names_method_and_url_as_sent() {
    let reference = Reference::start();
    let api = reference.client();
    for (method, target) in [(Method::GET, "/api/nope?x=1"), (Method::POST, "/api/no%20pe"), (Method::DELETE, "/")] {
        let reply = api.json(method.clone(), target, "").await;
        let body = reply.json();
        assert_eq!((reply.status.as_u16(), &body["error"]), (404, &json!("Not Found")), "{target}");
        assert_eq!(body["message"], format!("Route {method}:{target} not found"));
    }
}

#[tokio::test]
async fn a_known_path_with_a_wrong_method_is_404_or_405() {
    let reference = Reference::start();
    for (method, target) in
        [(Method::DELETE, "/api/health"), (Method::GET, "/api/auth/login"), (Method::PATCH, "/api/users")]
    {
        let reply = reference.client().json(method, target, "").await;
        assert!([404, 405].contains(&reply.status.as_u16()), "{target}: {reply:?}");
    }
}

#[tokio::test]
async fn malformed_json_is_400() {
    let reference = Reference::start();
    for body in ["{", r#"{"text":}"#, "x", r#"{"text":"a"} {}"#] {
        assert_eq!(reference.client().post("/api/notes", body).await.status, 400, "{body}");
    }
}

/// [R]
#[tokio::test]
async fn any_other_failure_of_a_handler_is_500_and_says_nothing_of_the_cause() {
    let reference = Reference::start();
    let reply = reference.client().get("/api/errors/plain").await;
    let expected = failed(500, "InternalServerError", "Internal server error", "INTERNAL_SERVER_ERROR");
    assert_eq!(failure(&reply), expected);
    assert!(!reply.text().contains("hunter2"), "{reply:?}");
}

/// [R]
#[tokio::test]
async fn a_result_that_fails_its_output_schema_is_500() {
    let reference = Reference::start();
    let reply = reference.client().get("/api/mw/bad-output").await;
    assert_eq!(reply.status, 500);
    // The request id is random, so it may contain the digits by chance.
    let mut body = reply.json();
    body["requestId"].take();
    assert!(!body.to_string().contains("42"), "{reply:?}");
}
