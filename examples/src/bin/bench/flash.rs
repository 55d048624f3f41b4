//! A message that is read once.

use velox_rpc::http::Method;
use velox_rpc::{Call, Mutation, Query, procedure, router, schema};
use velox_session::SessionMiddleware;

use crate::app::AppState;

/// The routes of the flash message.
pub struct Flash {
    /// The sessions.
    pub session: SessionMiddleware,
}

/// A message to leave.
#[schema]
pub struct Message {
    /// Its text.
    pub message: String,
}

/// A message that was there, or not.
#[schema]
pub struct Found {
    /// Its text.
    #[schema(nullable)]
    pub message: Option<String>,
}

#[router("flash", state = AppState)]
impl Flash {
    /// Leaves a message.
    fn leave(&self) -> Mutation<Message, Message> {
        procedure().use_(self.session.optional()).input::<Message>().rest(Method::POST, "/flash").mutation(
            |Call { input, ctx }| {
                ctx.session.flash("message", &input.message)?;
                Ok(input)
            },
        )
    }

    /// Takes the message.
    fn take(&self) -> Query<(), Found> {
        procedure()
            .use_(self.session.optional())
            .rest(Method::GET, "/flash")
            .query(async |Call { ctx, .. }| Ok(Found { message: ctx.session.take_flash("message").await? }))
    }
}
