//! Extra routes, which show whether the number of routes slows down the others.

use velox_rpc::http::Method;
use velox_rpc::{Call, Router, procedure, schema};

use crate::app::AppState;

/// The parameter of a route.
#[schema]
pub struct Extra {
    pub id: String,
}

/// Makes this many routes: `GET /api/bench/r{i}/{id}`.
pub fn routes(count: usize) -> Router<AppState> {
    (0..count).fold(Router::new("bench"), |router, index| {
        let route = procedure::<AppState>()
            .input::<Extra>()
            .rest(Method::GET, format!("/bench/r{index}/:id"))
            .query(|Call { input, .. }| Ok(input));
        router.procedure(format!("r{index}"), route)
    })
}
