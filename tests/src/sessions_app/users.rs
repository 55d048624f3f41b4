//! Procedures with which users manage their own sessions, and administrators those of anybody.

use serde_json::{Value, json};
use velox_rpc::{Call, Error, Router, procedure, schema};
use velox_session::session::SessionInfo;
use velox_session::{SessionMiddleware, SessionUser};

use super::{Account, Accounts};

/// The handle of a session in a user's list.
#[schema]
struct Handle {
    handle: String,
}

/// The id of an account.
#[schema]
struct User {
    id: String,
}

pub(super) fn users(main: &SessionMiddleware<Account>) -> Router<Accounts> {
    let (to_list, to_end) = (main.manager().clone(), main.manager().clone());
    Router::new("users")
        .procedure(
            "sessions",
            procedure::<Accounts>()
                .use_(main.required())
                .query(async |Call { ctx, .. }| Ok(lines(&ctx.session.sessions().await?))),
        )
        .procedure(
            "logoutAll",
            procedure::<Accounts>().use_(main.required()).mutation(async |Call { ctx, .. }| {
                ctx.session.logout_all().await?;
                Ok(json!({"success": true}))
            }),
        )
        .procedure(
            "logoutOthers",
            procedure::<Accounts>().use_(main.required()).mutation(async |Call { ctx, .. }| {
                ctx.session.logout_others().await?;
                Ok(json!({"success": true}))
            }),
        )
        .procedure(
            "loginAlone",
            procedure::<Accounts>().use_(main.optional()).mutation(async |Call { ctx, .. }| {
                ctx.session.login(SessionUser::new("u1", "alice@example.com")).await?;
                ctx.session.logout_others().await?;
                Ok(json!({"success": true}))
            }),
        )
        .procedure(
            "endSession",
            procedure::<Accounts>().use_(main.required()).input::<Handle>().mutation(async |Call { input, ctx }| {
                let handle = input.handle.parse().map_err(|_| Error::bad_request("Not a handle"))?;
                Ok(json!({"ended": ctx.session.end(&handle).await?}))
            }),
        )
        .procedure(
            "sessionsOf",
            procedure::<Accounts>().use_(main.middleware()).input::<User>().query(move |Call { input, .. }| {
                let manager = to_list.clone();
                async move { Ok(lines(&manager.sessions_of(&input.id).await?)) }
            }),
        )
        .procedure(
            "endAllOf",
            procedure::<Accounts>().use_(main.middleware()).input::<User>().mutation(move |Call { input, .. }| {
                let manager = to_end.clone();
                async move { Ok(json!({"ended": manager.end_all(&input.id).await?})) }
            }),
        )
}

fn lines(sessions: &[SessionInfo]) -> Value {
    let line = |one: &SessionInfo| {
        let record = one.record();
        json!({
            "handle": one.handle(), "current": one.is_current(), "since": record.created_at(),
            "device": record.data().get("device"),
        })
    };
    sessions.iter().map(line).collect()
}
