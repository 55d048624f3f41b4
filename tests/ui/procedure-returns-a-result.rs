use velox_rpc::{Query, Result, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> Result<Query<(), u32>> {
        Ok(procedure().query(|_| Ok(1)))
    }

    fn get_other(&self) -> Result<Query<(), u32>> {
        procedure().query(|_| Ok(1))
    }
}

fn main() {}
// mistakes: 2
