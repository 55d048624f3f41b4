use velox_rpc::{App, Query, procedure, router};

pub struct AppState;

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }
}

pub fn app() -> App<AppState> {
    App::new(AppState).router(Users)
}

fn main() {}
