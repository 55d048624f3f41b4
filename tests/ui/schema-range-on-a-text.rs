use velox_rpc::schema;

#[schema]
pub struct SignUp {
    #[validate(range(min = 1, max = 100))]
    pub name: String,
    #[validate(range(min = 1))]
    pub nick: Option<String>,
    #[validate(range(max = 5, message = "Too many"))]
    pub tags: Vec<String>,
}

fn main() {}
// mistakes: 3
