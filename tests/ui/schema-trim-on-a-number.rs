use velox_rpc::schema;

#[schema]
pub struct User {
    #[schema(trim)]
    pub age: Option<u8>,
}

fn main() {}
