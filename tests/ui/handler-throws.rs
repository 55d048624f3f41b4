use velox_rpc::{Call, Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|Call { .. }| Ok(1))
    }

    fn get_user(&self) -> Query<(), u32> {
        procedure().query(async |_| {
            throw new Error("no id");
        })
    }

    fn get_other(&self) -> Query<(), u32> {
        procedure().query(|_| {
            throw velox_rpc::Error::not_found("user");
        })
    }
}

fn main() {}
// mistakes: 2
