//! A flash message, which can be read once.

use velox_rpc::http::Method;
use velox_rpc::{Call, Mutation, Query, procedure, router, schema};
use velox_session::SessionMiddleware;

use crate::app::AppState;

pub struct Flash {
    pub session: SessionMiddleware,
}

/// A flash message to store.
#[schema]
pub struct Message {
    pub message: String,
}

/// The flash message, if there was one.
#[schema]
pub struct Found {
    /// The text, or null.
    #[schema(nullable)]
    pub message: Option<String>,
}

#[router("flash", state = AppState)]
impl Flash {
    /// Stores a flash message.
    fn leave(&self) -> Mutation<Message, Message> {
        procedure().use_(self.session.optional()).input::<Message>().rest(Method::POST, "/flash").mutation(
            |Call { input, ctx }| {
                ctx.session.flash("message", &input.message)?;
                Ok(input)
            },
        )
    }

    /// Reads and removes the flash message.
    fn take(&self) -> Query<(), Found> {
        procedure()
            .use_(self.session.optional())
            .rest(Method::GET, "/flash")
            .query(async |Call { ctx, .. }| Ok(Found { message: ctx.session.take_flash("message").await? }))
    }
}
