//! Guards, which let a call pass or refuse it.

use std::time::Duration;

use velox_rpc::Ctx;
use velox_rpc::http::StatusCode;
use velox_rpc::procedure::{Credential, Guard, guard};
use velox_session::rate::{MemoryRates, rate_limit};

/// Lets callers with the API key pass.
pub fn api_key<C: Ctx>() -> impl Guard<C> {
    guard("apiKey", |request| request.header("x-api-key") == Some("key-123"))
        .requires(Credential::Header("x-api-key".into()))
        .message("API key required")
        .status(StatusCode::UNAUTHORIZED)
}

/// Lets calls pass during opening hours.
pub fn open_hours<C: Ctx>() -> impl Guard<C> {
    guard("openHours", |request| request.header("x-closed") != Some("1")).message("Closed")
}

/// Lets each client call three times a minute.
pub fn three_a_minute<C: Ctx>(rates: &MemoryRates) -> impl Guard<C> {
    rate_limit("limited", 3, Duration::from_secs(60))
        .by(|request| request.header("x-client-id").map(str::to_owned))
        .store(rates.clone())
}
