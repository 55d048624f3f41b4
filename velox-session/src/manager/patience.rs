//! Opens and saves the session of an exchange in the time that a request waits for its store.

use std::pin::pin;
use std::time::Duration;

use http::HeaderMap;
use http::header::COOKIE;

use super::{CloseError, Closing, Manager, OpenError, OpenSession};
use crate::clock::milliseconds;
use crate::deadline::within;

impl Manager {
    /// Opens the session of a request, in the time that a request waits for it.
    pub(crate) async fn open_in_time(&self, headers: &HeaderMap, read_only: bool) -> Result<OpenSession, OpenError> {
        let mut opening = self.0.opening(headers.get_all(COOKIE), read_only);
        if let Some(open) = opening.at_once()? {
            return Ok(open);
        }
        // In a box: the future of the procedure would keep the room for it to its end.
        let mut waiting = Box::pin(async move { opening.wait().await });
        let (opened, took) = within(self.patience(), waiting.as_mut()).await;
        let opened = opened.unwrap_or_else(|| Err(OpenError::Unavailable(self.timed_out())))?;
        if !took.is_zero() {
            opened.shared().waited(milliseconds(took));
        }
        Ok(opened)
    }

    /// Saves a session that [`close_at_once`](Self::close_at_once) has left, in the time that is left to its exchange.
    pub(crate) async fn save_in_time(&self, session: &OpenSession) -> Result<Closing, CloseError> {
        let left = self.longest_wait().saturating_sub(Duration::from_millis(session.shared().waited(0)));
        let (closed, _) = within(left, pin!(self.save(session))).await;
        closed.unwrap_or_else(|| Err(CloseError::Unavailable(self.timed_out())))
    }
}
