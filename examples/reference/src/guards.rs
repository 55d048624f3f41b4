//! Guards: what lets a call pass or refuses it.

use velox_rpc::Ctx;
use velox_rpc::http::StatusCode;
use velox_rpc::procedure::{Guard, guard};

/// Lets pass who has the key.
pub fn api_key<C: Ctx>() -> impl Guard<C> {
    guard("apiKey", |request| request.header("x-api-key") == Some("key-123"))
        .message("API key required")
        .status(StatusCode::UNAUTHORIZED)
}

/// Lets pass who comes while it is open.
pub fn open_hours<C: Ctx>() -> impl Guard<C> {
    guard("openHours", |request| request.header("x-closed") != Some("1")).message("Closed")
}
