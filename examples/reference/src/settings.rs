//! How the app is set up, read from the environment.

use std::env::{self, VarError};

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
            Some("redis") => StoreKind::Redis(text("REDIS_URL")?.ok_or("SESSION_STORE is redis: set REDIS_URL too")?),
            Some(other) => return Err(format!("SESSION_STORE is memory or redis, not {other}")),
        };
        Ok(Self {
            host: text("HOST")?.unwrap_or_else(|| "127.0.0.1".to_owned()),
            port: port.parse().map_err(|_| format!("PORT is no port: {port}"))?,
            secret: text("SESSION_SECRET")?.unwrap_or_else(|| DEFAULT_SECRET.to_owned()),
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

/// The text of a variable; one that is empty counts as not set.
fn text(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8")),
    }
}

/// Known to everybody, and so for tests only.
const DEFAULT_SECRET: &str = "conformance-session-secret-0123456789";
