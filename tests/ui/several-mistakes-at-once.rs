use velox_rpc::{Query, procedure, router};

struct Users;

#[router(users, stat = ())]
impl Users {
    async fn get_user(&self, id: u32) -> Query<u32> {
        procedure().query(|_| Ok(1))
    }

    fn list_users() -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }
}

fn main() {}
// mistakes: 6
