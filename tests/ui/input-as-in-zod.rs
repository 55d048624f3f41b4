use velox_rpc::{Call, Query, procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn fine(&self) -> Query<(), u32> {
        procedure().query(|Call { .. }| Ok(1))
    }

    fn get_user(&self) -> Query<(), String> {
        procedure().input(z.object({ id: z.string() })).query(|Call { input, .. }| Ok(input.id))
    }
}

fn main() {}
