use velox_rpc::middleware;

#[middleware]
pub struct Tenant;

fn main() {}
