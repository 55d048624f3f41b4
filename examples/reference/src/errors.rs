//! Failures of each kind.

use std::io;

use velox_rpc::http::{Method, StatusCode};
use velox_rpc::{Error, Query, procedure, router};

use crate::AppState;

/// What fails.
pub struct Errors;

#[router("errors", state = AppState)]
impl Errors {
    /// Fails unexpectedly, for a reason that is nobody's business.
    pub fn throw_plain(&self) -> Query<(), ()> {
        procedure()
            .rest(Method::GET, "/errors/plain")
            .query(|_| Err(io::Error::other("database password is hunter2").into()))
    }

    /// Does not find something.
    pub fn throw_not_found(&self) -> Query<(), ()> {
        procedure().rest(Method::GET, "/errors/not-found").query(|_| Err(Error::resource_not_found("Widget", 42)))
    }

    /// Finds something wrong that no schema can.
    pub fn throw_validation(&self) -> Query<(), ()> {
        procedure()
            .rest(Method::GET, "/errors/validation")
            .query(|_| Err(Error::validation("Bad thing", [("field", "reason")])))
    }

    /// Fails with a status and a code of its own.
    pub fn throw_velox(&self) -> Query<(), ()> {
        procedure()
            .rest(Method::GET, "/errors/custom")
            .query(|_| Err(Error::custom(StatusCode::PAYMENT_REQUIRED, "PAYMENT_REQUIRED", "Pay first")))
    }
}
