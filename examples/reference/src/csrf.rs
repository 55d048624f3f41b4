//! Tokens against forged requests.

use velox_rpc::http::Method;
use velox_rpc::{Call, Mutation, Query, procedure, router, schema};

use crate::{AppState, Done};

/// What is protected by a token.
pub struct Csrf {
    /// What gives out tokens, and asks for them.
    pub csrf: velox_session::Csrf,
}

/// A token.
#[schema]
pub struct Token {
    /// The token.
    pub token: String,
}

#[router("csrf", state = AppState)]
impl Csrf {
    /// Gives a token, and the cookie with it.
    pub fn get_token(&self) -> Query<(), Token> {
        let csrf = self.csrf.clone();
        procedure()
            .rest(Method::GET, "/csrf/token")
            .query(move |Call { ctx, .. }| Ok(Token { token: csrf.issue(&ctx)? }))
    }

    /// Wants the token.
    pub fn submit(&self) -> Mutation<(), Done> {
        procedure().guard(self.csrf.guard()).mutation(|_| Ok(Done::OK))
    }
}
