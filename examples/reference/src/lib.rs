//! The reference app: one small service that has everything velox has, written as a service of its size would be. A file for each
//! router, one for the accounts and one for the other data, one for middlewares, one for guards.
//!
//! A library beside its binary, so that a test has the application as a value.

#![forbid(unsafe_code)]

pub mod accounts;
pub mod admin;
pub mod auth;
pub mod comments;
pub mod csrf;
pub mod data;
pub mod debug;
pub mod errors;
pub mod guards;
pub mod health;
pub mod limited;
pub mod live;
pub mod middlewares;
pub mod mw;
pub mod notes;
pub mod session;
pub mod sessions;
pub mod settings;
pub mod short;
pub mod stores;
pub mod tasks;
pub mod users;

use std::error::Error;
use std::sync::Arc;

use velox_rpc::export::OpenApi;
use velox_rpc::{App, schema};
use velox_session::rate::MemoryRates;

use crate::accounts::Accounts;
use crate::data::Data;
pub use crate::settings::Settings;
use crate::stores::Stores;

/// What every handler reaches through `ctx`.
pub struct AppState {
    /// Who may log in.
    pub accounts: Arc<Accounts>,
    /// All else that is kept.
    pub data: Data,
    /// Where sessions are kept.
    pub stores: Stores,
    /// How often each caller has asked.
    pub rates: MemoryRates,
    /// What is published.
    pub rooms: live::Rooms,
}

/// That it worked.
#[schema]
pub struct Success {
    /// Always true.
    pub success: bool,
}

impl Success {
    /// It worked.
    pub const YES: Self = Self { success: true };
}

/// That it was done.
#[schema]
pub struct Done {
    /// Always true.
    pub ok: bool,
}

impl Done {
    /// It was done.
    pub const OK: Self = Self { ok: true };
}

/// The application of these settings.
///
/// # Errors
///
/// When a setting is wrong, or the address of Redis.
pub fn app(settings: &Settings) -> Result<App<AppState>, Box<dyn Error>> {
    let accounts = Arc::new(Accounts::seed());
    let stores = Stores::open(&settings.store);
    let session = sessions::main(&settings.secret, &stores.main, &accounts)?;
    let short = sessions::short(&settings.secret, &stores.short)?;
    let csrf = session.csrf().build()?;
    let rates = MemoryRates::new();

    let app = App::new(AppState {
        accounts,
        data: Data::seed(),
        stores,
        rates: rates.clone(),
        rooms: live::Rooms::default(),
    })
    .development(false)
    .docs("/docs", OpenApi::new("Conformance API", "1.0.0"))
    .trpc("/trpc")
    .router(health::Health)
    .router(auth::Auth { session: session.clone() })
    .router(session::Sessions { session: session.clone() })
    .router(short::Short { session: short })
    .router(users::Users)
    .router(notes::Notes)
    .router(comments::Comments { session: session.clone() })
    .router(tasks::Tasks)
    .router(admin::Admin { session: session.clone() })
    .router(live::Live { session: session.clone() })
    .router(mw::Mw { session })
    .router(errors::Errors)
    .router(csrf::Csrf { csrf })
    .router(limited::Limited { rates });
    Ok(if settings.debug_routes { app.router(debug::Debug) } else { app })
}
