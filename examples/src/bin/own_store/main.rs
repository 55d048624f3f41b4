//! A custom store: sessions in files, which outlive the process. Run `cargo run --bin own_store`
//! twice, with the same `SESSION_SECRET`.
//!
//! The documentation of VeloxTS does the same with four lines of Redis, which overwrite whatever is
//! stored. `file_store.rs` compares before it writes, so a request never undoes a logout that came
//! after it began. `naive_store` shows which promises the four lines break.
//! `tests/tests/sessions/example_stores.rs` tests both stores with the `conformance` feature.

#![forbid(unsafe_code)]

mod file_store;

use std::path::PathBuf;

use velox_examples::{mistake, number, variable};
use velox_rpc::{App, Call, Mutation, Result, procedure, router, schema};
use velox_session::clock::SystemClock;
use velox_session::{Secret, SessionMiddleware, session_middleware};

use crate::file_store::FileStore;

/// Counts the visits of a visitor.
struct Visits {
    session: SessionMiddleware,
}

/// The number of visits so far.
#[schema]
struct Count {
    visits: u32,
}

#[router("visits")]
impl Visits {
    /// Counts one more visit: `POST /api/visits/count`.
    fn count(&self) -> Mutation<(), Count> {
        procedure().use_(self.session.middleware()).mutation(async |Call { ctx, .. }| {
            // If another request was faster, `update` runs again on the newest value, so no visit
            // is lost.
            let visits = ctx.session.update("visits", |visits: Option<u32>| visits.unwrap_or(0) + 1).await?;
            Ok(Count { visits })
        })
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();
    let folder = variable("SESSION_FOLDER")?;
    let folder = folder.map_or_else(|| std::env::temp_dir().join("velox-sessions"), PathBuf::from);
    let secret = match variable("SESSION_SECRET")? {
        Some(text) => Secret::new(text).map_err(|error| mistake("SESSION_SECRET", &error))?,
        None => Secret::generate()?,
    };
    let session = session_middleware(secret)
        .store(FileStore::open(folder, SystemClock)?)
        .cookie_name("session")
        .secure(false)
        .build()?;
    let port = number("PORT")?.unwrap_or(3000);
    App::new(()).router(Visits { session }).serve(("127.0.0.1", port)).await?;
    Ok(())
}
