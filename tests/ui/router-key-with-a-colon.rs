use velox_rpc::{App, Call, Query, procedure, router};

pub struct AppState {
    limit: u32,
}

struct Users;

#[router("users", state: AppState)]
impl Users {
    fn limit(&self) -> Query<(), u32> {
        procedure().query(|Call { ctx, .. }| Ok(ctx.limit))
    }
}

pub fn app() -> App<AppState> {
    App::new(AppState { limit: 1 }).router(Users)
}

fn main() {}
