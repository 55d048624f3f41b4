use velox_rpc::schema;

#[schema]
pub enum Contact {
    Nobody,
    Mail(#[validate(email)] String),
}

fn main() {}
