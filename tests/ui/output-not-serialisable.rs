use velox_rpc::{Query, procedure, router};

pub struct User {
    pub name: String,
}

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), User> {
        procedure().query(async |_| Ok(User { name: String::new() }))
    }
}

fn main() {}
