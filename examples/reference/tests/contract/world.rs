//! A process of the reference app, and its visitors.

use std::net::SocketAddr;

use serde_json::{Value, json};
use velox_reference::Settings;
use velox_reference::settings::StoreKind;
use velox_session::Secret;
use velox_tests::redis::RedisServer;
use velox_tests::{Browser, Client, Program, Reply};

/// A process of the reference app, and the Redis that stores its sessions, if there is one.
pub struct Reference {
    // The fields are dropped in this order.
    _program: Program,
    redis: Option<RedisServer>,
    address: SocketAddr,
}

impl Reference {
    /// Starts the app with sessions in memory.
    pub fn start() -> Self {
        Self::with(&[], None)
    }

    /// Starts the app with sessions in its own Redis.
    pub async fn on_redis() -> Self {
        let redis = RedisServer::start().await;
        let url = redis.url();
        Self::with(&[("SESSION_STORE", "redis"), ("REDIS_URL", &url)], Some(redis))
    }

    /// Another process, with sessions in the same Redis.
    pub fn beside(&self) -> Self {
        Self::with(&[("SESSION_STORE", "redis"), ("REDIS_URL", &self.redis().url())], None)
    }

    fn with(environment: &[(&str, &str)], redis: Option<RedisServer>) -> Self {
        let environment: Vec<_> = environment.iter().copied().chain(EVERY_TIME).collect();
        let program = Program::run(env!("CARGO_BIN_EXE_reference"), &environment);
        let address = program.address();
        Self { _program: program, redis, address }
    }

    /// Returns its Redis.
    pub fn redis(&self) -> &RedisServer {
        self.redis.as_ref().expect("it was started on Redis")
    }

    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes a client without cookies.
    pub fn client(&self) -> Client {
        Client::at(self.address)
    }

    /// Makes a browser without a session.
    pub fn browser(&self) -> Browser {
        Browser::at(self.address)
    }

    /// Makes a browser that is logged in.
    pub async fn logged_in(&self, account: &Account) -> Browser {
        let mut browser = self.browser();
        browser.login(account).await;
        browser
    }

    /// Returns the number of main sessions in the store.
    pub async fn sessions(&self) -> u64 {
        self.client().get("/api/debug/sessions").await.result()["count"].as_u64().expect("a number")
    }
}

/// Runs a test with sessions in memory, and at the same time with sessions in Redis.
pub async fn on_each_store(test: impl AsyncFn(&Reference)) {
    let (memory, redis) = (Reference::start(), Reference::on_redis().await);
    tokio::join!(test(&memory), test(&redis));
}

/// Returns the settings of an app in this process.
pub fn settings() -> Settings {
    Settings {
        host: "127.0.0.1".to_owned(),
        port: 0,
        secret: Secret::new(SECRET).expect("a good secret"),
        store: StoreKind::Memory,
        debug_routes: true,
    }
}

/// The secret that signs everything in the tests.
pub const SECRET: &str = "conformance-session-secret-0123456789";
const EVERY_TIME: [(&str, &str); 2] = [("SESSION_SECRET", SECRET), ("DEBUG_ROUTES", "1")];

/// The users who may log in.
#[derive(Debug)]
pub struct Account {
    id: &'static str,
    email: &'static str,
    password: &'static str,
    name: &'static str,
    roles: &'static [&'static str],
}

impl Account {
    /// Returns the body of a login.
    pub fn credentials(&self) -> Value {
        json!({"email": self.email, "password": self.password})
    }

    /// Returns the account as replies show it.
    pub fn shown(&self) -> Value {
        json!({"id": self.id, "email": self.email, "name": self.name, "roles": self.roles})
    }
}

pub const ALICE: Account =
    Account { id: "u1", email: "alice@example.com", password: "wonderland-1", name: "Alice", roles: &["user"] };
pub const BOB: Account =
    Account { id: "u2", email: "bob@example.com", password: "builder-22", name: "Bob", roles: &["user"] };
pub const ADMIN: Account = Account {
    id: "u3",
    email: "admin@example.com",
    password: "root-of-all-3",
    name: "Admin",
    roles: &["user", "admin"],
};
pub const TEMP: Account =
    Account { id: "u4", email: "temp@example.com", password: "short-lived-4", name: "Temp", roles: &["user"] };

/// The requests that many tests send with a browser.
pub trait Visit {
    /// Logs in and stays logged in.
    async fn login(&mut self, account: &Account);
    /// Sets a key of the session.
    async fn set(&mut self, key: &str, value: Value);
    /// Returns the data of the session.
    async fn data(&mut self) -> Value;
    /// Returns the state of the session: new, authenticated, and the user.
    async fn info(&mut self) -> Value;
    /// Returns whether the browser is logged in, by the status of the profile.
    async fn profile(&mut self) -> u16;
}

impl Visit for Browser {
    async fn login(&mut self, account: &Account) {
        let reply = self.post("/api/auth/login", account.credentials()).await;
        assert_eq!(reply.outcome(), (200, json!({"user": account.shown()})));
    }

    async fn set(&mut self, key: &str, value: Value) {
        let reply = self.post("/api/session/data", json!({"key": key, "value": value})).await;
        assert_eq!(reply.outcome(), SUCCESS.outcome());
    }

    async fn data(&mut self) -> Value {
        self.get("/api/session/data").await.result()["data"].clone()
    }

    async fn info(&mut self) -> Value {
        self.get("/api/session/info").await.result()
    }

    async fn profile(&mut self) -> u16 {
        self.get("/api/auth/profile").await.status.as_u16()
    }
}

/// Returns `{"success":true}`.
pub struct Success;

pub const SUCCESS: Success = Success;

impl Success {
    pub fn outcome(&self) -> (u16, Value) {
        (200, json!({"success": true}))
    }
}

/// Returns the status, `error`, `message` and `code` of an error.
pub fn failure(reply: &Reply) -> (u16, String, String, String) {
    let body = reply.json();
    let text = |key: &str| body[key].as_str().unwrap_or("none").to_owned();
    (reply.status.as_u16(), text("error"), text("message"), text("code"))
}

/// Makes the value that [`failure`] returns.
pub fn failed(status: u16, error: &str, message: &str, code: &str) -> (u16, String, String, String) {
    (status, error.to_owned(), message.to_owned(), code.to_owned())
}

pub const UNAUTHORIZED: fn() -> (u16, String, String, String) =
    || failed(401, "AuthError", "Authentication required", "SESSION_UNAUTHORIZED");
