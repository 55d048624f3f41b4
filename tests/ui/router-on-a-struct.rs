use velox_rpc::router;

#[router("users")]
pub struct Users;

fn main() {}
