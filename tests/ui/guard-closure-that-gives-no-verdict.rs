use velox_rpc::{Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn count_users(&self) -> Query<(), u32> {
        procedure().guard_fn("open", |_, _| Some(true)).query(|_| Ok(1))
    }
}

fn main() {}
