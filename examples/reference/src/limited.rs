//! A procedure with a rate limit.

use velox_rpc::http::Method;
use velox_rpc::{Query, procedure, router};
use velox_session::rate::MemoryRates;

use crate::guards::three_a_minute;
use crate::{AppState, Done};

pub struct Limited {
    /// How often each client has called.
    pub rates: MemoryRates,
}

#[router("limited", state = AppState)]
impl Limited {
    /// Can be called three times a minute.
    pub fn get_limited(&self) -> Query<(), Done> {
        procedure().rest(Method::GET, "/limited").guard(three_a_minute(&self.rates)).query(|_| Ok(Done::OK))
    }
}
