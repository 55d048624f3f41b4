//! CSRF tokens.

use velox_rpc::http::Method;
use velox_rpc::{Call, Mutation, Query, procedure, router, schema};

use crate::{AppState, Done};

pub struct Csrf {
    pub csrf: velox_session::Csrf,
}

#[schema]
pub struct Token {
    pub token: String,
}

#[router("csrf", state = AppState)]
impl Csrf {
    /// Returns a token and sets its cookie.
    pub fn get_token(&self) -> Query<(), Token> {
        let csrf = self.csrf.clone();
        procedure()
            .rest(Method::GET, "/csrf/token")
            .query(move |Call { ctx, .. }| Ok(Token { token: csrf.issue(&ctx)? }))
    }

    /// Requires the token.
    pub fn submit(&self) -> Mutation<(), Done> {
        procedure().guard(self.csrf.guard()).mutation(|_| Ok(Done::OK))
    }
}
