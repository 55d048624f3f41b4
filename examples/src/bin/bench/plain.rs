//! Procedures without a session.

use velox_rpc::http::Method;
use velox_rpc::{Call, Mutation, Query, procedure, router, schema};

use crate::app::AppState;

pub struct Plain;

#[schema]
pub struct Health {
    /// Always `ok`.
    pub status: &'static str,
}

/// The input to send back.
#[schema]
pub struct Echo {
    #[validate(length(min = 1, max = 100))]
    pub name: String,
    /// The age in years.
    #[validate(range(min = 0, max = 150))]
    pub age: u32,
}

#[router("plain", state = AppState)]
impl Plain {
    /// Returns that the server is running.
    fn health(&self) -> Query<(), Health> {
        procedure().rest(Method::GET, "/health").query(|_| Ok(Health { status: "ok" }))
    }

    /// Returns its input if that is valid.
    fn echo(&self) -> Mutation<Echo, Echo> {
        procedure().input::<Echo>().rest(Method::POST, "/echo").mutation(|Call { input, .. }| Ok(input))
    }

    /// Does the same as a query, over tRPC only. The contract of the measured servers has no such
    /// REST route.
    fn repeat(&self) -> Query<Echo, Echo> {
        procedure().input::<Echo>().no_rest().query(|Call { input, .. }| Ok(input))
    }
}
