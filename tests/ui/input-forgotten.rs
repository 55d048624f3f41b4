use velox_rpc::http::StatusCode;
use velox_rpc::{Call, Query, procedure, router, schema};

#[schema]
struct ById {
    id: u32,
}

struct Users;

#[router("users")]
impl Users {
    fn get_id(&self) -> Query<ById, u32> {
        procedure().fails_with(StatusCode::NOT_FOUND, "No user has this id").query(|Call { input, .. }| Ok(input.id))
    }
}

fn main() {}
