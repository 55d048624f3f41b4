use velox_rpc::{Call, Query, procedure, router, schema};

#[schema]
struct ById {
    id: u32,
}

struct Users;

#[router("users")]
impl Users {
    fn get_id(&self) -> Query<ById, u32> {
        procedure().query(|Call { input, .. }| Ok(input.id)).input::<ById>()
    }
}

fn main() {}
