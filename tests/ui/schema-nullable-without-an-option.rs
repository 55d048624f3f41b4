use velox_rpc::schema;

#[schema]
pub struct User {
    #[schema(nullable)]
    pub name: String,
}

fn main() {}
