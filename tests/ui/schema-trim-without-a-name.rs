use velox_rpc::schema;

#[schema]
pub struct Name(#[schema(trim)] String);

fn main() {}
