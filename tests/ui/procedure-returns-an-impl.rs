use velox_rpc::{procedure, router};

struct Users;

#[router("users")]
impl Users {
    fn get_user(&self) -> impl Into<velox_rpc::procedure::Procedure<()>> {
        procedure().query(|_| Ok(1))
    }
}

fn main() {}
