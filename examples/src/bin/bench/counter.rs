//! A number in the session, which no increment may be lost of.

use std::time::Duration;

use velox_rpc::http::Method;
use velox_rpc::{Call, Mutation, Query, procedure, router, schema};
use velox_session::SessionMiddleware;

use crate::app::AppState;

/// The routes of the counter.
pub struct Counter {
    /// The sessions.
    pub session: SessionMiddleware,
}

/// How to count; a request without a body has no wishes.
#[schema]
#[serde(untagged)]
pub enum IncrementInput {
    /// To wait in between.
    Wait(#[validate(nested)] Delay),
    /// To do it at once.
    AtOnce,
}

/// How long to wait between the loading of the session and the write to it.
#[schema]
pub struct Delay {
    /// The time in milliseconds.
    #[serde(rename = "delay_ms")]
    #[validate(range(max = 1000))]
    pub delay_ms: Option<u64>,
}

/// What was counted.
#[schema]
pub struct Counted {
    /// The number.
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
