use velox_rpc::schema;

#[schema]
pub struct Email(#[validate(email)] pub String);

fn main() {}
