use velox_rpc::{App, Call, Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|Call { .. }| Ok(1))
    }

    fn get_count(&self) -> Query<(), u32> {
        procedure().query(async |Call { ctx, .. }| Ok(ctx.db.count))
    }

    fn get_other(&self) -> Query<(), u32> {
        procedure().query(|Call { ctx, .. }| Ok(ctx.db.count))
    }
}

pub struct AppState {
    pub db: Db,
}

pub struct Db {
    pub count: u32,
}

pub fn app() -> App<AppState> {
    App::new(AppState { db: Db { count: 1 } }).router(Users)
}

fn main() {}
