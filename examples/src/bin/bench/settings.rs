//! The settings of the server, from the environment.

use std::env;
use std::time::Duration;

use velox_examples::{mistake, number, variable};
use velox_rpc::Result;
use velox_session::store::RedisStore;
use velox_session::{MemoryStore, SameSite, SessionMiddleware, session_middleware};

pub struct Settings {
    /// `PORT`: the port to listen on.
    pub port: u16,
    /// `EXTRA_ROUTES`: the number of routes to add before the others.
    pub extra_routes: usize,
    /// `COOKIE_SECRET`, then `COOKIE_SECRET_OLD`: the first signs cookies, and both verify them.
    secrets: Vec<String>,
    /// `COOKIE_NAME`.
    cookie_name: String,
    /// `SESSION_TTL_S`, `SESSION_ABSOLUTE_S`.
    ttl: Duration,
    absolute: Option<Duration>,
    /// `SLIDING=0` turns off sliding expiry.
    sliding: bool,
    /// `REDIS_URL`: the Redis that stores sessions. If it is not set, they are in memory.
    redis: Option<String>,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// Returns an error if a variable is empty or not a valid number.
    pub fn read() -> Result<Self> {
        let secret = variable("COOKIE_SECRET")?.unwrap_or_else(|| DEVELOPMENT_SECRET.to_owned());
        Ok(Self {
            port: number("PORT")?.unwrap_or(3000),
            extra_routes: number("EXTRA_ROUTES")?.unwrap_or(0),
            secrets: [Some(secret), old_secret()?].into_iter().flatten().collect(),
            cookie_name: variable("COOKIE_NAME")?.unwrap_or_else(|| "sid".to_owned()),
            ttl: Duration::from_secs(number("SESSION_TTL_S")?.unwrap_or(86_400)),
            absolute: number("SESSION_ABSOLUTE_S")?.map(Duration::from_secs),
            sliding: variable("SLIDING")?.as_deref() != Some("0"),
            redis: variable("REDIS_URL")?,
        })
    }

    /// Makes the sessions from these settings.
    ///
    /// # Errors
    ///
    /// Returns an error if the settings contradict each other.
    pub fn session(&self) -> Result<SessionMiddleware> {
        let session = session_middleware(self.secrets.clone());
        let session = match &self.redis {
            Some(url) => session.store(RedisStore::connect(url).map_err(|error| mistake("REDIS_URL", &error))?),
            None => session.store(MemoryStore::new().with_budget(BUDGET)),
        };
        let session = session
            .cookie_name(&self.cookie_name)
            .secure(false)
            .http_only(true)
            .same_site(SameSite::Lax)
            .max_age(self.ttl)
            .sliding(self.sliding)
            // Every request renews the session, so that the measurement includes it.
            .touch_interval(Duration::ZERO);
        let session = match self.absolute {
            Some(absolute) => session.absolute_timeout(absolute),
            None => session.without_absolute_timeout(),
        };
        Ok(session.build()?)
    }
}

/// The old key, which no longer signs. An empty value means no old key, so that a script can always
/// set the variable.
fn old_secret() -> Result<Option<String>> {
    let name = "COOKIE_SECRET_OLD";
    if env::var_os(name).is_some_and(|text| text.is_empty()) { Ok(None) } else { variable(name) }
}

/// More sessions than any measurement needs.
const BUDGET: usize = 4 << 30;
/// Everybody knows this secret, so it is for measurements only.
const DEVELOPMENT_SECRET: &str = "the bench app signs its cookies with this text";
