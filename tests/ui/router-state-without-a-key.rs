use velox_rpc::{Call, Query, procedure, router};

pub struct AppState {
    pub count: u32,
}

struct Users;

#[router("users", AppState)]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }

    fn get_count(&self) -> Query<(), u32> {
        procedure().query(|Call { ctx, .. }| Ok(ctx.count))
    }
}

fn main() {}
