use velox_rpc::{Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|_| Ok(1))
    }

    fn get_user(&self) -> Query<(), u32> {
        procedure().guard_fn("open", |ctx| true).query(|_| Ok(1))
    }
}

fn main() {}
