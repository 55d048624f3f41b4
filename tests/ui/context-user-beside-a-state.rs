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

    fn get_other(&self) -> Query<(), Option<SessionUser>> {
        procedure().query(|Call { ctx, .. }| Ok(Some(ctx.user)))
    }

    fn get_id(&self) -> Query<(), String> {
        procedure().query(|Call { ctx, .. }| Ok(ctx.user.id.clone()))
    }
}

fn main() {}
// mistakes: 3
