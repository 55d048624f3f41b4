use velox_rpc::{Call, Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), String> {
        procedure().query(async |Call { ctx, .. }| Ok(ctx.tenant))
    }
}

fn main() {}
