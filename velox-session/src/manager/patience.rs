//! Opens, looks for and saves the session of an exchange in the time that a request waits for its store.

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
        let (opened, took) = within(self.0.patience, waiting.as_mut()).await;
        let opened = opened.unwrap_or_else(|| Err(OpenError::Unavailable(self.0.timed_out())))?;
        if !took.is_zero() {
            opened.shared().waited(milliseconds(took));
        }
        Ok(opened)
    }

    /// Whether the session that was loaded still lives under its id, looked for in the time that a request waits for it.
    pub(crate) async fn is_alive_in_time(&self, session: &OpenSession) -> Result<bool, OpenError> {
        let (alive, took) = within(self.0.patience, pin!(self.is_alive(session))).await;
        session.shared().waited(milliseconds(took));
        alive.unwrap_or_else(|| Err(OpenError::Unavailable(self.0.timed_out())))
    }

    /// A visitor without a session has nothing that could have ended.
    async fn is_alive(&self, session: &OpenSession) -> Result<bool, OpenError> {
        let key = session.shared().with(|state| Ok(state.loaded().map(|loaded| loaded.key.clone())));
        let Ok(Some(key)) = key else { return Ok(true) };
        let record = self.0.noted(self.0.store().get(&key).await).map_err(OpenError::Unavailable)?;
        Ok(self.0.live(record, self.0.now()).is_some())
    }

    /// Saves a session that [`close_at_once`](Self::close_at_once) has left, in the time that is left to its exchange.
    pub(crate) async fn save_in_time(&self, session: &OpenSession) -> Result<Closing, CloseError> {
        let left = self.0.longest_wait().saturating_sub(Duration::from_millis(session.shared().waited(0)));
        let (closed, _) = within(left, pin!(self.save(session))).await;
        closed.unwrap_or_else(|| Err(CloseError::Unavailable(self.0.timed_out())))
    }
}
