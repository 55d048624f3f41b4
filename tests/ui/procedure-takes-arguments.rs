use velox_rpc::{Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self, id: u32, name: String) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }

    fn list_users(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(2))
    }

    fn get_other(id: u32) -> Query<(), u32> {
        procedure().query(|_| Ok(3))
    }
}

fn main() {}
// mistakes: 2
