//! Opens, checks and saves the session of a request within the time that the request may wait for
//! its store.

use std::pin::pin;
use std::time::Duration;

use http::HeaderMap;
use http::header::COOKIE;

use super::{CloseError, Closing, Manager, OpenError, OpenSession};
use crate::clock::milliseconds;
use crate::deadline::within;

impl Manager {
    /// Opens the session of a request within the time limit.
    pub(crate) async fn open_in_time(&self, headers: &HeaderMap, read_only: bool) -> Result<OpenSession, OpenError> {
        // Only a box is kept while the store is awaited. Otherwise the future of the procedure would
        // reserve room for the rest until its end.
        let waiting = {
            let mut opening = self.0.opening(headers.get_all(COOKIE), read_only);
            if let Some(open) = opening.at_once()? {
                return Ok(open);
            }
            Box::pin(async move {
                let (opened, took) = within(self.0.patience, pin!(opening.wait())).await;
                let opened = opened.unwrap_or_else(|| Err(OpenError::Unavailable(self.0.timed_out())))?;
                opened.shared().waited(milliseconds(took));
                Ok(opened)
            })
        };
        waiting.await
    }

    /// Returns whether the loaded session still exists under its id, within the time limit.
    pub(crate) async fn is_alive_in_time(&self, session: &OpenSession) -> Result<bool, OpenError> {
        let (alive, took) = within(self.0.patience, pin!(self.is_alive(session))).await;
        session.shared().waited(milliseconds(took));
        alive.unwrap_or_else(|| Err(OpenError::Unavailable(self.0.timed_out())))
    }

    /// Returns `true` for a visitor without a session, because no session could have ended.
    async fn is_alive(&self, session: &OpenSession) -> Result<bool, OpenError> {
        let key = session.shared().with(|state| Ok(state.loaded().map(|loaded| loaded.key.clone())));
        let Ok(Some(key)) = key else { return Ok(true) };
        let record = self.0.noted(self.0.store().get(&key).await).map_err(OpenError::Unavailable)?;
        Ok(self.0.live(record, self.0.now()).is_some())
    }

    /// Does the same as [`close`](Self::close), within the time that the request has left.
    pub(crate) async fn close_in_time(&self, session: &OpenSession) -> Result<Closing, CloseError> {
        let left = self.0.longest_wait().saturating_sub(Duration::from_millis(session.shared().waited(0)));
        let (closed, _) = within(left, pin!(self.close(session))).await;
        closed.unwrap_or_else(|| Err(CloseError::Unavailable(self.0.timed_out())))
    }
}
