use std::time::Duration;

use velox_rpc::procedure::has_role;
use velox_rpc::{Query, procedure, router};
use velox_session::rate::rate_limit;

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().use_(rate_limit("users", 10, Duration::from_secs(60))).query(|_| Ok(1))
    }

    fn get_other(&self) -> Query<(), u32> {
        procedure().use_(has_role("admin")).query(async |_| Ok(1))
    }
}

fn main() {}
// mistakes: 2
