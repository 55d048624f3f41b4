use velox_rpc::{ProcedureBuilder, Query, procedure, router, schema};
use velox_session::SessionMiddleware;

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

    fn with_input(&self) -> ProcedureBuilder<()> {
        procedure().input::<GetUser>()
    }
}

fn main() {}
// mistakes: 2
