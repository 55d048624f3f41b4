use velox_rpc::schema;

#[schema]
pub struct User {
    #[schema(lowercase, uppercase)]
    pub name: String,
}

fn main() {}
