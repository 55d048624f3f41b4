use velox_rpc::{App, Call, Context, ProcedureBuilder, Query, procedure, router};
use velox_session::rpc::UserContext;
use velox_session::{SessionMiddleware, SessionUser};

pub struct AppState {
    pub count: u32,
}

pub struct Users {
    session: SessionMiddleware,
}

#[router("users")]
impl Users {
    fn authed(&self) -> ProcedureBuilder<AppState, UserContext<Context<AppState>, SessionUser>> {
        procedure().use_(self.session.required())
    }

    fn fine(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }

    fn get_me(&self) -> Query<(), SessionUser> {
        self.authed().query(async |Call { ctx, .. }| Ok(ctx.user))
    }

    fn get_count(&self) -> Query<(), u32> {
        procedure().query(|Call { ctx, .. }| Ok(ctx.count))
    }
}

pub fn app(users: Users) -> App<AppState> {
    App::new(AppState { count: 1 }).router(users)
}

fn main() {}
