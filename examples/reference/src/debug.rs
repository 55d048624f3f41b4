//! For tests: back to the start, and how many sessions there are. No service has this.

use velox_rpc::http::Method;
use velox_rpc::{Call, Mutation, Query, procedure, router, schema};

use crate::{AppState, Success};

/// What tests ask for.
pub struct Debug;

/// How many there are.
#[schema]
pub struct Count {
    /// So many.
    pub count: usize,
}

#[router("debug", state = AppState)]
impl Debug {
    /// Goes back to the start.
    pub fn reset(&self) -> Mutation<(), Success> {
        procedure().mutation(async |Call { ctx, .. }| {
            ctx.accounts.reset();
            ctx.data.reset();
            ctx.rates.clear();
            ctx.stores.main.clear().await?;
            ctx.stores.short.clear().await?;
            Ok(Success::YES)
        })
    }

    /// How many main sessions live.
    pub fn count_sessions(&self) -> Query<(), Count> {
        procedure()
            .rest(Method::GET, "/debug/sessions")
            .query(async |Call { ctx, .. }| Ok(Count { count: ctx.stores.main.count().await? }))
    }
}
