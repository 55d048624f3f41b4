use velox_rpc::{Query, procedure, router};

struct Users;

#[router("admin..users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }
}

fn main() {}
