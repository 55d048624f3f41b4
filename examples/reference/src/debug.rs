//! Procedures for tests only: reset the data and count the sessions.

use velox_rpc::http::Method;
use velox_rpc::{Call, Mutation, Query, procedure, router, schema};

use crate::{AppState, Success};

pub struct Debug;

#[schema]
pub struct Count {
    pub count: usize,
}

#[router("debug", state = AppState)]
impl Debug {
    /// Restores the initial data.
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

    /// Counts the live main sessions.
    pub fn count_sessions(&self) -> Query<(), Count> {
        procedure()
            .rest(Method::GET, "/debug/sessions")
            .query(async |Call { ctx, .. }| Ok(Count { count: ctx.stores.main.count().await? }))
    }
}
