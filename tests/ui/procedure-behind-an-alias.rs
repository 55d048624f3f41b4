use velox_rpc::{Query, procedure, router};

type GetUser = Query<(), u32>;

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> GetUser {
        procedure().query(|_| Ok(1))
    }
}

fn main() {}
