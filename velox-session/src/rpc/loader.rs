//! How the user of a session is loaded.

use std::future::Future;

use velox_rpc::Result;
use velox_rpc::procedure::Running;

use crate::SessionUser;

/// Gives the user of a session, or says that it is gone.
pub(super) trait Loader<U>: Send + Sync {
    fn load(&self, user: SessionUser) -> Running<Result<Option<U>>>;
}

/// The user as the session holds it.
pub(super) struct AsStored;

impl Loader<SessionUser> for AsStored {
    fn load(&self, user: SessionUser) -> Running<Result<Option<SessionUser>>> {
        Running::ready(Ok(Some(user)))
    }
}

impl<U, F, Fut> Loader<U> for F
where
    F: Fn(SessionUser) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Option<U>>> + Send + 'static,
{
    fn load(&self, user: SessionUser) -> Running<Result<Option<U>>> {
        Running::boxed(self(user))
    }
}
