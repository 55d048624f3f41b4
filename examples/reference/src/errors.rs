//! Procedures that fail, with each kind of error.

use std::io;

use velox_rpc::http::{Method, StatusCode};
use velox_rpc::{Error, Query, procedure, router};

use crate::AppState;

pub struct Errors;

#[router("errors", state = AppState)]
impl Errors {
    /// Fails with an unexpected error, whose cause the client does not see.
    pub fn throw_plain(&self) -> Query<(), ()> {
        procedure()
            .rest(Method::GET, "/errors/plain")
            .query(|_| Err(io::Error::other("database password is hunter2").into()))
    }

    /// Fails because a resource does not exist.
    pub fn throw_not_found(&self) -> Query<(), ()> {
        procedure().rest(Method::GET, "/errors/not-found").query(|_| Err(Error::resource_not_found("Widget", 42)))
    }

    /// Fails with a validation error that no schema can express.
    pub fn throw_validation(&self) -> Query<(), ()> {
        procedure()
            .rest(Method::GET, "/errors/validation")
            .query(|_| Err(Error::validation("Bad thing", [("field", "reason")])))
    }

    /// Fails with its own status and code.
    pub fn throw_velox(&self) -> Query<(), ()> {
        procedure()
            .rest(Method::GET, "/errors/custom")
            .query(|_| Err(Error::custom(StatusCode::PAYMENT_REQUIRED, "PAYMENT_REQUIRED", "Pay first")))
    }
}
