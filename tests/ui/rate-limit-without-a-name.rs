use std::time::Duration;

use velox_rpc::{Query, procedure, router};
use velox_session::rate::rate_limit;

struct Users;

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().guard(rate_limit("fine", 5, Duration::from_secs(60))).query(|_| Ok(1))
    }

    fn search(&self) -> Query<(), u32> {
        procedure().guard(rate_limit(5, Duration::from_secs(60))).query(|_| Ok(1))
    }
}

fn main() {}
