//! The reference app: a small service that uses every feature of velox, structured as a real
//! service of its size would be. It has a file for each router, one for the accounts, one for the
//! other data, one for middlewares and one for guards.
//!
//! It is a library with a binary, so that tests can build the application.

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

use std::sync::Arc;

use velox_rpc::export::OpenApi;
use velox_rpc::{App, Result, schema};
use velox_session::rate::MemoryRates;

use crate::accounts::Accounts;
use crate::data::Data;
pub use crate::settings::Settings;
use crate::stores::Stores;

/// The application state. Handlers read its fields through `ctx`.
pub struct AppState {
    pub accounts: Arc<Accounts>,
    pub data: Data,
    pub stores: Stores,
    /// How often each client has called.
    pub rates: MemoryRates,
    pub rooms: live::Rooms,
}

#[schema]
pub struct Success {
    /// Always true.
    pub success: bool,
}

impl Success {
    pub const YES: Self = Self { success: true };
}

#[schema]
pub struct Done {
    /// Always true.
    pub ok: bool,
}

impl Done {
    pub const OK: Self = Self { ok: true };
}

/// Builds the application from these settings.
///
/// # Errors
///
/// Returns an error if a setting is invalid, or the address of Redis.
pub fn app(settings: &Settings) -> Result<App<AppState>> {
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
