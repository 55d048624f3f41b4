//! How the app is set up, read from the environment.

use std::env::{self, VarError};

use velox_session::Secret;
use velox_session::store::RedisStore;

/// What the environment asks for.
#[derive(Clone)]
pub struct Settings {
    /// `HOST`: the address to listen on.
    pub host: String,
    /// `PORT`: the port, 0 for any that is free.
    pub port: u16,
    /// `SESSION_SECRET`: what signs cookies and tokens.
    pub secret: String,
    /// `SESSION_STORE` and `REDIS_URL`.
    pub store: StoreKind,
}

/// Where sessions are kept.
#[derive(Clone)]
pub enum StoreKind {
    /// In this process.
    Memory,
    /// In the Redis of this address.
    Redis(String),
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// The first variable that makes no sense.
    pub fn from_env() -> Result<Self, String> {
        let port = text("PORT")?.unwrap_or_else(|| "0".to_owned());
        let store = match text("SESSION_STORE")?.as_deref() {
            None | Some("memory") => StoreKind::Memory,
            Some("redis") => StoreKind::Redis(redis_url()?),
            Some(other) => return Err(format!("SESSION_STORE is memory or redis, not {other}")),
        };
        Ok(Self {
            host: text("HOST")?.unwrap_or_else(|| "127.0.0.1".to_owned()),
            port: port.parse().map_err(|_| format!("PORT is no port: {port}"))?,
            secret: secret()?,
            store,
        })
    }

    /// Where to listen.
    pub fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }
}

impl Default for Settings {
    /// An empty environment.
    fn default() -> Self {
        Self { host: "127.0.0.1".to_owned(), port: 0, secret: DEFAULT_SECRET.to_owned(), store: StoreKind::Memory }
    }
}

/// What is wrong with the address is found here, where the variable is known, and not when the store is opened.
fn redis_url() -> Result<String, String> {
    let url = text("REDIS_URL")?.ok_or("SESSION_STORE is redis: set REDIS_URL too")?;
    RedisStore::connect(&url).map_err(|_| "REDIS_URL is not the address of a Redis server")?;
    Ok(url)
}

fn secret() -> Result<String, String> {
    let secret = text("SESSION_SECRET")?.unwrap_or_else(|| DEFAULT_SECRET.to_owned());
    Secret::new(secret.as_str()).map_err(|error| format!("SESSION_SECRET: {error}"))?;
    Ok(secret)
}

/// The text of a variable, if it is set. One that is empty is a mistake: taken for one that is not set, an empty secret would be the
/// default, which everybody knows.
fn text(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(text) if text.is_empty() => Err(format!("{name} is set, but empty")),
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8")),
    }
}

/// Known to everybody, and so for tests only.
const DEFAULT_SECRET: &str = "conformance-session-secret-0123456789";
