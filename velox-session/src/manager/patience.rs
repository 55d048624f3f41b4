//! Opens and checks the session of a request within the time that the request may wait for its
//! store. All later store calls of the request keep to that time, too.

use std::pin::pin;

use http::HeaderMap;
use http::header::COOKIE;

use super::{Manager, OpenError, OpenSession};
use crate::clock::milliseconds;
use crate::deadline::within;

impl Manager {
    /// Opens the session of a request within the time limit.
    pub(crate) async fn open_in_time(&self, headers: &HeaderMap, read_only: bool) -> Result<OpenSession, OpenError> {
        // Only a box is kept while the store is awaited. Otherwise the future of the procedure
        // would reserve room for the rest until its end.
        let waiting = {
            let mut opening = self.0.opening(headers.get_all(COOKIE), read_only, true);
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

    /// Returns whether the loaded session still exists under its id, within the time limit. Returns
    /// `true` for a visitor without a session, because no session could have ended.
    pub(crate) async fn is_alive(&self, session: &OpenSession) -> Result<bool, OpenError> {
        let shared = session.shared();
        let Ok(Some(key)) = shared.with(|state| Ok(state.loaded().map(|loaded| loaded.key.clone()))) else {
            return Ok(true);
        };
        let record = shared.in_time(pin!(self.0.get(&key))).await.map_err(OpenError::Unavailable)?;
        Ok(self.0.live(record, self.0.now()).is_some())
    }
}
