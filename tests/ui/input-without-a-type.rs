use velox_rpc::{Call, Query, procedure, router, schema};

struct Users;

#[schema]
pub struct GetUser {
    pub id: String,
}

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|Call { .. }| Ok(1))
    }

    fn get_user(&self) -> Query<GetUser, String> {
        procedure().input().query(|Call { input, .. }| Ok(input.id))
    }

    fn get_other(&self) -> Query<(), GetUser> {
        procedure().output().query(|_| Ok(GetUser { id: String::new() }))
    }
}

fn main() {}
// mistakes: 2
