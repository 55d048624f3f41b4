use velox_rpc::schema;

#[schema]
pub struct User {
    #[schema(trimmed)]
    pub name: String,
}

fn main() {}
