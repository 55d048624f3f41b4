use velox_rpc::{Query, procedure, router, schema};

#[schema]
pub struct GetUser {
    pub id: u32,
}

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().input::<GetUser>().query(async |_| Ok(1))
    }
}

fn main() {}
