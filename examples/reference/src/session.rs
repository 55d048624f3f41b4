//! What a visitor keeps in a session, read and written directly.

use std::time::Duration;

use serde_json::{Map, Value};
use velox_rpc::http::{Method, StatusCode};
use velox_rpc::{Call, Error, Mutation, Query, Result, procedure, router, schema};
use velox_session::{Session, SessionUser};

use crate::accounts::Credentials;
use crate::sessions::MainSession;
use crate::{AppState, Done, Success};

/// Sessions as they are.
pub struct Sessions {
    /// The main sessions.
    pub session: MainSession,
}

/// What is known of a session.
#[schema]
pub struct Info {
    /// Whether the request came without a live session.
    pub is_new: bool,
    /// Whether it has a user.
    pub authenticated: bool,
    /// The user's id, or null.
    #[schema(nullable)]
    pub user_id: Option<String>,
}

/// What was written to a session.
#[schema]
pub struct Written {
    /// All keys, with their values.
    pub data: Map<String, Value>,
}

/// A key of a session.
#[schema]
pub struct ByKey {
    /// The key.
    #[validate(length(min = 1))]
    pub key: String,
}

/// A key and its value.
#[schema]
pub struct Pair {
    /// The key.
    #[validate(length(min = 1))]
    pub key: String,
    /// The value, of any type.
    pub value: Value,
}

/// A key and its value, to be set after a while.
#[schema]
pub struct SlowPair {
    /// The key.
    #[validate(length(min = 1))]
    pub key: String,
    /// The value, of any type.
    pub value: Value,
    /// How many milliseconds to wait first.
    #[serde(default)]
    #[validate(range(min = 0, max = 5000))]
    pub delay_ms: u32,
}

/// A message that was left for this request.
#[schema]
pub struct Message {
    /// The message, or null.
    pub message: Value,
}

/// What somebody logs in with, and the message that is read then.
#[schema]
pub struct LoginAndKey {
    /// The e-mail address.
    #[validate(email)]
    pub email: String,
    /// The password.
    #[validate(length(min = 1))]
    pub password: String,
    /// The key of the message.
    pub key: String,
}

#[router("session", state = AppState)]
impl Sessions {
    /// What is known of the session.
    pub fn get_info(&self) -> Query<(), Info> {
        procedure().use_(self.session.optional()).rest(Method::GET, "/session/info").query(|Call { ctx, .. }| {
            let user_id = ctx.session.user_id();
            Ok(Info { is_new: ctx.session.is_new(), authenticated: user_id.is_some(), user_id })
        })
    }

    /// What was written to the session.
    pub fn get_data(&self) -> Query<(), Written> {
        procedure()
            .use_(self.session.optional())
            .rest(Method::GET, "/session/data")
            .query(|Call { ctx, .. }| Ok(Written { data: ctx.session.data()? }))
    }

    /// Sets a key, after a while.
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

    /// Sets a key, and fails then.
    pub fn set_then_fail(&self) -> Mutation<Pair, ()> {
        procedure().input::<Pair>().use_(self.session.optional()).rest(Method::POST, "/session/fail").mutation(
            |Call { input, ctx }| {
                ctx.session.set(input.key, input.value)?;
                Err(Error::custom(StatusCode::UNPROCESSABLE_ENTITY, "DELIBERATE", "Deliberate failure"))
            },
        )
    }

    /// Gives the session another id.
    pub fn regenerate(&self) -> Mutation<(), Success> {
        procedure().use_(self.session.optional()).mutation(async |Call { ctx, .. }| {
            ctx.session.regenerate().await?;
            Ok(Success::YES)
        })
    }

    /// Leaves a message for a later request.
    pub fn set_flash(&self) -> Mutation<Pair, Success> {
        procedure().input::<Pair>().use_(self.session.optional()).rest(Method::POST, "/session/flash").mutation(
            |Call { input, ctx }| {
                ctx.session.flash(input.key, input.value)?;
                Ok(Success::YES)
            },
        )
    }

    /// Reads a message, once.
    pub fn get_flash(&self) -> Query<ByKey, Message> {
        procedure()
            .input::<ByKey>()
            .use_(self.session.optional())
            .rest(Method::GET, "/session/flash")
            .query(async |Call { input, ctx }| message(&ctx.session, &input.key).await)
    }

    /// Logs somebody in, and reads a message that was left before.
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

    /// Has a session, and does not look at it.
    pub fn lazy_peek(&self) -> Query<(), Done> {
        procedure().use_(self.session.middleware()).rest(Method::GET, "/session/lazy").query(|_| Ok(Done::OK))
    }

    /// What was written to the session, without its user.
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
