use std::cell::RefCell;

use velox_rpc::{App, Call, Query, procedure, router};

pub struct AppState {
    pub visits: RefCell<u64>,
}

struct Users;

#[router("users", state = AppState)]
impl Users {
    fn count(&self) -> Query<(), u64> {
        procedure().query(|Call { ctx, .. }| Ok(*ctx.visits.borrow()))
    }

    fn other(&self) -> Query<(), u64> {
        procedure().query(async |Call { ctx, .. }| Ok(*ctx.visits.borrow()))
    }
}

pub fn app() -> App<AppState> {
    App::new(AppState { visits: RefCell::new(0) }).router(Users)
}

fn main() {}
