use velox_rpc::{Query, procedure, router};

struct Limit;

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().use_(Limit).query(|_| Ok(1))
    }
}

fn main() {}
