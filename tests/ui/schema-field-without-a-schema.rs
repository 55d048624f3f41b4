use velox_rpc::schema;

#[schema]
pub struct SignUp {
    pub address: Address,
}

pub struct Address {
    pub street: String,
}

fn main() {}
