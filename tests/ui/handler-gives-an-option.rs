use velox_rpc::{Query, procedure, router, schema};

struct Users;

#[schema]
pub struct User {
    pub name: String,
}

fn find() -> Option<User> {
    None
}

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), User> {
        procedure().query(async |_| Ok(find()))
    }

    fn get_other(&self) -> Query<(), User> {
        procedure().query(|_| Ok(find()))
    }

    fn get_third(&self) -> Query<(), User> {
        procedure().query(|_| {
            let user = find();
            Ok(user)
        })
    }
}

fn main() {}
// mistakes: 3
