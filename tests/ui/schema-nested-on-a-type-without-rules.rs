use velox_rpc::schema;

#[schema]
pub struct SignUp {
    #[validate(nested)]
    pub name: String,
    #[validate(nested)]
    pub tags: Option<Vec<String>>,
    #[validate(nested)]
    pub items: Vec<Option<Item>>,
}

#[schema]
pub struct Item {
    #[validate(length(min = 1))]
    pub name: String,
}

fn main() {}
// mistakes: 3
