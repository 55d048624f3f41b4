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
        procedure().input::<GetUser>().query(|input, ctx| Ok(input.id))
    }

    fn get_other(&self) -> Query<GetUser, String> {
        procedure().input::<GetUser>().query(async |input, ctx| Ok(input.id))
    }

    fn get_third(&self) -> Query<GetUser, String> {
        procedure().input::<GetUser>().query(|(input, ctx)| Ok(input.id))
    }

    fn get_fourth(&self) -> Query<GetUser, String> {
        procedure().input::<GetUser>().query(async |(input, ctx)| Ok(input.id))
    }

    fn get_none(&self) -> Query<(), u32> {
        procedure().query(|| Ok(1))
    }
}

fn main() {}
// mistakes: 5
