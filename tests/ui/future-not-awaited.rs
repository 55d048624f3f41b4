use velox_rpc::{Query, Result, procedure, router, schema};

struct Users;

#[schema]
pub struct User {
    pub name: String,
}

async fn find() -> User {
    User { name: String::new() }
}

async fn find_or_fail() -> Result<User> {
    Ok(find().await)
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
        procedure().query(async |_| find_or_fail())
    }

    fn get_fourth(&self) -> Query<(), User> {
        procedure().query(async |_| Ok(find_or_fail()?))
    }

    fn get_name(&self) -> Query<(), String> {
        procedure().query(async |_| Ok(find().name))
    }
}

fn main() {}
// mistakes: 5
