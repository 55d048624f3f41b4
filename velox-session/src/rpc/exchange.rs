//! The session of an exchange: opened by the first procedure that uses it, shared by the others, saved at the end.

use tokio::sync::OnceCell;
use velox_rpc::context::Exchange;
use velox_rpc::error::{Code, Error, Result};

use crate::Manager;
use crate::manager::{CloseError, OpenError};
use crate::session::OpenSession;

/// The session of this exchange; the same for all of its calls, also where they run at the same time.
pub(super) async fn open(manager: &Manager, exchange: &Exchange) -> Result<OpenSession> {
    // An application may have several kinds of sessions, each with a manager.
    let cell = exchange.slot_of::<OnceCell<OpenSession>>(manager.address());
    let open = cell.get_or_try_init(async || {
        let open = manager.open(exchange.request().headers()).await.map_err(unopened)?;
        save_at_the_end(manager.clone(), open.clone(), exchange);
        Ok::<_, Error>(open)
    });
    open.await.cloned()
}

fn save_at_the_end(manager: Manager, open: OpenSession, exchange: &Exchange) {
    exchange.on_end(async move |exchange: Exchange| {
        let closing = manager.close(&open).await.map_err(unsaved)?;
        exchange.reply().edit_headers(|headers| closing.apply(headers));
        Ok(())
    });
}

/// Whether the visitor is logged in is not known: the request fails, and no cookie is touched.
#[cold]
fn unopened(error: OpenError) -> Error {
    Error::unavailable("The session could not be loaded").with_tag("SESSION_UNAVAILABLE").with_source(error)
}

/// What was written is not stored, and is not said to be.
#[cold]
fn unsaved(error: CloseError) -> Error {
    match error {
        CloseError::Conflict => {
            Error::new(Code::Conflict, "The session was changed by another request").with_tag("SESSION_CONFLICT")
        }
        CloseError::Unavailable(_) => {
            Error::unavailable("The session could not be saved").with_tag("SESSION_UNAVAILABLE").with_source(error)
        }
        _ => Error::internal(error),
    }
}
