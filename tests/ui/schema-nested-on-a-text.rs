use velox_rpc::schema;

#[schema]
pub struct SignUp {
    #[validate(nested)]
    pub name: String,
    #[validate(nested)]
    pub tags: Option<Vec<String>>,
}

fn main() {}
// mistakes: 2
