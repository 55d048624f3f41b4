use velox_rpc::{Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), String> {
        procedure().query(async |_| Ok(1))
    }
}

fn main() {}
