//! Direct access to the data of a session.

use std::time::Duration;

use serde_json::{Map, Value};
use velox_rpc::http::{Method, StatusCode};
use velox_rpc::{Call, Error, Mutation, Query, Result, procedure, router, schema};
use velox_session::{Session, SessionUser};

use crate::accounts::Credentials;
use crate::sessions::MainSession;
use crate::{AppState, Done, Success};

pub struct Sessions {
    pub session: MainSession,
}

/// The state of a session.
#[schema]
pub struct Info {
    /// `true` if the request came without a live session.
    pub is_new: bool,
    /// `true` if the session has a user.
    pub authenticated: bool,
    /// The user's id, or null.
    #[schema(nullable)]
    pub user_id: Option<String>,
}

/// The data of a session.
#[schema]
pub struct Written {
    /// All keys with their values.
    pub data: Map<String, Value>,
}

#[schema]
pub struct ByKey {
    #[validate(length(min = 1))]
    pub key: String,
}

#[schema]
pub struct Pair {
    #[validate(length(min = 1))]
    pub key: String,
    /// A value of any type.
    pub value: Value,
}

/// A key and a value to set after a delay.
#[schema]
pub struct SlowPair {
    #[validate(length(min = 1))]
    pub key: String,
    /// A value of any type.
    pub value: Value,
    /// The delay in milliseconds.
    #[serde(default)]
    #[validate(range(min = 0, max = 5000))]
    pub delay_ms: u32,
}

/// A flash message.
#[schema]
pub struct Message {
    /// The message, or null.
    pub message: Value,
}

#[schema]
pub struct LoginAndKey {
    #[validate(email)]
    pub email: String,
    #[validate(length(min = 1))]
    pub password: String,
    /// The key of the flash message to read.
    pub key: String,
}

#[router("session", state = AppState)]
impl Sessions {
    /// Returns the state of the session.
    pub fn get_info(&self) -> Query<(), Info> {
        procedure().use_(self.session.optional()).rest(Method::GET, "/session/info").query(|Call { ctx, .. }| {
            let user_id = ctx.session.user_id();
            Ok(Info { is_new: ctx.session.is_new(), authenticated: user_id.is_some(), user_id })
        })
    }

    /// Returns the data of the session.
    pub fn get_data(&self) -> Query<(), Written> {
        procedure()
            .use_(self.session.optional())
            .rest(Method::GET, "/session/data")
            .query(|Call { ctx, .. }| Ok(Written { data: ctx.session.data()? }))
    }

    /// Sets a key after a delay.
    pub fn set_data(&self) -> Mutation<SlowPair, Success> {
        procedure().input::<SlowPair>().use_(self.session.optional()).rest(Method::POST, "/session/data").mutation(
            async |Call { input, ctx }| {
                tokio::time::sleep(Duration::from_millis(input.delay_ms.into())).await;
                ctx.session.set(input.key, input.value)?;
                Ok(Success::YES)
            },
        )
    }

    /// Removes a key.
    pub fn remove_data(&self) -> Mutation<ByKey, ()> {
        procedure().input::<ByKey>().use_(self.session.optional()).rest(Method::DELETE, "/session/data/:key").mutation(
            |Call { input, ctx }| {
                ctx.session.remove(input.key)?;
                Ok(())
            },
        )
    }

    /// Sets a key and then fails.
    pub fn set_then_fail(&self) -> Mutation<Pair, ()> {
        procedure().input::<Pair>().use_(self.session.optional()).rest(Method::POST, "/session/fail").mutation(
            |Call { input, ctx }| {
                ctx.session.set(input.key, input.value)?;
                Err(Error::custom(StatusCode::UNPROCESSABLE_ENTITY, "DELIBERATE", "Deliberate failure"))
            },
        )
    }

    /// Changes the session's id.
    pub fn regenerate(&self) -> Mutation<(), Success> {
        procedure().use_(self.session.optional()).mutation(async |Call { ctx, .. }| {
            ctx.session.regenerate().await?;
            Ok(Success::YES)
        })
    }

    /// Stores a flash message for a later request.
    pub fn set_flash(&self) -> Mutation<Pair, Success> {
        procedure().input::<Pair>().use_(self.session.optional()).rest(Method::POST, "/session/flash").mutation(
            |Call { input, ctx }| {
                ctx.session.flash(input.key, input.value)?;
                Ok(Success::YES)
            },
        )
    }

    /// Reads a flash message, which removes it.
    pub fn get_flash(&self) -> Query<ByKey, Message> {
        procedure()
            .input::<ByKey>()
            .use_(self.session.optional())
            .rest(Method::GET, "/session/flash")
            .query(async |Call { input, ctx }| message(&ctx.session, &input.key).await)
    }

    /// Logs a user in and reads a flash message that was stored before the login.
    pub fn login_then_read_flash(&self) -> Mutation<LoginAndKey, Message> {
        procedure()
            .input::<LoginAndKey>()
            .use_(self.session.optional())
            .rest(Method::POST, "/session/login-flash")
            .mutation(async |Call { input, ctx }| {
                let LoginAndKey { email, password, key } = input;
                let user = ctx.accounts.verify(&Credentials { email, password })?;
                ctx.session.login(SessionUser::new(&user.id, &user.email)).await?;
                message(&ctx.session, &key).await
            })
    }

    /// Requires a session but does not use it.
    pub fn lazy_peek(&self) -> Query<(), Done> {
        procedure().use_(self.session.middleware()).rest(Method::GET, "/session/lazy").query(|_| Ok(Done::OK))
    }

    /// Returns the data of the session, except the user.
    pub fn lazy_data(&self) -> Query<(), Written> {
        procedure()
            .use_(self.session.middleware())
            .rest(Method::GET, "/session/lazy-data")
            .query(|Call { ctx, .. }| Ok(Written { data: ctx.session.data()? }))
    }
}

async fn message(session: &Session, key: &str) -> Result<Message> {
    Ok(Message { message: session.take_flash(key).await?.unwrap_or_default() })
}
