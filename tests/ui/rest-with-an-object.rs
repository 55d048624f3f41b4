use velox_rpc::{Call, Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|Call { .. }| Ok(1))
    }

    fn create_user(&self) -> Query<(), u32> {
        procedure().rest({ method: "POST", path: "/users" }).query(|_| Ok(1))
    }
}

fn main() {}
