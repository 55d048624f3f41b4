use velox_rpc::router;

struct Users;

#[router("users")]
impl Users {
    fn helper(&self) -> u32 {
        1
    }
}

fn main() {}
