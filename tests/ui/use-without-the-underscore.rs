use velox_rpc::{Call, Context, ProcedureBuilder, Query, procedure, router};
use velox_session::rpc::UserContext;
use velox_session::{SessionMiddleware, SessionUser};

struct Users {
    session: SessionMiddleware,
}

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|Call { .. }| Ok(1))
    }

    fn get_user(&self) -> Query<(), SessionUser> {
        procedure().use(self.session.required()).query(|Call { ctx, .. }| Ok(ctx.user))
    }

    fn authed(&self) -> ProcedureBuilder<(), UserContext<Context<()>, SessionUser>> {
        procedure().use(self.session.required())
    }
}

fn main() {}
// mistakes: 2
