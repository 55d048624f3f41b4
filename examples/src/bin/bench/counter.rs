//! A counter in the session that never loses an increment.

use std::time::Duration;

use velox_rpc::http::Method;
use velox_rpc::{Call, Mutation, Query, procedure, router, schema};
use velox_session::SessionMiddleware;

use crate::app::AppState;

pub struct Counter {
    pub session: SessionMiddleware,
}

/// The options for counting. A request without a body uses the defaults.
#[schema]
#[serde(untagged)]
pub enum IncrementInput {
    Wait(#[validate(nested)] Delay),
    /// Counts at once.
    AtOnce,
}

/// How long to wait between loading the session and writing to it.
#[schema]
pub struct Delay {
    /// The time in milliseconds.
    #[serde(rename = "delay_ms")]
    #[validate(range(max = 1000))]
    pub delay_ms: Option<u64>,
}

/// The result of counting.
#[schema]
pub struct Counted {
    pub counter: u64,
}

#[router("counter", state = AppState)]
impl Counter {
    /// Adds one.
    fn increment(&self) -> Mutation<IncrementInput, Counted> {
        procedure().use_(self.session.optional()).input::<IncrementInput>().rest(Method::POST, "/counter").mutation(
            async |Call { input, ctx }| {
                if let IncrementInput::Wait(Delay { delay_ms: Some(delay) }) = input {
                    tokio::time::sleep(Duration::from_millis(delay)).await;
                }
                let counter =
                    ctx.session.update("count", |count: Option<u64>| count.unwrap_or(0).saturating_add(1)).await?;
                Ok(Counted { counter })
            },
        )
    }

    /// Reads the number.
    fn read(&self) -> Query<(), Counted> {
        procedure()
            .use_(self.session.optional())
            .rest(Method::GET, "/counter")
            .query(|Call { ctx, .. }| Ok(Counted { counter: ctx.session.get("count")?.unwrap_or(0) }))
    }
}
