use velox_rpc::{Call, Query, procedure, router};

mod state {
    pub struct AppState {
        pub count: u32,
    }
}

struct Users;

#[router("users", state = AppState)]
impl Users {
    fn get_count(&self) -> Query<(), u32> {
        procedure().query(|Call { ctx, .. }| Ok(ctx.count))
    }

    fn get_other(&self) -> Query<(), u32> {
        procedure().query(async |Call { ctx, .. }| Ok(ctx.count))
    }
}

fn main() {}
