use velox_rpc::{Call, Query, procedure, router, schema};

struct Users;

#[schema]
pub struct GetUser {
    pub id: String,
}

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|Call { .. }| Ok(1))
    }

    fn get_user(&self) -> Query<GetUser, String> {
        procedure().input::<GetUser>().query(|input| Ok(input.id))
    }

    fn get_other(&self) -> Query<GetUser, String> {
        procedure().input::<GetUser>().query(async |input| Ok(input.id))
    }

    fn get_name(&self) -> Query<(), String> {
        procedure().query(|ctx| Ok(ctx.procedure().to_string()))
    }
}

fn main() {}
// mistakes: 3
