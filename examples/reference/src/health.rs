//! The health check.

use velox_rpc::http::Method;
use velox_rpc::{Query, procedure, router, schema};

use crate::AppState;

pub struct Health;

#[schema]
pub struct Status {
    /// Always `ok`.
    pub status: String,
}

#[router("health", state = AppState)]
impl Health {
    /// Returns whether the service is running.
    pub fn get_health(&self) -> Query<(), Status> {
        // A load balancer calls this by IP address.
        procedure().any_host().rest(Method::GET, "/health").query(|_| Ok(Status { status: "ok".to_owned() }))
    }
}
