use velox_rpc::{Call, Query, procedure, router, schema};

struct Users;

#[schema]
pub struct GetUser {
    pub id: String,
}

#[router("users")]
impl Users {
    fn fine(&self) -> Query<Vec<GetUser>, u32> {
        procedure().input::<Vec<GetUser>>().query(|_| Ok(1))
    }

    fn get_user(&self) -> Query<String, String> {
        procedure().input::<String>().query(|Call { input, .. }| Ok(input))
    }

    fn get_other(&self) -> Query<Option<GetUser>, u32> {
        procedure().input::<Option<GetUser>>().query(|_| Ok(1))
    }
}

fn main() {}
// mistakes: 2
