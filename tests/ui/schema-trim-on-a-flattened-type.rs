use velox_rpc::schema;

#[schema]
pub struct Author {
    name: String,
}

#[schema]
pub struct Book {
    #[serde(flatten)]
    #[schema(trim)]
    author: Author,
}

fn main() {}
