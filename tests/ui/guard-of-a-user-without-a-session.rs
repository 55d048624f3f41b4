use velox_rpc::procedure::{any_of, authenticated, guard};
use velox_rpc::{Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn count_users(&self) -> Query<(), u32> {
        procedure().guard(authenticated()).query(|_| Ok(1))
    }

    fn count_all_users(&self) -> Query<(), u32> {
        let key = guard("key", |request| request.header("x-key").is_some());
        procedure().guard(any_of((key, authenticated()))).query(|_| Ok(1))
    }
}

fn main() {}
// mistakes: 2
