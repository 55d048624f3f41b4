use velox_rpc::{Call, Query, procedure, router};
use velox_session::SessionUser;

pub struct AppState {
    pub db: u32,
}

struct Users;

#[router("users", state = AppState)]
impl Users {
    fn get_profile(&self) -> Query<(), SessionUser> {
        procedure().query(async |Call { ctx, .. }| Ok(ctx.user))
    }
}

fn main() {}
