use velox_rpc::{Call, Query, procedure, router, schema};

struct Users;

#[schema]
pub struct GetUser {
    pub id: String,
}

#[schema]
pub struct User {
    pub name: String,
}

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|Call { .. }| Ok(1))
    }

    fn get_user(&self) -> Query<GetUser, String> {
        procedure().input(GetUser).query(|Call { input, .. }| Ok(input.id))
    }

    fn get_other(&self) -> Query<GetUser, String> {
        procedure().input(GetUser).query(async |Call { input, .. }| Ok(input.id))
    }

    fn get_third(&self) -> Query<(), User> {
        procedure().output(User).query(|_| Ok(User { name: String::new() }))
    }
}

fn main() {}
// mistakes: 3
