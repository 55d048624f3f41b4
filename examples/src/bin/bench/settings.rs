//! How the server is set up, read from the environment.

use std::env::{self, VarError};
use std::error::Error;
use std::str::FromStr;
use std::time::Duration;

use velox_session::store::RedisStore;
use velox_session::{MemoryStore, SameSite, SessionMiddleware, session_middleware};

/// What the environment asks for.
pub struct Settings {
    /// `PORT`: where to listen.
    pub port: u16,
    /// `EXTRA_ROUTES`: how many routes are registered before the others.
    pub extra_routes: usize,
    /// `COOKIE_SECRET`, then `COOKIE_SECRET_OLD`: the first signs, both verify.
    secrets: Vec<String>,
    /// `COOKIE_NAME`.
    cookie_name: String,
    /// `SESSION_TTL_S`, `SESSION_ABSOLUTE_S`.
    ttl: Duration,
    absolute: Option<Duration>,
    /// `SLIDING=0` keeps sessions from sliding.
    sliding: bool,
    /// `REDIS_URL`: where sessions are kept, if not in memory.
    redis: Option<String>,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// If a number is none.
    pub fn read() -> Result<Self, Box<dyn Error>> {
        let secret = text("COOKIE_SECRET")?.unwrap_or_else(|| DEVELOPMENT_SECRET.to_owned());
        Ok(Self {
            port: number("PORT")?.unwrap_or(3000),
            extra_routes: number("EXTRA_ROUTES")?.unwrap_or(0),
            secrets: [Some(secret), text("COOKIE_SECRET_OLD")?].into_iter().flatten().collect(),
            cookie_name: text("COOKIE_NAME")?.unwrap_or_else(|| "sid".to_owned()),
            ttl: Duration::from_secs(number("SESSION_TTL_S")?.unwrap_or(86_400)),
            absolute: number("SESSION_ABSOLUTE_S")?.map(Duration::from_secs),
            sliding: text("SLIDING")?.as_deref() != Some("0"),
            redis: text("REDIS_URL")?,
        })
    }

    /// The sessions that these settings describe.
    ///
    /// # Errors
    ///
    /// If they contradict each other.
    pub fn session(&self) -> Result<SessionMiddleware, Box<dyn Error>> {
        let session = session_middleware(self.secrets.clone());
        let session = match &self.redis {
            Some(url) => session.store(RedisStore::connect(url)?),
            None => session.store(MemoryStore::new().with_capacity(CAPACITY)),
        };
        let session = session
            .cookie_name(&self.cookie_name)
            .secure(false)
            .http_only(true)
            .same_site(SameSite::Lax)
            .max_age(self.ttl)
            .sliding(self.sliding)
            // Every request renews the session, so that what is measured includes it.
            .touch_interval(Duration::ZERO);
        let session = match self.absolute {
            Some(absolute) => session.absolute_timeout(absolute),
            None => session.without_absolute_timeout(),
        };
        Ok(session.build()?)
    }
}

/// The text of a variable; one that is empty counts as not set.
fn text(name: &str) -> Result<Option<String>, Box<dyn Error>> {
    match env::var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8").into()),
    }
}

fn number<T: FromStr>(name: &str) -> Result<Option<T>, Box<dyn Error>> {
    let Some(text) = text(name)? else { return Ok(None) };
    match text.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(format!("{name} is no number that fits: {text}").into()),
    }
}

/// More than are ever measured.
const CAPACITY: usize = 4_000_000;
/// Known to everybody, and so for measurements only.
const DEVELOPMENT_SECRET: &str = "the bench app signs its cookies with this text";
