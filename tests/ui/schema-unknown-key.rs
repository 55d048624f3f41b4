use velox_rpc::schema;

#[schema(rename_all = "kebab-case")]
pub struct User {
    pub name: String,
}

fn main() {}
