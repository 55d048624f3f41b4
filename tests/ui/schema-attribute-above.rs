use velox_rpc::schema;

#[serde(rename_all = "snake_case")]
#[schema]
pub struct SignUp {
    pub first_name: String,
}

fn main() {}
