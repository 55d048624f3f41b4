//! What may be asked for a few times a minute.

use velox_rpc::http::Method;
use velox_rpc::{Query, procedure, router};
use velox_session::rate::MemoryRates;

use crate::guards::three_a_minute;
use crate::{AppState, Done};

/// What has a limit.
pub struct Limited {
    /// How often each caller has asked.
    pub rates: MemoryRates,
}

#[router("limited", state = AppState)]
impl Limited {
    /// Three times a minute.
    pub fn get_limited(&self) -> Query<(), Done> {
        procedure().rest(Method::GET, "/limited").guard(three_a_minute(&self.rates)).query(|_| Ok(Done::OK))
    }
}
