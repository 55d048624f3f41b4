use velox_rpc::{Query, procedure, router};

trait Procedures {
    fn get_user(&self) -> Query<(), u32>;
}

struct Users;

#[router("users")]
impl Procedures for Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }
}

fn main() {}
