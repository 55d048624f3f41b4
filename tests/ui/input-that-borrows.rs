use velox_rpc::{Call, Query, procedure, router, schema};

#[schema]
struct ById<'a> {
    id: &'a str,
}

struct Users;

#[router("users")]
impl Users {
    fn get_id(&self) -> Query<ById<'static>, String> {
        procedure().input::<ById<'static>>().query(|Call { input, .. }| Ok(input.id.to_owned()))
    }
}

fn main() {}
