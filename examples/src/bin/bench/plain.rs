//! Procedures without a session.

use velox_rpc::http::Method;
use velox_rpc::{Call, Mutation, Query, procedure, router, schema};

use crate::app::AppState;

/// The routes that no session stands in front of.
pub struct Plain;

/// That the server is there.
#[schema]
pub struct Health {
    /// Always `ok`.
    pub status: &'static str,
}

/// What is echoed.
#[schema]
pub struct Echo {
    /// Somebody's name.
    #[validate(length(min = 1, max = 100))]
    pub name: String,
    /// And age, in years.
    #[validate(range(min = 0, max = 150))]
    pub age: u32,
}

#[router("plain", state = AppState)]
impl Plain {
    /// That the server is there.
    fn health(&self) -> Query<(), Health> {
        procedure().rest(Method::GET, "/health").query(|_| Ok(Health { status: "ok" }))
    }

    /// Sends back what it gets, if that is in order.
    fn echo(&self) -> Mutation<Echo, Echo> {
        procedure().input::<Echo>().rest(Method::POST, "/echo").mutation(|Call { input, .. }| Ok(input))
    }

    /// The same as a query, by tRPC alone: the contract of the measured servers has no such REST route.
    fn repeat(&self) -> Query<Echo, Echo> {
        procedure().input::<Echo>().no_rest().query(|Call { input, .. }| Ok(input))
    }
}
