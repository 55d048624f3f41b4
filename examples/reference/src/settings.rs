//! The settings of the app, from the environment.

use velox_examples::{mistake, number, variable};
use velox_rpc::{Error, Result};
use velox_session::Secret;
use velox_session::store::RedisStore;

#[derive(Clone)]
pub struct Settings {
    /// `HOST`: the address to listen on.
    pub host: String,
    /// `PORT`: the port, or 0 for any free port.
    pub port: u16,
    /// `SESSION_SECRET`: the key that signs cookies and tokens. If it is not set, each run makes a
    /// new one.
    pub secret: Secret,
    /// `SESSION_STORE` and `REDIS_URL`.
    pub store: StoreKind,
    /// `DEBUG_ROUTES=1`: serves the `debug` routes, with which anybody can reset the data.
    pub debug_routes: bool,
}

/// The place where sessions are stored.
#[derive(Clone)]
pub enum StoreKind {
    /// In this process.
    Memory,
    /// In the Redis at this address.
    Redis(String),
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// Returns an error that names the first invalid variable.
    pub fn from_env() -> Result<Self> {
        let store = match variable("SESSION_STORE")?.as_deref() {
            None | Some("memory") => StoreKind::Memory,
            Some("redis") => StoreKind::Redis(redis_url()?),
            Some(other) => {
                return Err(Error::internal(format!("SESSION_STORE must be memory or redis, not {other}")));
            }
        };
        Ok(Self {
            host: variable("HOST")?.unwrap_or_else(|| "127.0.0.1".to_owned()),
            port: number("PORT")?.unwrap_or(0),
            secret: secret()?,
            store,
            debug_routes: match variable("DEBUG_ROUTES")?.as_deref() {
                None | Some("0") => false,
                Some("1") => true,
                Some(other) => return Err(Error::internal(format!("DEBUG_ROUTES must be 0 or 1, not {other}"))),
            },
        })
    }

    /// Returns the address to listen on.
    pub fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }
}

/// Checks the address here, where the name of the variable is known, and not when the store is
/// opened.
fn redis_url() -> Result<String> {
    let url = variable("REDIS_URL")?.ok_or_else(|| Error::internal("SESSION_STORE is redis: set REDIS_URL too"))?;
    RedisStore::connect(&url).map_err(|_| Error::internal("REDIS_URL is not the address of a Redis server"))?;
    Ok(url)
}

fn secret() -> Result<Secret> {
    let secret = match variable("SESSION_SECRET")? {
        Some(text) => Secret::new(text),
        None => {
            tracing::warn!("SESSION_SECRET is not set: this run uses a new secret, so its sessions end with it");
            Secret::generate()
        }
    };
    secret.map_err(|error| mistake("SESSION_SECRET", &error))
}
