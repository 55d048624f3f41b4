use velox_rpc::{Mutation, Query, procedure, router, schema};

struct Users;

#[schema]
pub struct GetUser {
    pub id: String,
}

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }

    fn get_user(&self) -> Query<GetUser, u32> {
        procedure().input::<GetUser>()
    }

    fn forget(&self) -> Mutation<(), ()> {
        procedure().no_rest().describe("Forgets a user")
    }
}

fn main() {}
// mistakes: 2
