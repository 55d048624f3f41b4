use http::Method;
use velox_rpc::{Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().rest(Method::GET, "/people/:userId").query(|_| Ok(1))
    }
}

fn main() {}
