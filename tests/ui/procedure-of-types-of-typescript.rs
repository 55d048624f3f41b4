use velox_rpc::{Mutation, Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }

    fn get_name(&self) -> Query<(), string> {
        procedure().query(|_| Ok("Ada"))
    }

    fn forget(&self) -> Mutation<(), void> {
        procedure().mutation(|_| Ok(()))
    }
}

fn main() {}
// mistakes: 2
