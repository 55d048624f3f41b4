//! A store of one's own: sessions as files, which outlive the process. `cargo run --bin own_store`, twice, with the same
//! `SESSION_SECRET`.
//!
//! The seed page does the same with four lines of Redis. What those four lines lack, `file_store.rs` has: it says what it
//! expects to find before it writes, so that a logout is never undone by a request that began before it. `naive_store` shows what
//! comes of the four lines; `tests/tests/example_stores.rs` runs the conformance suite on both.

#![forbid(unsafe_code)]

mod file_store;

use std::error::Error;
use std::path::PathBuf;

use velox_examples::{mistake, number, variable};
use velox_rpc::{App, Call, Mutation, procedure, router, schema};
use velox_session::clock::SystemClock;
use velox_session::{Secret, SessionMiddleware, session_middleware};

use crate::file_store::FileStore;

/// Counts a visitor's visits.
struct Visits {
    session: SessionMiddleware,
}

/// How often a visitor was here.
#[schema]
struct Count {
    visits: u32,
}

#[router("visits")]
impl Visits {
    /// Counts one more visit: `POST /api/visits/count`.
    fn count(&self) -> Mutation<(), Count> {
        procedure().use_(self.session.middleware()).mutation(|Call { ctx, .. }| {
            // `update` runs again on the newest value where another request was faster: no visit is lost.
            let visits = ctx.session.update("visits", |visits: Option<u32>| visits.unwrap_or(0) + 1)?;
            Ok(Count { visits })
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
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
