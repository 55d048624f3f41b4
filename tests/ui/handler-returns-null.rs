use velox_rpc::{Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }

    fn get_user(&self) -> Query<(), Option<u32>> {
        procedure().query(async |_| {
            return null;
        })
    }

    fn get_other(&self) -> Query<(), Option<u32>> {
        procedure().query(|_| Ok(undefined))
    }
}

fn main() {}
// mistakes: 2
