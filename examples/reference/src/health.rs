//! Whether the service is there.

use velox_rpc::http::Method;
use velox_rpc::{Query, procedure, router, schema};

use crate::AppState;

/// What asks for nothing.
pub struct Health;

/// How it is.
#[schema]
pub struct Status {
    /// Always `ok`.
    pub status: String,
}

#[router("health", state = AppState)]
impl Health {
    /// Whether the service is there.
    pub fn get_health(&self) -> Query<(), Status> {
        // A load balancer asks for it by an address.
        procedure().any_host().rest(Method::GET, "/health").query(|_| Ok(Status { status: "ok".to_owned() }))
    }
}
