//! Login and logout.

use velox_rpc::{Call, Error, Mutation, Query, procedure, router, schema};
use velox_session::{SessionMiddleware, SessionUser};

pub struct Auth {
    pub session: SessionMiddleware,
}

#[schema]
pub struct LoginInput {
    #[validate(email)]
    pub email: String,
    #[validate(length(min = 1))]
    pub password: String,
}

#[router("auth")]
impl Auth {
    fn login(&self) -> Mutation<LoginInput, SessionUser> {
        procedure().use_(self.session.optional()).input::<LoginInput>().mutation(async |Call { input, ctx }| {
            let user = verify(&input).ok_or_else(|| Error::unauthorized("Invalid credentials"))?;
            ctx.session.login(user.clone()).await?;
            Ok(user)
        })
    }

    fn logout(&self) -> Mutation<(), ()> {
        procedure().use_(self.session.required()).mutation(async |Call { ctx, .. }| {
            ctx.session.logout().await?;
            Ok(())
        })
    }

    fn get_profile(&self) -> Query<(), SessionUser> {
        procedure().use_(self.session.required()).query(|Call { ctx, .. }| Ok(ctx.user))
    }
}

/// One account, until you have a database: `ada@example.com` with the password `lovelace`.
fn verify(input: &LoginInput) -> Option<SessionUser> {
    (input.email == "ada@example.com" && input.password == "lovelace").then(|| SessionUser::new("1", &input.email))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth() -> Auth {
        let session = velox_session::session_middleware("a secret for tests, of 32 bytes or more");
        Auth { session: session.store(velox_session::MemoryStore::new()).build().expect("the settings are right") }
    }

    #[tokio::test]
    async fn a_wrong_password_is_refused() {
        let auth = auth();
        let caller = crate::app(auth.session.clone()).caller();
        let input = LoginInput { email: "ada@example.com".to_owned(), password: "babbage".to_owned() };
        let refused = caller.call(auth.login(), &input).await.expect_err("the password is wrong");
        assert_eq!((refused.status().as_u16(), refused.message()), (401, "Invalid credentials"));
    }

    #[tokio::test]
    async fn the_profile_requires_a_login() {
        let auth = auth();
        let caller = crate::app(auth.session.clone()).caller();
        let refused = caller.call(auth.get_profile(), &()).await.expect_err("no user has logged in");
        assert_eq!(refused.code(), "SESSION_UNAUTHORIZED");
    }
}
