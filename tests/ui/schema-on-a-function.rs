use velox_rpc::schema;

#[schema]
pub fn user() {}

fn main() {}
