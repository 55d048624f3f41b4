use velox_rpc::{ProcedureBuilder, Query, Result, procedure, router, schema};

type Open = ProcedureBuilder<()>;

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

    fn get_fifth(&self) -> Query<(), User> {
        self.open().query(async |_| Ok(find()))
    }

    fn get_sixth(&self) -> Query<(), User> {
        self.open().query(|_| async move { Ok(find()) })
    }

    fn open(&self) -> Open {
        procedure().any_host()
    }
}

fn main() {}
// mistakes: 7
