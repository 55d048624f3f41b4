use velox_rpc::{Call, Query, procedure, router, schema};

struct Users;

#[schema]
pub struct GetUser {
    pub id: String,
}

#[schema]
pub struct GetOther {
    pub name: String,
}

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<GetUser, String> {
        procedure().input::<GetOther>().query(async |Call { input, .. }| Ok(input.name))
    }
}

fn main() {}
