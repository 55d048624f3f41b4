use velox_rpc::http::Method;
use velox_rpc::{Call, Query, procedure, router, schema};

#[schema]
struct ById {
    id: u32,
}

struct Users;

#[router("users")]
impl Users {
    fn get_id(&self) -> Query<ById, u32> {
        procedure().rest(Method::GET, "/users/[id]").input::<ById>().query(|Call { input, .. }| Ok(input.id))
    }
}

fn main() {}
