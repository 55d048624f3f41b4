use http::Method;
use velox_rpc::{Query, procedure, router, schema};

#[schema]
pub struct GetUser {
    pub user_id: String,
}

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<GetUser, u32> {
        procedure().input::<GetUser>().rest(Method::GET, "/people/:").query(|_| Ok(1))
    }
}

fn main() {}
