use velox_rpc::{Call, Context, ProcedureBuilder, Query, procedure, router, schema};
use velox_session::{SessionMiddleware, SessionUser};

struct Users {
    session: SessionMiddleware,
}

#[schema]
pub struct GetUser {
    pub id: String,
}

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }

    fn authed(&self) -> ProcedureBuilder<()> {
        procedure().use_(self.session.required())
    }

    fn seen(&self) -> ProcedureBuilder<(), Context<()>> {
        procedure().use_(self.session.optional()).input::<GetUser>()
    }

    fn get_me(&self) -> Query<(), SessionUser> {
        self.authed().query(async |Call { ctx, .. }| Ok(ctx.user))
    }

    fn get_id(&self) -> Query<(), String> {
        self.authed().query(|Call { ctx, .. }| Ok(ctx.user.id.clone()))
    }

    fn with_input(&self) -> ProcedureBuilder<()> {
        procedure().input::<GetUser>()
    }
}

fn main() {}
// mistakes: 3
